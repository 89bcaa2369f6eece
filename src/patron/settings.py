"""Settings: a TOML file read into the same frozen values that a Python user builds.

A mistake in the file is told with its line, its key, what was got and how to mend it, before any table is
opened.
"""

import math
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from patron import stores
from patron.decisions import Offer
from patron.errors import HistoryError, PatronError, QuestionError, SettingsError, listed, nearest
from patron.events import ROLES, Events, Role
from patron.history import History
from patron.periods import EVER, Span, Split, instant
from patron.profit import CostModel
from patron.questions import TIERS, Churn, NextPurchase, Question, Tier

__all__ = ["Settings", "Table", "described", "load", "template"]

LONGEST = 36_500
NAMED = re.compile(r"\w([\w -]*\w)?")
Place = tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Where one event table lies, and what its columns mean.

    Args:
        path: a Parquet or CSV file, or a folder of Parquet files.
        roles: the column of each role, for example {"customer": "cust_id", "at": "ts"}, or a function of the table.
        where: columns and the value (or list of values) that a row must have to be read.
        returns: columns and the value (or values) that mark a row as taking a purchase back.
        timezone: where the business lives.
    """

    path: Path
    roles: Mapping[str, Role]
    where: Mapping[str, object] | None = None
    returns: Mapping[str, object] | None = None
    timezone: str = "UTC"

    def open(self) -> Events:
        """Return the declared events, ready for a history.

        Raises:
            HistoryError: the file is not there, or lacks a column.
        """
        return stores.events(self.path, self.where, self.returns, self.timezone, **self.roles)


@dataclass(frozen=True)
class Settings:
    """Where and how one business is asked: everything that a run needs beside the code.

    Args:
        name: the business, as models and folders are called.
        tables: event tables by name.
        questions: what is asked, each with its horizon.
        split: the cutoffs of training, validation and test.
        root: the folder that holds `mlruns`.
        out: the folder for scores, reports and decisions.
        score_at: the cutoff that is scored; the midnight after the last event where it is None.
        offers: what a customer can be given.
        budget: what may be spent on offers, in the currency of the amounts.
        holdout: share of the chosen customers who are left untreated, so that the effect can be measured.
        value: profit of a kept customer over the horizon, in currency, where no tier question tells it.
        seed: what chance starts from.
        top_reasons: the number of drivers told for each customer.
        currency: what the amounts are in, as reports write it.
    """

    name: str
    tables: Mapping[str, Table]
    questions: tuple[Question, ...]
    split: Split
    root: Path
    out: Path
    score_at: datetime | None = None
    offers: tuple[Offer, ...] = ()
    budget: float = 0.0
    holdout: float = 0.1
    value: float | None = None
    seed: int = 0
    top_reasons: int = 3
    currency: str = "currency"

    def history(self) -> History:
        """Open and check all event tables.

        Raises:
            HistoryError: a file is not there, or a table breaks a promise.
        """
        return History.of(**{name: _opened(name, table) for name, table in self.tables.items()})

    def question(self, name: str) -> Question:
        """Return the question of that name: churn, next_purchase or tier.

        Raises:
            QuestionError: the settings do not ask it.
        """
        asked = {question.name: question for question in self.questions}
        if name not in asked:
            raise QuestionError(
                f"The settings {self.name!r} ask no question {name!r}.{nearest(name, asked)} They ask: "
                f"{listed(asked)}. Add one below [questions], for example churn = {{ horizon = 90 }}."
            )
        return asked[name]


def load(path: str | Path) -> Settings:
    """Read a settings file, with every mistake told before any work begins.

    Paths in the file are seen from its own folder.

    Args:
        path: a TOML file; `template` shows one.

    Raises:
        SettingsError: the file is not there, is no TOML, or says something that Patron does not understand.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "settings.toml"
    >>> _ = file.write_text(template())
    >>> load(file).question("churn").horizon.days
    90
    """
    file = Path(path)
    source = _Source(file.name, _text(file))
    content = source.content()
    _check(source, content, (), "")
    _check_whole(source, content)
    return _settings(source, content, file.resolve().parent)


def template() -> str:
    """Return a commented settings text to begin with.

    >>> template().splitlines()[1]
    'name = "shop"'
    """
    return TEMPLATE


def described(settings: Settings) -> dict[str, object]:
    """Return the settings as plain JSON values under dotted names, fit for a run's log.

    Paths are told by their last part, and conditions by their columns: their values may be customers'.

    >>> split = Split.of(["2011-01-01"], ["2011-06-01"], ["2011-12-01"])
    >>> plain = described(Settings("shop", {}, (Churn(Span(90)),), split, Path("a/b"), Path("a/b/out")))
    >>> plain["questions.churn.horizon"], plain["split.test"], plain["root"]
    (90, ['2011-12-01T00:00:00'], 'b')
    """
    return dict(_flat("", _plain(settings)))


@dataclass(frozen=True)
class _Kind:
    """What a key may say: in words, as an example with KEY for its name, and as a test."""

    words: str
    example: str
    fits: Callable[[Any], bool]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_days(value: Any) -> bool:
    return _is_whole(value) and 1 <= value <= LONGEST


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_date(value: Any) -> bool:
    if not isinstance(value, str | date):
        return False
    try:
        moment = instant(value)
    except QuestionError:
        return False
    return moment.tzinfo is None and moment.year < 3000


def _is_zone(value: object) -> bool:
    # A machine without a time zone database knows none; the engine has its own.
    return isinstance(value, str) and (not available_timezones() or value in available_timezones())


def _is_condition(value: object) -> bool:
    return isinstance(value, dict) and not any(
        isinstance(one, dict | list) for wanted in value.values() for one in _several(wanted)
    )


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _list_of(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(fits, value))


def _section(words: str, example: str) -> _Kind:
    return _Kind(f"a section ({words})", example, lambda value: isinstance(value, dict))


NAME = _Kind(
    "a name of letters, digits, spaces, _ and -",
    'KEY = "grocer"',
    lambda value: isinstance(value, str) and bool(NAMED.fullmatch(value)),
)
TEXT = _Kind("a text in quotes", 'KEY = "..."', _is_text)
COLUMN = _Kind("the name of a column", 'KEY = "the column"', _is_text)
FILE = _Kind("a path", 'KEY = "orders.parquet"', _is_text)
ZONE = _Kind("the name of a time zone", 'KEY = "Europe/Berlin"', _is_zone)
CONDITION = _Kind("columns with their values", 'KEY = { event_type = ["return"] }', _is_condition)
NUMBER = _Kind("a number", "KEY = 0.35", _is_number)
NUMBERS = _Kind("a list of numbers", "KEY = [50.0, 10.0]", _list_of(_is_number))
MONEY = _Kind("an amount of money, 0 or more", "KEY = 2000.0", lambda v: _is_number(v) and v >= 0)
SHARE = _Kind("a share from 0 to 0.5", "KEY = 0.1", lambda v: _is_number(v) and 0 <= v <= 0.5)
SEED = _Kind("a whole number, 0 or more", "KEY = 0", lambda v: _is_whole(v) and v >= 0)
COUNT = _Kind("a whole number, 1 or more", "KEY = 3", lambda v: _is_whole(v) and v >= 1)
DAYS = _Kind(f"a whole number of days, 1 to {LONGEST}", "KEY = 90", _is_days)
DAYS_LIST = _Kind("a list of whole days", "KEY = [30]", _list_of(_is_days))
DATE = _Kind("a date before 3000 without time zone", 'KEY = "2011-09-09"', _is_date)
DATES = _Kind(
    "a date before 3000 without time zone, or a list of such",
    'KEY = ["2011-09-09"]',
    lambda value: _list_of(_is_date)(_several(value)),
)
TABLE = _section("an event table", '[tables.KEY]\npath = "KEY.parquet"\ncustomer = "customer_id"\nat = "ts"')
TABLES = _section("the event tables", TABLE.example.replace("KEY", "orders"))
ASKED = _section("a question", "KEY = { horizon = 90 }")
QUESTIONS = _section("what is asked", "[questions]\nchurn = { horizon = 90 }")
TIERED = _section("the share of customers in each tier", "KEY = { platinum = 0.05, gold = 0.20 }")
COSTS = _section("what is left of an order", "[costs]\nmargin_rate = 0.35")
CUTOFFS = _section("dates", '[cutoffs]\ntrain = "2010-09-14"\nvalid = "2011-06-11"\ntest = "2011-09-09"')
DECISIONS = _section("what may be spent", "[decisions]\nbudget = 2000.0\nvalue = 30.0")
OFFER = _section("an offer", "[offers.KEY]\ncontact_cost = 0.5\neffect = 0.1")
OFFERS = _section("the offers", OFFER.example.replace("KEY", "voucher"))

# The keys of each section; a star stands for a name that the user chooses.
KNOWN: Mapping[str, Mapping[str, _Kind]] = {
    "": {
        "name": NAME, "seed": SEED, "top_reasons": COUNT, "currency": TEXT, "out": FILE, "root": FILE, "tables": TABLES,
        "questions": QUESTIONS, "costs": COSTS, "cutoffs": CUTOFFS, "decisions": DECISIONS, "offers": OFFERS,
    },
    "tables": {"*": TABLE},
    "tables.*": {
        "path": FILE, "where": CONDITION, "returns": CONDITION, "timezone": ZONE,
        **dict.fromkeys(ROLES, COLUMN),
    },
    "questions": {"active_in": DAYS, "churn": ASKED, "next_purchase": ASKED, "tier": ASKED},
    "questions.churn": {"horizon": DAYS},
    "questions.next_purchase": {"horizon": DAYS, "within": DAYS_LIST},
    "questions.tier": {
        "horizon": DAYS, "tiers": TIERED, "thresholds": NUMBERS, "rest": NAME, "unprofitable": NAME,
    },
    "questions.tier.tiers": {"*": NUMBER},
    "costs": {"margin_rate": NUMBER, "cost_per_order": NUMBER, "cost_per_return": NUMBER},
    "cutoffs": {"train": DATES, "valid": DATES, "test": DATES, "score": DATE},
    "decisions": {"budget": MONEY, "holdout": SHARE, "value": MONEY},
    "offers": {"*": OFFER},
    "offers.*": {
        "contact_cost": NUMBER, "incentive_cost": NUMBER, "accepted": NUMBER, "effect": NUMBER,
        "effect_low": NUMBER, "effect_high": NUMBER, "channel": TEXT, "words": TEXT,
    },
}  # fmt: skip
NEEDED: Mapping[str, tuple[str, ...]] = {
    "": ("name", "tables", "questions", "cutoffs"),
    "tables.*": ("path",),
    "questions.churn": ("horizon",),
    "questions.next_purchase": ("horizon",),
    "questions.tier": ("horizon",),
    "cutoffs": ("train", "valid", "test"),
    "offers.*": ("contact_cost", "effect"),
}
# What a wrong value is called; the first fitting line counts, as a truth value is also a number.
GOT = (
    (bool, "truth value"),
    (str, "text"),
    (int | float, "number"),
    (list, "list"),
    (dict, "section"),
    (time, "time"),
)

TEMPLATE = """\
# Settings for Patron. Paths are seen from the folder of this file.
name = "shop"
currency = "EUR"                          # what the amounts are in, for reports

