"""Identifiers: e-mails and phone numbers in one way of writing, then hashed, so that nothing behind here has any."""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from types import ModuleType

from patron.errors import HistoryError
from patron.history.identities.matching import Matching

__all__ = ["PLACEHOLDER", "email", "hashed", "phone", "readers"]

PLACEHOLDER = "placeholder"
DISPLAYED = re.compile(r"<([^<>]*)>\s*$")
ADDRESS = re.compile(r"[^@\s,;<>\"()]+@([a-z0-9-]+\.)+[a-z][a-z0-9-]+")
DOTLESS = ("gmail.com", "googlemail.com")
FREE = (
    *DOTLESS, "outlook.com", "hotmail.com", "live.com", "icloud.com", "me.com", "proton.me", "protonmail.com",
    "fastmail.com", "zoho.com", "yandex.com",
)  # fmt: skip
NOBODY = frozenset((
    "anonymous", "contact", "donotreply", "email", "example", "guest", "hello", "info", "kontakt", "mail", "n.a", "na",
    "no-email", "no-reply", "nobody", "noemail", "nomail", "none", "noreply", "null", "office", "sales", "support",
    "test", "unknown", "webmaster", "xxx",
))  # fmt: skip
NOWHERE = ("example.com", "example.net", "example.org", "none.com", "test.com")
FEW_DIGITS = 2  # a number of fewer than three different digits was typed to get past a form


def email(text: str, plus_tags: str = "keep") -> str:
    """Return an e-mail address in one way of writing; empty where it is none, `PLACEHOLDER` where it is nobody's own.

    >>> email("Anna <Anna.B+shop@GMail.com>"), email("Anna.B+shop@gmail.com", "ignore"), email("anna at x")
    ('anna.b+shop@gmail.com', 'annab@gmail.com', '')
    """
    shown = DISPLAYED.search(text)
    address = re.sub(r"\s+", "", shown.group(1) if shown else text).lower().removeprefix("mailto:").rstrip(".")
    if not ADDRESS.fullmatch(address):
        return ""
    local, _, domain = address.partition("@")
    if local in NOBODY or domain in NOWHERE:
        return PLACEHOLDER
    if plus_tags == "ignore" and domain in FREE:
        local = local.partition("+")[0] or local
        local = local.replace(".", "") if domain in DOTLESS else local
        domain = DOTLESS[0] if domain in DOTLESS else domain
    return f"{local}@{domain}"


def phone(text: str, country: str, phonenumbers: ModuleType) -> str:
    """Return a phone number as +442079460018; empty where it is none, `PLACEHOLDER` where it is nobody's own.

    Args:
        text: as it was written.
        country: where a number without a country's code is.
        phonenumbers: the library that knows the numbers of each country.
    """
    digits = re.sub(r"\D", "", text).lstrip("0")
    if digits and len(set(digits)) < FEW_DIGITS:
        return PLACEHOLDER
    try:
        number = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number):
        return ""
    if len(set(str(number.national_number))) <= FEW_DIGITS:
        return PLACEHOLDER
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def hashed(kind: str, value: str, secret: bytes) -> str:
    """Return a keyed hash (HMAC with SHA-256): who lacks the secret can neither read it back nor try addresses out.

    >>> hashed("email", "a@x.fr", b"secret") == hashed("email", "a@x.fr", b"other")
    False
    """
    return hmac.new(secret, f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()


def readers(matching: Matching) -> Mapping[str, Callable[[str], str]]:
    """Return by kind what writes an identifier in one way.

    Raises:
        HistoryError: a table has phone numbers, and the library that reads them is not installed.
    """
    readers: dict[str, Callable[[str], str]] = {"email": partial(email, plus_tags=matching.plus_tags)}
    if any("phone" in columns for columns in matching.match.values()):
        readers["phone"] = partial(phone, country=matching.country, phonenumbers=_phonenumbers())
    return readers


def _phonenumbers() -> ModuleType:
    try:
        return import_module("phonenumbers")
    except ImportError:
        raise HistoryError(
            "Phone numbers are read by the library phonenumbers, which is not installed. Install it: "
            "pip install 'patron[identity]', or leave the phone columns out of [identity.match]."
        ) from None
