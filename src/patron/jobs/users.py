"""Users: who is at work, for the audit log."""

import getpass
import os

__all__ = ["USER", "user"]

USER = "PATRON_USER"


def user() -> str:
    """Return who is at work: what PATRON_USER says, as a CI job may set it, or else the user of the process.

    >>> os.environ[USER] = "nightly"
    >>> user()
    'nightly'
    >>> del os.environ[USER]
    """
    named = os.environ.get(USER, "").strip()
    if named:
        return named
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return "unknown"