# One section for each event table. "orders" has one row for each purchase (or for each item of one).
[tables.orders]
path = "orders.parquet"                   # or .csv, .csv.gz, or a folder of Parquet files
customer = "customer_id"                  # your column with the customer's key
at = "ordered_at"                         # your column with the time of the event
amount = "paid"                           # your column with the money paid
# returns = { event_type = "return" }     # rows that take a purchase back
# where = { line_kind = ["product"] }     # rows to read; all others are left out

# What is asked; horizons are days after a cutoff. Leave out what you do not need.
[questions]
active_in = 365                           # asked of customers with an order in the last year
churn = { horizon = 90 }
next_purchase = { horizon = 90, within = [30] }
tier = { horizon = 90, tiers = { platinum = 0.05, gold = 0.20 } }

# What is left of the money of an order, where the orders have no column for it.
[costs]
margin_rate = 0.35
cost_per_order = 3.0
cost_per_return = 4.0

# The dates at which the past is asked: fitted on train, chosen on valid, judged on test.
# Each group begins at least one horizon after the one before it ends.
[cutoffs]
train = ["2023-09-01", "2023-12-01"]
valid = ["2024-03-01"]
test = ["2024-06-01"]
# score = "2024-09-01"                    # default: the midnight after the last event

[decisions]
budget = 2000.0                           # in the currency of the orders
holdout = 0.1                             # share left untreated, to measure the effect
# value = 30.0                            # profit of a kept customer, where no tier is asked

