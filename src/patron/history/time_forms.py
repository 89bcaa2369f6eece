"""Time forms: in which ways a text that is a time can have been written, as forms that an engine reads by."""

import re
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["CLEANINGS", "Cleaning", "Family", "family_of", "is_form", "is_instant", "is_utc", "zone_word"]

Family: TypeAlias = tuple[str, ...]
"""The forms of one shape, which differ in the order of day, month and year."""

SEP = r"(?P<s>[-/.])"
MONTHS_ELSEWHERE = {  # German, French, Spanish, Italian, Dutch and Portuguese, where they are not as in English
    "Jan": "januar|jänner|jän|janvier|janv|enero|ene|gennaio|gen|januari|janeiro",
    "Feb": "februar|février|févr|fév|febrero|febbraio|februari|fevereiro|fev",
    "Mar": "märz|mär|mrz|mars|marzo|maart|mrt|março",
    "Apr": "avril|avr|abril|abr|aprile",
    "May": "mai|mayo|maggio|mag|mei|maio",
    "Jun": "juni|juin|junio|giugno|giu|junho",
    "Jul": "juli|juillet|juil|julio|luglio|lug|julho",
    "Aug": "août|agosto|ago|augustus",
    "Sep": "septembre|septiembre|settembre|set|setembro",
    "Oct": "oktober|okt|octobre|octubre|ottobre|ott|outubro|out",
    "Nov": "novembre|noviembre|novembro",
    "Dec": "dezember|dez|décembre|déc|diciembre|dic|dicembre|desember|dezembro",
}
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
MONTH = "(?P<month>" + "|".join(f"{month}|{month[:3]}" for month in MONTHS) + r")(?P<dot>\.?)"
DATES = (
    (rf"\d{{4}}{SEP}\d{{1,2}}(?P=s)\d{{1,2}}", ("%Y{s}%m{s}%d",)),
    (rf"\d{{1,2}}{SEP}\d{{1,2}}(?P=s)\d{{4}}", ("%d{s}%m{s}%Y", "%m{s}%d{s}%Y")),
    (rf"\d{{1,2}}{SEP}\d{{1,2}}(?P=s)\d{{2}}", ("%d{s}%m{s}%y", "%m{s}%d{s}%y", "%y{s}%m{s}%d")),
    (r"\d{8}", ("%Y%m%d",)),
    (rf"\d{{1,2}}(?P<s>\. ?|[-/ ]){MONTH}(?P<q>,? |[-/])\d{{4}}", ("%d{s}{b}{dot}{q}%Y",)),
    (rf"\d{{1,2}}(?P<s>\. ?|[-/ ]){MONTH}(?P<q>,? |[-/])\d{{2}}", ("%d{s}{b}{dot}{q}%y",)),
    (rf"{MONTH}(?P<s>[- ])\d{{1,2}}(?P<q>,? |,|-)\d{{4}}", ("{b}{dot}{s}%d{q}%Y",)),
    (rf"{MONTH}(?P<s>[- ])\d{{1,2}}(?P<q>,? |,|-)\d{{2}}", ("{b}{dot}{s}%d{q}%y",)),
    (rf"\d{{4}}(?P<s>[-/ .]){MONTH}(?P=s)\d{{1,2}}", ("%Y{s}{b}{dot}{s}%d",)),
)
DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAY = "(?P<weekday>" + "|".join(f"{day}|{day[:3]}" for day in DAYS) + ")(?P<comma>,?) +"
CLOCK = (
    r"(?P<between>T|,? +)(?P<clock>\d{1,2}(?::\d\d){0,2})(?P<fraction>\.\d{1,6})?(?P<half> ?[AP]M)?"
    r"(?P<zone> *(?:Z|UTC|GMT|[+-]\d\d(?::?\d\d)?))?"
)
SHAPES = tuple((re.compile(f"(?:{WEEKDAY})?{date}(?:{CLOCK})?", re.IGNORECASE), forms) for date, forms in DATES)
UTC = re.compile(r"(?:%\w| )(?:Z|UTC|GMT)$")
ZONE_WORD = re.compile(r"\d\d ?([A-Z]{2,5})$")
PARTS = {"Y", "y", "m", "b", "B", "d", "H", "I", "M", "S", "f", "p", "z", "a", "A", "j", "e", "-d", "-m", "-H", "-I"}


@dataclass(frozen=True)
class Cleaning:
    """What is written in another way before a text is read: a pattern and what stands for it."""

    pattern: re.Pattern[str]
    replacement: str


