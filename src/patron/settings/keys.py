"""The keys that a settings file may hold, with what each of them takes."""

import codecs
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from math import isinf
from typing import Any
from zoneinfo import available_timezones

from patron.decisions.offers import LEARNED, USUAL
from patron.decisions.usual_effects import KINDS as KINDS_OF_OFFERS
from patron.errors import QuestionError, is_number
from patron.history.attribute_tables import ABOUT
from patron.history.event_tables import ROLES
from patron.history.identities.matching import KINDS, PLUS_TAGS, is_country, is_most, is_threshold
from patron.history.subscriptions import CONTRACT_ROLES, PRICE_PERIODS, TERM_UNITS
from patron.history.time_forms import is_form
from patron.history.time_numbers import NUMBER_FORMS
from patron.history.tolerance import BAD_ROWS, CHECKS, LEVELS
from patron.periods import instant, span
from patron.portfolio.relationship_types import FACETS
from patron.questions.panel_rows import DUPLICATES
from patron.questions.panels import ROLES as PANEL_COLUMNS

__all__ = [
    "DECISIONS",
    "KNOWN",
    "NAME",
    "NAMED",
    "NAMES_OF_DATA",
    "NEEDED",
    "NOT_WITH_PANELS",
    "PANELS",
    "PANEL_ROLES",
    "QUESTIONS",
    "SUBSCRIPTIONS",
    "TABLES",
    "Kind",
    "as_list",
]

LONGEST = 36_500
LONGEST_NAME = 256
PANEL_ROLES = (*PANEL_COLUMNS, "active")
NAMED = re.compile(r"(?=.{1,60}\Z)\w([\w -]*\w)?")  # names of files are made of names, and may be no longer


@dataclass(frozen=True)
class Kind:
    """What a key may say: in words, as an example with KEY for its name, and as a test."""

    words: str
    example: str
    fits: Callable[[Any], bool]


def as_list(value: Any) -> list[Any]:
    """Return a list as it is, and one value as a list of it."""
    return value if isinstance(value, list) else [value]


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_days(value: Any) -> bool:
    return _is_whole(value) and 1 <= value <= LONGEST


def _is_span(value: Any) -> bool:
    try:
        return _is_days(value) or (isinstance(value, str) and span(value) is not None)
    except QuestionError:
        return False


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_path(value: Any) -> bool:
    """Check whether a text can be a path: no part of it is longer than a name of a file may be."""
    return _is_text(value) and "\0" not in value and all(len(part.encode()) < LONGEST_NAME for part in value.split("/"))


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