[offers.voucher]
contact_cost = 0.5
incentive_cost = 10.0                     # paid where the offer is taken
accepted = 0.4                            # share who take it
effect = 0.1                              # share of leavers whom it keeps: an assumption
"""


@dataclass(frozen=True)
class _Source:
    """A settings text that knows on which line a key stands."""

    name: str
    text: str

    def content(self) -> dict[str, Any]:
        """Return what the text says, or tell the line that is no TOML."""
        try:
            return tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            lines = self.text.split("\n")
            found = re.search(r" \(at line (\d+), ", str(error))
            line = int(found[1]) if found else len(self.text.rstrip().split("\n"))
            why = str(error).split(" (at ")[0]
            raise SettingsError(
                f"{self.name}, line {line}: this is no TOML ({why}), got: {lines[line - 1].strip()}. "
                'Write keys as key = value, texts in "quotes", lists in [brackets], each key once.'
            ) from None

    def wrong(self, where: Place, what: str) -> SettingsError:
        """Return the error that begins with the place of *where*."""
        line = f", line {self.line(where)}" if where else ""
        return SettingsError(f"{self.name}{line}: {what}")

    def line(self, where: Place) -> int:
        """Return the line on which a key is first said, by reading ever longer beginnings of the text."""
        lines = self.text.split("\n")
        start = 1
        for end in range(1, len(lines)):
            try:
                content = tomllib.loads("\n".join(lines[:end]))
            except tomllib.TOMLDecodeError:
                continue
            if _has(content, where):
                return start
            start = end + 1
        return start

    @contextmanager
    def at(self, *where: str) -> Iterator[None]:
        """Tell the place of a value that the code below refuses."""
        try:
            yield
        except PatronError as error:
            raise self.wrong(where, f"{_label(where)} is not possible. {error}") from None


def _has(content: Any, where: Place) -> bool:
    for key in where:
        if not isinstance(content, dict) or key not in content:
            return False
        content = content[key]
    return True


def _label(where: Place) -> str:
    return f"[{'.'.join(where)}]" if where else "The file"


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        there = listed(found.name for found in file.parent.glob("*.toml"))
        raise SettingsError(
            f"There is no settings file {str(file)!r}. TOML files in its folder: {there}. "
            "Check the path, or begin with the text of patron.settings.template()."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        why = "it is no UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise SettingsError(
            f"The settings file {str(file)!r} cannot be read: {why}. Give the path of a TOML text file."
        ) from None


def _check(source: _Source, content: Mapping[str, Any], where: Place, section: str) -> None:
    """Compare a section and those below it with the table of known keys."""
    known = KNOWN[section]
    for key, value in content.items():
        kind = known.get(key, known.get("*"))
        if kind is None:
            raise source.wrong((*where, key), _unknown(where, key, known))
        if key not in known and not NAMED.fullmatch(key):
            raise source.wrong((*where, key), f"{_label(where)} has the name {key!r}. Write {NAME.words}.")
        if not kind.fits(value):
            raise source.wrong((*where, key), _unfit(where, key, kind, value))
        below = f"{section}.{key if key in known else '*'}".lstrip(".")
        if below in KNOWN:
            _check(source, value, (*where, key), below)
    for key in NEEDED.get(section, ()):
        if key not in content:
            raise source.wrong(where, _lacking(where, key, known[key], content))


def _unknown(where: Place, key: str, known: Mapping[str, _Kind]) -> str:
    at_top = where and key in KNOWN[""]
    right = f" Write {key} at the top of the file, above the first [section]." if at_top else nearest(key, known)
    return f"{_label(where)} has no key {key!r}.{right} It knows: {listed(known)}."


def _unfit(where: Place, key: str, kind: _Kind, value: object) -> str:
    place = f"{_label(where)} {key}" if where else key
    return f"{place} must be {kind.words}, got {_got(value)}. {_example(key, kind)}"


def _lacking(where: Place, key: str, kind: _Kind, content: Mapping[str, Any]) -> str:
    return f"{_label(where)} lacks {key!r}: {kind.words}. It has: {listed(content)}. {_example(key, kind)}"


def _example(key: str, kind: _Kind) -> str:
    example = kind.example.replace("KEY", key)
    return f"Write for example:\n{example}" if "\n" in example else f"Write for example {example}"


def _got(value: object) -> str:
    name = next((name for kind, name in GOT if isinstance(value, kind)), "date")
    return f"{name} {value!r}" if isinstance(value, str | list) else f"{name} {value}"


def _check_whole(source: _Source, content: Mapping[str, Any]) -> None:
    """Refuse what no single key gets wrong: sections that do not suffice for one another."""
    asked = [key for key in content["questions"] if key != "active_in"]
    if not asked:
        raise source.wrong(("questions",), f"[questions] asks nothing. {_example('', QUESTIONS)}")
    if not {"orders", "lines"} & set(content["tables"]):
        raise source.wrong(
            ("tables",),
            f"[tables] needs 'orders' (or 'lines'), which every question looks at. "
            f"It has: {listed(content['tables'])}. {_example('', TABLES)}",
        )
    if content.get("offers"):
        _check_offers(source, content.get("decisions", {}), asked)


def _check_offers(source: _Source, decisions: Mapping[str, Any], asked: Sequence[str]) -> None:
    if "churn" not in asked:
        raise source.wrong(
            ("offers",),
            "[offers] keep customers from leaving, so churn must be asked. "
            f"[questions] asks: {listed(asked)}. {_example('', QUESTIONS)}",
        )
    if "budget" not in decisions or not ("value" in decisions or "tier" in asked):
        raise source.wrong(
            ("offers",),
            "[offers] need a budget, and what a kept customer is worth: a value, or the question tier. "
            f"[decisions] has: {listed(decisions)}; [questions] asks: {listed(asked)}. "
            f"{_example('', DECISIONS)}",
        )


def _settings(source: _Source, content: Mapping[str, Any], folder: Path) -> Settings:
    questions = _questions(source, content)
    cutoffs = content["cutoffs"]
    money: dict[str, Any] = {key: float(amount) for key, amount in content.get("decisions", {}).items()}
    return Settings(
        name=content["name"],
        tables={name: _table(declared, folder) for name, declared in content["tables"].items()},
        questions=questions,
        split=_split(source, cutoffs, questions),
        root=folder / content.get("root", "."),
        out=folder / content.get("out", f"patron-out/{content['name']}"),
        score_at=instant(cutoffs["score"]) if "score" in cutoffs else None,
        offers=tuple(_offer(source, name, said) for name, said in content.get("offers", {}).items()),
        **money,
        **{key: content[key] for key in ("seed", "top_reasons", "currency") if key in content},
    )


def _table(declared: Mapping[str, Any], folder: Path) -> Table:
    roles = {role: column for role, column in declared.items() if role in ROLES}
    others = {key: declared[key] for key in ("where", "returns", "timezone") if key in declared}
    return Table(folder / declared["path"], roles, **others)


def _questions(source: _Source, content: Mapping[str, Any]) -> tuple[Question, ...]:
    asked = content["questions"]
    active = Span(asked["active_in"]) if "active_in" in asked else EVER
    with source.at("costs"):
        costs = CostModel(**content.get("costs", {}))
    made: dict[str, Callable[[Mapping[str, Any]], Question]] = {
        "churn": lambda said: Churn(Span(said["horizon"]), active),
        "next_purchase": lambda said: NextPurchase(
            Span(said["horizon"]), active, within=tuple(said.get("within", NextPurchase.within))
        ),
        "tier": lambda said: _tier(said, active, costs),
    }
    questions = []
    for name in (name for name in asked if name != "active_in"):
        with source.at("questions", name):
            questions.append(made[name](asked[name]))
    return tuple(questions)


def _tier(said: Mapping[str, Any], active: Span, costs: CostModel) -> Tier:
    names = {key: said[key] for key in ("rest", "unprofitable") if key in said}
    thresholds = tuple(said.get("thresholds", ()))
    return Tier(Span(said["horizon"]), active, (), costs, dict(said.get("tiers", TIERS)), thresholds, **names)


def _split(source: _Source, said: Mapping[str, Any], questions: Sequence[Question]) -> Split:
    with source.at("cutoffs"):
        split = Split.of(*(_several(said[group]) for group in ("train", "valid", "test")))
        for question in questions:
            split.check_gap(question.horizon)
    return split


def _offer(source: _Source, name: str, said: Mapping[str, Any]) -> Offer:
    with source.at("offers", name):
        return Offer(name=name, **said)


def _opened(name: str, table: Table) -> Events:
    try:
        return table.open()
    except HistoryError as error:
        raise HistoryError(f"Event table {name!r} ([tables.{name}]): {error}") from None


def _plain(value: Any) -> Any:
    """Turn frozen values into texts, numbers, lists and mappings by name."""
    if isinstance(value, Span):
        return value.days
    if isinstance(value, Path):
        return value.name
    if isinstance(value, datetime):
        return value.isoformat()
    if callable(value):
        return "a function of the table"
    if isinstance(value, Mapping):
        return {key: _plain(below) for key, below in value.items()}
    if isinstance(value, tuple):
        named = {one.name: _plain(one) for one in value if isinstance(one, Question | Offer)}
        return named or [_plain(one) for one in value]
    if is_dataclass(value):
        told = {field.name: _logged(field.name, getattr(value, field.name)) for field in fields(value)}
        return {name: _plain(below) for name, below in told.items()}
    return value


def _logged(name: str, value: Any) -> Any:
    """Keep the names of features and the columns of conditions, whose rest is code or may be personal."""
    if name == "features":
        return tuple(feature.name for feature in value)
    return tuple(value) if name in ("where", "returns") and value else value


def _flat(name: str, value: Any) -> Iterator[tuple[str, object]]:
    if not isinstance(value, dict):
        yield name, value
        return
    for key, below in value.items():
        yield from _flat(f"{name}.{key}".lstrip("."), below)