CLEANINGS = (
    Cleaning(re.compile("[\u00a0\u202f]"), " "),
    Cleaning(re.compile(r"([AaPp])\.\s?([Mm])\.?"), r"\1\2"),
    Cleaning(re.compile(r"(:\d\d[.,]\d{6})\d+"), r"\1"),
    Cleaning(re.compile(r"(:\d\d),(\d+)"), r"\1.\2"),
    Cleaning(re.compile(r"GMT([+-]\d\d:?\d\d)(?: \([^)]*\))?$"), r"\1"),
    Cleaning(re.compile(r"([+-]\d\d:\d\d)\[[A-Za-z_/]+\]$"), r"\1"),
    Cleaning(re.compile(r"^(\d{8})T(\d\d)(\d\d)(\d\d)"), r"\1T\2:\3:\4"),
    Cleaning(re.compile(r"(\d[-/.]\d+,? \d{1,2})\.(\d\d)$"), r"\1:\2"),
    Cleaning(re.compile(r"(\d[-/.]\d+,? \d{1,2})\.(\d\d)\.(\d\d)$"), r"\1:\2:\3"),
    Cleaning(re.compile(r"\b([Ss]ep|SEP)[Tt]\b"), r"\1"),
    Cleaning(re.compile(r"(\d)(st|nd|rd|th)(?: of)?\b"), r"\1"),
    Cleaning(re.compile(r"(:\d\d) Uhr$"), r"\1"),
    *(Cleaning(re.compile(rf"(?i)\b(?:{words})(\W|$)"), rf"{month}\1") for month, words in MONTHS_ELSEWHERE.items()),
)


def family_of(text: str) -> Family:
    """Return the forms in which a text can be a time, or none.

    >>> family_of("13/01/2024 7:19 PM")
    ('%d/%m/%Y %I:%M %p', '%m/%d/%Y %I:%M %p')
    >>> family_of("2024-01-31T10:00:00Z"), family_of("soon")
    (('%Y-%m-%dT%H:%M:%SZ',), ())
    """
    text = text.strip()
    for cleaning in CLEANINGS:
        text = cleaning.pattern.sub(cleaning.replacement, text)
    for shape, forms in SHAPES:
        match = shape.fullmatch(text)
        if match:
            clock = _clock(match)
            return tuple(_weekday(match) + _date(match, form) + clock for form in forms) if clock is not None else ()
    return ()


def is_form(form: str) -> bool:
    """Check whether a form says a day, in parts that an engine reads."""
    parts = set(re.findall(r"%(-?[A-Za-z])", form))
    return bool(parts & {"Y", "y"}) and parts <= PARTS and (bool({"m", "b", "B", "-m"} & parts) or "j" in parts)


def is_instant(form: str) -> bool:
    """Check whether a form names an offset, or UTC."""
    return form.endswith("%z") or is_utc(form)


def is_utc(form: str) -> bool:
    """Check whether a form ends in a word for the zone that is the same everywhere.

    >>> is_utc("%H:%M:%SZ"), is_utc("%H:%M UTC"), is_utc("%H:%M CET")
    (True, True, False)
    """
    return bool(UTC.search(form))


def zone_word(text: str) -> str:
    """Return the word for a zone that a text ends in, where it could be that of several.

    >>> zone_word("2024-01-31 10:00:00 CET")
    'CET'
    """
    match = ZONE_WORD.search(text.strip())
    return match[1] if match and match[1] not in ("AM", "PM") else ""


def _date(match: re.Match[str], form: str) -> str:
    named = {"s": "", "q": "", "dot": "", "month": ""} | match.groupdict("")
    month = "%b" if len(named["month"]) == 3 else "%B"
    return form.format(s=named["s"], q=named["q"], dot=named["dot"], b=month)


def _weekday(match: re.Match[str]) -> str:
    day = match["weekday"]
    return f"{'%a' if len(day) == 3 else '%A'}{match['comma']} " if day else ""


def _clock(match: re.Match[str]) -> str | None:
    """Return the form of what stands behind the date; none where an hour alone is no time of a day."""
    if not match["clock"]:
        return ""
    colons = match["clock"].count(":")
    if not colons and not match["half"]:
        return None
    hours = ("%I" if match["half"] else "%H") + ("", ":%M", ":%M:%S")[colons] + (".%f" if match["fraction"] else "")
    half = (" %p" if match["half"].startswith(" ") else "%p") if match["half"] else ""
    zone = match["zone"] or ""
    word = zone.strip()
    blank = " " if zone.startswith(" ") else ""
    named = blank + ("%z" if word[:1] in "+-" else word) if word else ""
    return re.sub(" +", " ", match["between"]) + hours + half + named
