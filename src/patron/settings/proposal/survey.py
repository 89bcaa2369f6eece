"""Survey: what each of some files is: orders, their lines, other events, what is known of customers, or only joined."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from patron.settings.proposal.campaigns import is_campaign
from patron.settings.proposal.columns import ColumnLook, TableLook
from patron.settings.proposal.contracts import is_of_contracts
from patron.settings.proposal.links import Link, Links
from patron.settings.proposal.reach import Person, Reached, persons, reached, times
from patron.settings.proposal.roles import fits
from patron.settings.proposal.statuses import is_pipeline
from patron.settings.proposal.words import has

__all__ = ["Survey", "Way", "survey"]

SOLD = (
    "order|sale|transaction|purchase|invoice|charge|payment|deal|basket|receipt|pos|retail|shop|store|gift|donation|booking"
    "|reservation"
)
BACK, ELSE = "return|refund", "ticket|case|campaign|email|visit|subscription|review|support|activity|lead|call|calls"
PEOPLE, DATED_PEOPLE = (
    "customer|contact|account|member|user|household|company",
    "customer|account|user|household|company",
)
ORDERED = "order|invoice|transaction|basket|receipt|sale"
GOODS = "category|seller|geolocation|location|inventory"
SURE = 3.0  # what a column must score to be money that was paid
ORDER_TIME = 4.5  # what the time of a line must score to stand before that of its order
CLOSE = 1.3  # scores so near that the likelier key is no surer
FEW_ROWS = 10
SINCE, CHANGED = r"valid from|effective from|valid since|^since$", r"changed at|updated at|since"
NAMED_PEOPLE = "(?:first|last|full) name|firstname|lastname|email"


@dataclass(frozen=True)
class Way:
    """How a table gets its customers and its times, and the joins that this takes."""

    person: Person
    others: tuple[Person, ...]
    at: Reached | None
    joins: tuple[Link, ...]


@dataclass(frozen=True)
class Survey:
    """What the files are, by their places.

    Args:
        orders: the file with the orders, or with the lines if it has all that is known of these; None where none has.
        lines: that with their lines.
        events: the files with other events.
        attributes: the files that tell of customers, each with its column of their key.
        left: the files that are neither, with the reason.
        ways: how orders, lines and events get their customers and times.
    """

    orders: int | None
    lines: int | None = None
    events: tuple[int, ...] = ()
    attributes: dict[int, str] = field(default_factory=dict)
    left: dict[int, str] = field(default_factory=dict)
    ways: dict[int, Way] = field(default_factory=dict)


def survey(looks: Sequence[TableLook], links: Links) -> Survey:
    """Return what some files are, seen together."""
    ranked = sorted(range(len(looks)), key=lambda i: -_orderness(looks[i]))
    header = _header(ranked, looks, links)
    if header is None:
        return Survey(None)
    first = _chosen(header, looks, links)
    lines = next((i for i in ranked if i != header and _is_line(looks[i], links.of(i), header)), None)
    result = Survey(header, lines, ways={header: first})
    for i in range(len(looks)):
        if i != header:
            result = _placed(result, i, looks, links)
    return result if lines in result.ways else replace(result, lines=None)


def _header(ranked: Sequence[int], looks: Sequence[TableLook], links: Links) -> int | None:
    """Return the file with the orders: the likeliest of those with times and customers, or the one above its lines."""
    able = [i for i in ranked if _has_own_time(looks[i]) and _people(i, looks, links)]
    first = next((i for i in able if not _is_of_people(i, looks, links)), None)
    if first is None:
        return None
    above = (link.other for link in links.of(first) if has(looks[first].columns[link.column].words, ORDERED))
    return next((i for i in above if i in able), first)


def _placed(result: Survey, i: int, looks: Sequence[TableLook], links: Links) -> Survey:
    """Return the survey with one more file in its place."""
    header = result.orders or 0
    domain = links.same(result.ways[header].person.reached.place)
    own = next((c for place, c in sorted(domain) if place == i), "")
    if own and i != result.lines and _tells_of_people(looks[i], own):
        return replace(result, attributes={**result.attributes, i: own})
    way = _following(i, header, result.ways[header], looks, links)
    if way and i != result.lines and _has_people(looks[i]):
        why = "it has a row for each person, of whom a customer has several"
        return replace(result, left={**result.left, i: why})
    if way and i != result.lines and way.at is not None and not way.at.joins:
        return replace(result, events=(*result.events, i), ways={**result.ways, i: way})
    if way and way.at is not None and (i == result.lines or has(looks[i].words, BACK)):
        events = result.events if i == result.lines else (*result.events, i)
        return replace(result, events=events, ways={**result.ways, i: way})
    if own and looks[i].columns[own].is_unique:
        return replace(result, attributes={**result.attributes, i: own})
    why = "it has no time of its own" if way else f"none of its columns meets the customers of {looks[header].label}"
    return replace(result, left={**result.left, i: why})


def _orderness(look: TableLook) -> float:
    """Return how much a file looks like one of orders, by its name and by the roles that its columns can have."""
    columns = list(look.columns.values())
    score = 2.0 * has(look.words, SOLD) - 6.0 * has(look.words, BACK)
    if not has(look.words, SOLD):
        score -= 2.0 * has(look.words, f"{PEOPLE}|{ELSE}|{GOODS}")
    score += 2.0 * _has_money(columns) + _has_order(columns)
    score += bool(fits("item", columns) and fits("quantity", columns))
    score -= 4.0 * is_of_contracts(look)  # what was paid says when customers bought
    return score + is_pipeline(columns) + 0.5 * _has_own_time(look)


def _has_money(columns: Sequence[ColumnLook]) -> bool:
    money = fits("amount", columns)
    return bool(money and money[0].score >= SURE)


def _has_order(columns: Sequence[ColumnLook]) -> bool:
    return bool(fits("order", columns))


def _has_own_time(look: TableLook) -> bool:
    return bool(times(list(look.columns.values())))


def _people(i: int, looks: Sequence[TableLook], links: Links) -> list[Person]:
    return persons(i, reached(i, looks, links), looks, links)


def _is_of_people(i: int, looks: Sequence[TableLook], links: Links) -> bool:
    """Check whether a file has a row for each customer, and nothing that happened to one."""
    person = _people(i, looks, links)[0]
    columns = list(looks[i].columns.values())
    unique = not person.reached.joins and person.reached.column.is_unique and looks[i].rows >= FEW_ROWS
    sold = _has_money(columns) or _has_order(columns) or has(looks[i].words, SOLD)
    called = has(looks[i].words, f"{PEOPLE}|subscription|membership") and not has(looks[i].words, SOLD)
    return unique and (not sold or called) and not is_of_contracts(looks[i])


def _has_people(look: TableLook) -> bool:
    """Check whether a file that is called one of people has a row for each of them, with their names."""
    columns = list(look.columns.values())
    named = any(has(c.words, NAMED_PEOPLE) and (c.has_emails or c.kind == "text") for c in columns)
    own = any(re.fullmatch(r"(?:\w+ )?id|id \w+", c.words) and c.is_unique for c in columns)
    return named and own and has(look.words, PEOPLE) and not has(look.words, f"{ELSE}|{BACK}|{SOLD}")


def _chosen(i: int, looks: Sequence[TableLook], links: Links) -> Way:
    """Return the likeliest key and time of the orders."""
    people = _people(i, looks, links)
    own = _own_time(i, looks)
    best = people[0]
    near = (p for p in people[1:] if p.score > best.score - CLOSE and not p.reached.joins)
    others = tuple(p for p in near if best.reached.joins or not _are_one(best.reached.column, p.reached.column))
    return Way(best, others, own, best.reached.joins)


def _are_one(first: ColumnLook, second: ColumnLook) -> bool:
    """Check whether two columns tell the same rows apart, so that it does not matter which is the key."""
    pairs = {pair for pair in zip(first.cells, second.cells, strict=True) if pair != (None, None)}
    return len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})


def _following(i: int, header: int, first: Way, looks: Sequence[TableLook], links: Links) -> Way | None:
    """Return how a table gets the customers that the orders have, and its times; None where it has no way to them."""
    domain = links.same(first.person.reached.place) | {first.person.reached.place}
    columns = reached(i, looks, links)
    people = [p for p in persons(i, columns, looks, links) if p.reached.place in domain]
    if not people:
        return None
    best = min(people, key=lambda p: (len(p.reached.joins), -p.score))
    at = _own_time(i, looks)
    if first.at is not None and (at is None or _score(at) < ORDER_TIME):
        of_order = next((r for r in columns if r.place == (header, first.at.column.name)), None)
        at = of_order if of_order is not None and (at is None or _is_line(looks[i], links.of(i), header)) else at
    joins = dict.fromkeys((*(at.joins if at else ()), *best.reached.joins))
    return Way(best, (), at, tuple(joins))


def _own_time(i: int, looks: Sequence[TableLook]) -> Reached | None:
    some = times(list(looks[i].columns.values()))
    return Reached(some[0].column, (i, some[0].column.name)) if some else None


def _score(at: Reached) -> float:
    some = fits("at", [at.column])
    return some[0].score if some else 0.0


def _is_line(look: TableLook, links: Sequence[Link], header: int) -> bool:
    """Check whether the rows of a file are the lines of the orders of another."""
    columns = list(look.columns.values())
    of_orders = [
        link for link in links if link.other == header and has(look.columns[link.column].words, f"{ORDERED}|id")
    ]
    goods = fits("item", columns) or (fits("price", columns) and fits("quantity", columns))
    return bool(of_orders and goods) and not has(look.words, BACK)


def _tells_of_people(look: TableLook, key: str) -> bool:
    """Check whether a file tells of customers: it has a row for each, or for each change of one."""
    if has(look.words, f"{ELSE}|{BACK}") or is_of_contracts(look) or (is_campaign(look) and _has_own_time(look)):
        return False
    changes = any(has(c.words, f"{SINCE}|{CHANGED}") and c.is_time for c in look.columns.values())
    dated = _has_own_time(look) and has(look.words, DATED_PEOPLE)
    return look.columns[key].is_unique or changes or dated