def _is_encoding(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(codecs.lookup(value))
    except LookupError:
        return False


def _is_bound(value: Any) -> bool:
    """Check whether a value is a number, which may be without end."""
    return is_number(value) or (isinstance(value, float) and isinf(value))


def _is_condition(value: object) -> bool:
    return isinstance(value, dict) and not any(
        isinstance(item, dict | list) for items in value.values() for item in as_list(items)
    )


def _list_of(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(fits, value))


def _is_one_or_more(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: bool(as_list(value)) and all(map(fits, as_list(value)))


def _section(words: str, example: str) -> Kind:
    return Kind(f"a section ({words})", example, lambda value: isinstance(value, dict))


NAME = Kind(
    "a name of up to 60 letters, digits, spaces, _ and -",
    'KEY = "grocer"',
    lambda value: isinstance(value, str) and bool(NAMED.fullmatch(value)),
)
TEXT = Kind("a text in quotes", 'KEY = "..."', _is_text)
COLUMN = Kind("the name of a column", 'KEY = "the column"', _is_text)
FILE = Kind("a path", 'KEY = "orders.parquet"', _is_path)
ZONE = Kind("the name of a time zone", 'KEY = "Europe/Berlin"', _is_zone)
REPEATED = Kind('"keep" or "drop"', 'KEY = "drop"', lambda value: value in ("keep", "drop"))
GAPS = Kind('"missing" or "closed"', 'KEY = "closed"', lambda value: value in ("missing", "closed"))
CASE = Kind('"keep" or "fold"', 'KEY = "fold"', lambda value: value in ("keep", "fold"))
NOBODY = Kind("a list of customers' keys", 'KEY = ["0", "guest"]', _list_of(_is_text))
TIME_FORM = Kind(
    f"a form of times such as %d/%m/%Y, or one of {', '.join(NUMBER_FORMS)}",
    'KEY = "%d/%m/%Y"',
    lambda value: isinstance(value, str) and (is_form(value) or value in NUMBER_FORMS),
)
DECIMAL = Kind('"," or "."', 'KEY = ","', lambda value: value in (",", "."))
ENCODING = Kind("the name of an encoding", 'KEY = "cp1252"', _is_encoding)
WRITTEN = {"at_format": TIME_FORM, "known_at_format": TIME_FORM, "encoding": ENCODING, "sheet": TEXT}
ROWS = Kind('"orders" or "lines"', 'KEY = "lines"', lambda value: value in ("orders", "lines"))
ARMS = Kind("the name of an arm, or a list of such", 'KEY = "control"', _is_one_or_more(_is_text))
COMPLAINING = Kind(
    "a kind of contacts, or a list of such", 'KEY = "claim"', lambda value: all(map(_is_text, as_list(value)))
)
INWARD = Kind("a direction of contacts, or a list of such", 'KEY = "inbound"', _is_one_or_more(_is_text))
COLUMNS = Kind("a list of columns", 'KEY = ["status"]', _list_of(_is_text))
ROLE = Kind("the name of a column", 'KEY = "the column"', lambda value: isinstance(value, str))
KEY = Kind(
    "the name of a column of both files, or { this column = the other }",
    'KEY = "order_id"',
    lambda value: _is_text(value) or (isinstance(value, dict) and bool(value) and all(map(_is_text, value.values()))),
)
JOINS = Kind(
    "a list of files, each with its key",
    'KEY = [{ path = "orders.csv", on = "order_id" }]',
    _list_of(lambda value: isinstance(value, dict)),
)
CONDITION = Kind("columns with their values", 'KEY = { event_type = ["return"] }', _is_condition)
NUMBER = Kind("a number", "KEY = 0.35", is_number)
NUMBERS = Kind("a list of numbers", "KEY = [50.0, 10.0]", _list_of(is_number))
MONEY = Kind("an amount of money, 0 or more", "KEY = 2000.0", lambda v: is_number(v) and v >= 0)
SHARE = Kind("a share from 0 to 0.5", "KEY = 0.1", lambda v: is_number(v) and 0 <= v <= 0.5)
SEED = Kind("a whole number, 0 or more", "KEY = 0", lambda v: _is_whole(v) and v >= 0)
COUNT = Kind("a whole number, 1 or more", "KEY = 3", lambda v: _is_whole(v) and v >= 1)
DAYS = Kind(f"a whole number of days, 1 to {LONGEST}", "KEY = 90", _is_days)
SPAN = Kind(f'a whole number of days, 1 to {LONGEST}, or months such as "3 months"', "KEY = 90", _is_span)
SPANS = Kind('a list of whole days, or of months such as "1 month"', "KEY = [30]", _list_of(_is_span))
DATE = Kind("a date before 3000 without time zone", 'KEY = "2011-09-09"', _is_date)
DATES = Kind(
    "a date before 3000 without time zone, or a list of such",
    'KEY = ["2011-09-09"]',
    lambda value: isinstance(value, dict) or _list_of(_is_date)(as_list(value)),
)
RATES = _section("what one unit of each currency is worth in yours", "KEY = { EUR = 1.0, USD = 0.92 }")
FORMS = _section("the form of the dates of some columns", 'KEY = { born = "%d/%m/%Y" }')
IDENTITY = _section("which keys are one customer", '[identity]\npath = "identities.parquet"')
MATCHED = _section("the columns that identify a person", '[identity.match.KEY]\nemail = "Email"\nphone = "Phone"')
MATCH = _section("the tables that identify persons", MATCHED.example.replace("KEY", "orders"))
IDENTIFIERS = Kind(
    "the name of a column, or a list of such",
    'KEY = "Email"',
    lambda value: _is_text(value) or (_list_of(_is_text)(value) and bool(value)),
)
SILOS = Kind("a list of tables", 'KEY = ["tickets"]', _list_of(_is_text))
COUNTRY = Kind("a country's code of two capital letters", 'KEY = "GB"', is_country)
PLUS = Kind('"keep" or "ignore"', 'KEY = "ignore"', lambda value: value in PLUS_TAGS)
MOST_KEYS = Kind("a whole number from 2 to 100", "KEY = 5", is_most)
THRESHOLD = Kind("a probability from 0.5 to below 1", "KEY = 0.95", is_threshold)
# What a rule of keys may be is checked where no message shows it.
NEVER = Kind(
    "a list of pairs of keys, or a file of them",
    'KEY = [["key 1", "key 2"]]',
    lambda value: _is_text(value) or isinstance(value, list),
)
TABLE = _section("an event table", '[tables.KEY]\npath = "KEY.parquet"\ncustomer = "customer_id"\nat = "ts"')
TABLES = _section("the event tables", TABLE.example.replace("KEY", "orders"))
CONTRACTS = _section(
    "a table of contracts", '[subscriptions.KEY]\npath = "KEY.parquet"\ncustomer = "id"\nstart = "joined"\nend = "left"'
)
SUBSCRIPTIONS = _section("the table of contracts", CONTRACTS.example.replace("KEY", "contracts"))
TERM = Kind('"days" or "months"', 'KEY = "months"', lambda value: value in TERM_UNITS)
PRICED = Kind('"month", "year" or "term"', 'KEY = "year"', lambda value: value in PRICE_PERIODS)
GRACE = Kind("a whole number of days, 0 to 365", "KEY = 7", lambda v: _is_whole(v) and 0 <= v <= 365)
CAUSES = Kind("a list of causes of an end", 'KEY = ["cancelled"]', _list_of(_is_text))
FACTS = _section("what is known of customers", '[attributes.KEY]\npath = "KEY.csv"\ncustomer = "customer_id"')
ATTRIBUTES = _section("tables of what is known of customers", FACTS.example.replace("KEY", "customers"))
PANEL = _section(
    "ready-made rows", '[panels.KEY]\npath = "KEY.parquet"\ncustomer = "member_id"\nlabel = "left"\nhorizon = 28'
)
PANELS = _section("ready-made rows in place of event tables", PANEL.example.replace("KEY", "members"))
SEVERAL = Kind('"refuse", "sum" or "last"', 'KEY = "sum"', lambda value: value in DUPLICATES)
LEFT = Kind(
    "a value of the label, or a list of such",
    'KEY = "Yes"',
    _is_one_or_more(lambda value: isinstance(value, str | int | float)),
)
LIMITS = _section("the lowest and the highest value of some columns", "KEY = { age = [0, 120] }")
LIMIT = Kind(
    "the lowest and the highest value",
    "KEY = [0, 120]",
    lambda value: _list_of(is_number)(value) and len(value) == 2 and value[0] < value[1],
)
DAY_FORM = Kind("a form of dates such as %d/%m/%Y", 'KEY = "%d/%m/%Y"', lambda v: isinstance(v, str) and is_form(v))
QUESTION = _section("a question", "KEY = { horizon = 90 }")
QUESTIONS = _section("what is asked", "[questions]\nchurn = { horizon = 90 }")
TIERED = _section("the share of customers in each tier", "KEY = { platinum = 0.05, gold = 0.20 }")
COSTS = _section("what is left of an order", "[costs]\nmargin_rate = 0.35")
EVENT_COSTS = _section("the cost of one event, by table", "KEY = { tickets = 4.0 }")
CUTOFFS = _section("dates", '[cutoffs]\ntrain = "2010-09-14"\nvalid = "2011-06-11"\ntest = "2011-09-09"')
DECISIONS = _section("what may be spent", "[decisions]\nbudget = 2000.0\nvalue = 30.0")
EFFECT = Kind('a share from 0 to 1, "usual" or "learned"', "KEY = 0.1", lambda v: is_number(v) or v in (USUAL, LEARNED))
KIND_OF_OFFER = Kind(
    f"one of {', '.join(map(repr, KINDS_OF_OFFERS))}", 'KEY = "service"', lambda v: v in KINDS_OF_OFFERS
)
CONDITIONS = Kind(
    "a condition, or a list of such that must all hold", 'KEY = "recency > 90"', _is_one_or_more(_is_text)
)
CHANNEL = _section("what a channel can do", "[channels.KEY]\ncapacity = 1000")
CHANNELS = _section("what the channels can do", CHANNEL.example.replace("KEY", "mail"))
OFFER = _section("an offer", "[offers.KEY]\ncontact_cost = 0.5\neffect = 0.1")
OFFERS = _section("the offers", OFFER.example.replace("KEY", "voucher"))
LEVERS = _section("what the business can change", '[levers]\ntickets = "requests answered within a day"')
LEVER = Kind(
    "words for what is done", 'KEY = "complaints answered"', lambda value: _is_text(value) or isinstance(value, dict)
)
TESTED = _section("what its trial showed", 'KEY = { effect = -0.04, source = "trial of May" }')
DRIVERS = _section("how drivers are judged", "[drivers]\nrefits = 8")
TUNING = _section("how long is tuned", "[tuning]\nminutes = 10")
MINUTES = Kind("a number of minutes above 0", "KEY = 10", lambda v: is_number(v) and v > 0)
REGISTRY = _section("where models are kept, and who must agree", "[registry]\napproval = 2")
SERVER = Kind("the address of a tracking server, or $NAME of the variable that holds it", 'KEY = "$MLFLOW"', _is_text)
PERSONS = Kind("1 or 2 (persons)", "KEY = 2", lambda v: _is_whole(v) and v in (1, 2))
CONTRACT = _section("how far tables may differ from those of the training", "[contract]\nfreshness = 2")
CHECK = Kind(f"one of {', '.join(map(repr, LEVELS))}", 'KEY = "soft"', lambda value: value in LEVELS)
FRESH = Kind("a number of days, 0 or more", "KEY = 2", lambda v: is_number(v) and v >= 0)
UNUSABLE = Kind('"fail" or "quarantine"', 'KEY = "quarantine"', lambda value: value in BAD_ROWS[1:])
PART = Kind("a share from 0 to 1", "KEY = 0.05", lambda v: is_number(v) and 0 <= v <= 1)
GIGABYTES = Kind("a number of gigabytes, 0.5 or more", "KEY = 4.0", lambda v: is_number(v) and v >= 0.5)
ENGINE = _section("what scoring may run on", '[engine]\nspark = { master = "local[4]" }')
SPARK = _section("a Spark session", 'KEY = { master = "spark://host:7077", conf = { "spark.executor.memory" = "4g" } }')
MASTER = Kind("the address of a Spark master", 'KEY = "local[4]"', _is_text)
CONF = _section("what Spark is told, by its own names", 'KEY = { "spark.executor.memory" = "4g" }')
SPARK_VALUE = Kind(
    "a text, a number, true or false",
    'KEY = "4g"',
    lambda value: _is_text(value) or is_number(value) or isinstance(value, bool),
)
PORTFOLIO = _section("how the relationship portfolio is told", '[portfolio]\nsince = "3 months"')
SCORED = Kind(
    '"quantiles", "money", or thresholds of each score',
    'KEY = "quantiles"',
    lambda value: value in ("quantiles", "money") or isinstance(value, dict),
)
WINNING_COSTS = Kind(
    "a number, or a number for each channel of the first order",
    "KEY = 12.0",
    lambda value: is_number(value) or isinstance(value, dict),
)
CHANGES = _section("changes of assortment or price", 'KEY = { "new prices" = { on = "2024-03-01" } }')
CHANGE = _section("the day of a change, and what it is about", 'KEY = { on = "2024-03-01", categories = ["tea"] }')
CATEGORIES = Kind("a list of categories", 'KEY = ["tea"]', _list_of(_is_text))
SEGMENTS = _section("segments by their scores", "KEY = { champions = { recency = [5, 5], frequency = [4, 5] } }")
SEGMENT = _section("the bounds of its scores", "KEY = { recency = [5, 5], frequency = [4, 5] }")
BOUNDS = Kind(
    "the lowest and the highest score, from 1 to 5",
    "KEY = [4, 5]",
    lambda value: _list_of(_is_whole)(value) and len(value) == 2 and 1 <= value[0] <= value[1] <= 5,
)
TYPES = _section("types of relationships", "KEY = { regular = { orders = [6, inf] } }")
TYPE = _section("the bounds of what a type looks at", "KEY = { orders = [6, inf], contacts = 4 }")
FACET = Kind(
    "the lowest and the highest value",
    "KEY = [1, inf]",
    lambda value: _list_of(_is_bound)(value) and len(value) == 2 and value[0] <= value[1],
)
MOST = Kind("a number, 0 or more", "KEY = 2", lambda value: _is_bound(value) and value >= 0)
KINDS_OF_CONTACTS = _section("how kinds of contacts are called", 'KEY = { promotion = ["mailing"] }')
WORDS = Kind("a list of texts", 'KEY = ["mailing"]', _list_of(_is_text))
SCORES = _section("what scores hold beside the answers", "[scores]\nreasons = true")
YES_OR_NO = Kind("true or false", "KEY = true", lambda value: isinstance(value, bool))
CRM = _section("what a CRM imports", '[crm.KEY]\nkey = "shop_id"')
CRMS = _section("what CRM systems import", CRM.example.replace("KEY", "hubspot"))
FIELDS = _section("the CRM's name of each column", 'KEY = { churn_probability = "churn_risk" }')
HEADER = Kind("the name of a field", 'KEY = "shop_id"', _is_text)

MOVED: Mapping[tuple[str | int, ...], str] = {
    (
        "portfolio",
        "kinds",
        "complaint",
    ): 'Name complaints where their table is, for all: [tables.contacts] complaints = ["claim"]'
}
# The keys of each section; a star stands for a name that the user chooses.
KNOWN: Mapping[str, Mapping[str, Kind]] = {
    "": {
        "name": NAME, "seed": SEED, "top_reasons": COUNT, "currency": TEXT, "out": FILE, "root": FILE, "tables": TABLES,
        "attributes": ATTRIBUTES, "identity": IDENTITY, "subscriptions": SUBSCRIPTIONS,
        "questions": QUESTIONS, "costs": COSTS, "cutoffs": CUTOFFS, "decisions": DECISIONS, "offers": OFFERS,
        "channels": CHANNELS,
        "crm": CRMS, "panels": PANELS, "tuning": TUNING, "levers": LEVERS, "drivers": DRIVERS,
        "registry": REGISTRY, "contract": CONTRACT, "memory": GIGABYTES, "scores": SCORES, "portfolio": PORTFOLIO,
        "engine": ENGINE,
    },
    "panels": {"*": PANEL},
    "panels.*": {
        "path": FILE, "label": COLUMN, "horizon": SPAN, "left": LEFT, "value": COLUMN, "leave_out": COLUMNS,
        "keep": COLUMNS, "duplicates": SEVERAL, "limits": LIMITS, "cutoff_format": DAY_FORM, "decimal": DECIMAL,
        "encoding": ENCODING, "sheet": TEXT, **dict.fromkeys(PANEL_ROLES, COLUMN), "customer": COLUMN, "cutoff": COLUMN,
    },
    "panels.*.limits": {"*": LIMIT},
    "tables": {"*": TABLE},
    "tables.*": {
        "path": FILE, "where": CONDITION, "returns": CONDITION, "timezone": ZONE, "duplicates": REPEATED,
        "since": DATE, "until": DATE, "gaps": GAPS, "not_customers": NOBODY, "customer_case": CASE,
        "decimal": DECIMAL, "rates": RATES, "fill_down": COLUMNS, "rows": ROWS, "joins": JOINS, "control": ARMS,
        "incoming": INWARD, "complaints": COMPLAINING, **WRITTEN,
        **dict.fromkeys(ROLES, ROLE), "customer": COLUMN, "at": COLUMN,
    },
    "tables.*.rates": {"*": NUMBER},
    "tables.*.joins": {"path": FILE, "on": KEY, "encoding": ENCODING, "sheet": TEXT},
    "attributes": {"*": FACTS},
    "attributes.*": {
        "path": FILE, "where": CONDITION, "timezone": ZONE, "duplicates": REPEATED, "leave_out": COLUMNS,
        "not_customers": NOBODY, "customer_case": CASE, "decimal": DECIMAL, **WRITTEN, "formats": FORMS,
        **dict.fromkeys(ABOUT, COLUMN),
    },
    "attributes.*.formats": {"*": TIME_FORM},
    "subscriptions": {"*": CONTRACTS},
    "subscriptions.*": {
        "path": FILE, "where": CONDITION, "timezone": ZONE, "duplicates": REPEATED, "until": DATE, "term_in": TERM,
        "price_per": PRICED, "grace": GRACE, "not_customers": NOBODY, "customer_case": CASE, "formats": FORMS,
        "decimal": DECIMAL, "encoding": ENCODING, "sheet": TEXT, **dict.fromkeys(CONTRACT_ROLES, COLUMN),
    },
    "subscriptions.*.formats": {"*": TIME_FORM},
    "identity": {
        "path": FILE, "key": COLUMN, "customer": COLUMN, "table": COLUMN, "customer_case": CASE, "largest": COUNT,
        "encoding": ENCODING, "sheet": TEXT, "silos": SILOS, "match": MATCH, "country": COUNTRY, "plus_tags": PLUS,
        "most_keys": MOST_KEYS, "never": NEVER, "threshold": THRESHOLD,
    },
    "identity.match": {"*": MATCHED},
    "identity.match.*": dict.fromkeys(KINDS, IDENTIFIERS),
    "questions": {
        "active_in": SPAN, "churn": QUESTION, "next_purchase": QUESTION, "tier": QUESTION, "cancellation": QUESTION,
        "win_back": QUESTION,
    },
    "questions.cancellation": {"horizon": SPAN, "within": SPANS, "causes": CAUSES},
    "questions.win_back": {"horizon": SPAN, "within": SPANS, "left_in": SPAN},
    "questions.churn": {"horizon": SPAN},
    "questions.next_purchase": {"horizon": SPAN, "within": SPANS},
    "questions.tier": {
        "horizon": SPAN, "tiers": TIERED, "thresholds": NUMBERS, "rest": NAME, "unprofitable": NAME,
    },
    "questions.tier.tiers": {"*": NUMBER},
    "costs": {
        "margin_rate": NUMBER, "cost_per_order": NUMBER, "cost_per_return": NUMBER, "cost_per_event": EVENT_COSTS,
    },
    "costs.cost_per_event": {"*": NUMBER},
    "cutoffs": {"train": DATES, "valid": DATES, "test": DATES, "score": DATE},
    **{f"cutoffs.{group}": {"first": DATE, "last": DATE, "every": SPAN} for group in ("train", "valid", "test")},
    "decisions": {
        "budget": MONEY, "holdout": SHARE, "exploration": PART, "value": MONEY, "contacts": SEED,
        "most_contacts": COUNT, "contact_days": DAYS, "robust": YES_OR_NO, "effects": FILE, "outcomes": YES_OR_NO,
        "holdout_by": COLUMN,
    },
    "channels": {"*": CHANNEL},
    "channels.*": {"capacity": SEED},
    "levers": {"*": LEVER},
    "levers.*": {"words": TEXT, "tested": TESTED},
    "levers.*.tested": {"effect": NUMBER, "source": TEXT},
    "drivers": {"refits": COUNT},
    "scores": {"reasons": YES_OR_NO},
    "portfolio": {
        "since": SPAN, "horizon": SPAN, "discount": NUMBER, "scores": SCORED, "segments": SEGMENTS, "types": TYPES,
        "kinds": KINDS_OF_CONTACTS, "referral_share": PART, "suggestion_value": MONEY,
        "acquisition_cost": WINNING_COSTS, "outside_total": COLUMN,
        "changes": CHANGES,
    },
    "portfolio.acquisition_cost": {"*": NUMBER},
    "portfolio.types": {"*": TYPE},
    "portfolio.types.*": {**dict.fromkeys(FACETS, FACET), "contacts": MOST, "promotions": MOST, "asks": TEXT},
    "portfolio.kinds": dict.fromkeys(("promotion", "suggestion", "praise"), WORDS),
    "portfolio.scores": dict.fromkeys(("recency", "frequency", "money"), NUMBERS),
    "portfolio.changes": {"*": CHANGE},
    "portfolio.changes.*": {"on": DATE, "categories": CATEGORIES},
    "portfolio.segments": {"*": SEGMENT},
    "portfolio.segments.*": dict.fromkeys(("recency", "frequency", "money"), BOUNDS),
    "engine": {"spark": SPARK},
    "engine.spark": {"master": MASTER, "conf": CONF},
    "engine.spark.conf": {"*": SPARK_VALUE},
    "tuning": {"minutes": MINUTES, "trials": COUNT},
    "registry": {"server": SERVER, "approval": PERSONS, "contact": TEXT},
    "contract": {
        **dict.fromkeys(CHECKS, CHECK), "freshness": FRESH, "on_bad_rows": UNUSABLE, "max_bad_share": PART,
    },
    "crm": {"*": CRM},
    "crm.*": {"key": HEADER, "columns": FIELDS},
    "crm.*.columns": {"*": HEADER},
    "offers": {"*": OFFER},
    "offers.*": {
        "contact_cost": NUMBER, "incentive_cost": NUMBER, "accepted": NUMBER, "effect": EFFECT,
        "effect_low": NUMBER, "effect_high": NUMBER, "channel": TEXT, "words": TEXT, "kind": KIND_OF_OFFER,
        "rest": SEED, "consent": COLUMN, "eligible": CONDITIONS, "fatigue": MONEY, "fatigue_days": DAYS,
    },
}  # fmt: skip
# What asks for events.
NOT_WITH_PANELS = ("tables", "attributes", "subscriptions", "identity", "questions", "costs", "portfolio")
NAMES_OF_DATA = (
    "tables.*.rates",
    "attributes.*.formats",
    "panels.*.limits",
    "subscriptions.*.formats",
    "levers",
    "engine.spark.conf",
)  # currencies and columns: called as the data call them
NEEDED: Mapping[str, tuple[str, ...]] = {
    "": ("name", "questions", "cutoffs"),
    "tables.*": ("path",),
    "tables.*.joins": ("path", "on"),
    "attributes.*": ("path",),
    "panels.*": ("path", "label", "horizon"),
    "levers.*": ("words", "tested"),
    "levers.*.tested": ("effect", "source"),
    "identity": ("path",),
    "subscriptions.*": ("path", "customer", "start"),
    "questions.cancellation": ("horizon",),
    "questions.win_back": ("horizon",),
    "questions.churn": ("horizon",),
    "questions.next_purchase": ("horizon",),
    "questions.tier": ("horizon",),
    "cutoffs": ("train", "valid", "test"),
    **{f"cutoffs.{group}": ("first", "last", "every") for group in ("train", "valid", "test")},
    "offers.*": ("contact_cost", "effect"),
    "channels.*": ("capacity",),
    "crm.*": ("key",),
}
