"""Addresses of servers, as settings and commands give them: never with a password, which the environment holds."""

import os
import re
from urllib.parse import urlsplit

from patron.errors import RegistryError

__all__ = ["masked", "server_address"]

SCHEMES = ("http", "https")


def server_address(text: str) -> str:
    """Return the address of a tracking server, or that which a variable of the environment holds.

    Args:
        text: such as "https://mlflow.example:5000", or "$MLFLOW".

    Raises:
        RegistryError: the variable is not set, what it holds is no address, or a password stands in the text.

    >>> server_address("https://mlflow.example:5000")
    'https://mlflow.example:5000'
    """
    address = os.environ.get(text[1:], "") if text.startswith("$") else text
    if not address:
        raise RegistryError(
            f"The variable {text[1:]!r} of the environment, which is to hold the address of the registry, is not set. "
            f"Set it: export {text[1:]}=https://mlflow.example:5000"
        )
    if urlsplit(address).scheme not in SCHEMES:
        raise RegistryError(
            f"The registry {masked(address) if address == text else text!r} is no address of a server. "
            'Write for example server = "https://mlflow.example:5000", or leave it out for the local store.'
        )
    if address == text and "@" in urlsplit(address).netloc:
        raise RegistryError(
            f"The address of the registry {masked(address)} comes with a name or password, which would lie in a file "
            "or a list of processes. Leave it out, and set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD (or "
            "MLFLOW_TRACKING_TOKEN) in the environment."
        )
    return address


def masked(text: str) -> str:
    """Return a text without the names and passwords of its addresses.

    >>> masked("http://anna:secret@tracking:5000 refused")
    'http://tracking:5000 refused'
    """
    return re.sub(r"//[^/@\s]*@", "//", text)
