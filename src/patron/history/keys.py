"""Keys: what can be a customer's key, what stands for nobody, and how far the keys of two tables meet.

No message shows the key of a person: only words and numbers that stand for nobody, and shapes such as 'a99'.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import ibis
from ibis.expr.types import Column, Table

from patron.errors import HistoryError, listed
from patron.history.event_tables import NUMBER_ROLES, TEXT_ROLES, Assumption, Events, Role
from patron.history.point_in_time import CUSTOMER_NUMBER
from patron.history.roles import OTHER

__all__ = [
    "CASES",
    "MIN_OWN",
    "OWN",
    "Meeting",
    "check_meeting",
    "has_points",
    "meeting",
    "note_of_own_keys",
    "note_of_returns_only",
    "shape",
    "unlike",
    "way_to_meet",
    "with_keys",
    "without_point",
]

CASES = ("keep", "fold")
BLANKS = (" ", "\N{NO-BREAK SPACE}", "\N{ZERO WIDTH SPACE}", "\N{ZERO WIDTH NO-BREAK SPACE}")
NO_CUSTOMER = "no customer"
PLACEHOLDERS = (
    "-", "--", "---", ".", "?", "??", "#n/a", "(anonymous)", "(blank)", "(empty)", "(guest)", "(none)", "(not set)",
    "(null)", "(unknown)", "\\n", "anon", "anonym", "anonymous", "cash customer", "dummy", "gast", "guest", "guests",
    "guest customer", "inconnu", "missing", "n.a.", "n/a", "na", "nil", "no customer", "nobody", "not available",
    "not set", "not-set", "not_set", "notset", "test", "unassigned", "unbekannt", "undefined", "unknown", "walk in",
    "walk-in", "walkin",
)  # fmt: skip
NOBODY_NUMBER = re.compile("0+|-1|9{3,}")
CUT = r"^\d([.,]\d+)?[eE]\+\d+$"
CUT_NUMBER = r"^\d{2,6}0{6,}(\.0+)?$"  # six digits of a long number are left, as where 1.23457E+12 was read as one
LONG_NUMBER = r"^\d{12,}(\.0+)?$"
LONG = 12
SIGNS = ("odd", "nobody", "alike", "points", "cut", "padded")
POINT, FRACTION = r"^(\d+)\.0+$", r"^\d+\.\d*[1-9]\d*$"
NOBODY_TIMES, MANY_TIMES, MANY_SHARE, MANY, HEAVIEST = 3, 5, 0.02, 20, 4
MIN_CUSTOMERS, MIN_OWN, OWN, REPEATED = 10, 50, 1.02, (0.02, 0.9)
FEW_MEET = 0.5
# What the keys of two tables may differ in; each with the line that takes it away.
WAYS: Mapping[str, tuple[Callable[[Column], Column], str]] = {
    "capitals and blanks": (lambda key: _fold(key), 'customer_case = "fold" for both tables'),
    "zeros in front": (lambda key: key.re_replace("^0+", ""), "customer = lambda rows: rows.KEY.re_replace('^0+', '')"),
    "signs that are no digits": (
        lambda key: key.re_replace(r"\D", ""),
        "customer = lambda rows: rows.KEY.re_replace('[^0-9]', '')",
    ),
}


@dataclass(frozen=True)
class Meeting:
    """How many customers two tables share.

    Args:
        alone: customers of the first table that the second lacks.
        unknown: customers of the second table that the first lacks.
        both: customers of both.
        rows: rows of the first table.
        rows_alone: those of them whose customer the second lacks.
    """

    alone: int
    unknown: int
    both: int
    rows: int
    rows_alone: int


def with_keys(declared: Events, named: Role, not_customers: Sequence[str] | None, customer_case: str) -> Events:
    """Set aside what stands for nobody, read 12345.0 as 12345, and note which keys look doubtful; runs a few queries.

    Args:
        declared: an event table or attributes.
        named: the column of the key, for messages.
        not_customers: the keys that stand for nobody, whatever their capitals; None for the usual words, such as
            guest and n/a.
        customer_case: "keep", or "fold" where keys that differ only in capitals and blanks are one customer.

    Raises:
        HistoryError: a spreadsheet cut the keys, or an argument is none of what it may be.
    """
    _check_arguments(not_customers, customer_case)
    if customer_case == "fold":
        declared = _with_customer(declared, _fold)
    words = sorted(PLACEHOLDERS if not_customers is None else {key.strip().lower() for key in not_customers})
    if declared.keys is not None:
        read = _seen(declared.keys, words, CUSTOMER_NUMBER in declared.used.columns)
        declared = replace(declared, keys=None, customers=read["keys"])
        if not _needs_a_look(read, 2):  # times as heavy as a key becomes where half of the rows are set aside
            return declared
    keys = declared.used.group_by("customer").aggregate(n=declared.used.count()).cache()
    seen = _seen(keys, words, CUSTOMER_NUMBER in declared.used.columns)
    if not _needs_a_look(seen):
        return declared
    counts = seen | _counts(keys)
    _check_whole(keys, counts, named)
    if _has_points(counts):
        declared, keys = _without_points(declared, keys, counts["points"])
    aside, nobody = _without_nobody(declared, keys, words, not_customers is None)
    if nobody:
        keys = keys.filter(~keys.customer.isin(list(nobody)))
        counts |= _seen(keys, (), CUSTOMER_NUMBER in declared.used.columns) | _counts(keys)
    notes = (*_heavy(keys, nobody), *_alike(counts))
    return replace(aside, notes=(*aside.notes, *notes))


def meeting(rows: Table, buyers: Table) -> Meeting:
    """Count the customers that a table shares with those who bought."""
    counts = rows.group_by("customer").aggregate(n=rows.count()).mutate(side=1)
    both = ibis.union(counts, buyers.select("customer").distinct().mutate(n=ibis.literal(0, "int64"), side=2))
    keys = both.group_by("customer").aggregate(n=both.n.sum(), side=both.side.sum())
    sides = {name: (keys.side == side).sum() for side, name in ((1, "alone"), (2, "unknown"), (3, "both"))}
    alone = keys.n.sum(where=keys.side == 1)
    values = keys.aggregate(**sides, rows=keys.n.sum(), rows_alone=alone).to_pyarrow().to_pylist()[0]
    return Meeting(**{name: int(value or 0) for name, value in values.items()})


def check_meeting(name: str, rows: Table, buyers: Table, having: str = "an order") -> tuple[str, ...]:
    """Note how many customers of an event table have no order, or whatever else its customers should have.

    Raises:
        HistoryError: none has one, and the keys look unlike those of the orders, or are many.
    """
    shared = meeting(rows, buyers)
    customers, bought = shared.alone + shared.both, shared.unknown + shared.both
    if not shared.alone or not bought:
        return ()
    if not shared.both and (min(customers, bought) >= MIN_CUSTOMERS or _are_other_keys(rows, buyers)):
        raise HistoryError(
            f"Event table {name!r} tells of {customers:,} customers, but of none of the {bought:,} with {having}: "
            f"{unlike(rows, buyers)}"
        )
    share = f"{shared.alone:,} of {customers:,} customers in it, with {shared.rows_alone:,} of {shared.rows:,} rows, "
    doubt = f": {unlike(rows, buyers)}" if shared.both < FEW_MEET * customers else ""
    return (f"{share}have no {having.removeprefix('an ').removeprefix('a ')}{doubt}",)


def note_of_returns_only(returns: Table, orders: Table) -> tuple[str, ...]:
    """Note how many customers brought something back of whom no order is known.

    Only those with returns are held in memory, not all who bought.
    """
    keys = returns.select("customer").distinct().anti_join(orders, "customer")
    alone = int(keys.count().to_pyarrow().as_py())
    return (f"{alone:,} customers have returns and no order; nothing is asked about them",) if alone else ()


def unlike(rows: Table, buyers: Table) -> str:
    """Describe how the keys of a table differ from those of the orders, and how they would meet."""
    theirs, ours = shape(rows), shape(buyers)
    others = "as those of the orders do" if theirs == ours else f"those of the orders like {ours}"
    way = way_to_meet(rows, buyers)
    mend = (
        f"Without {way} they meet: {WAYS[way][1]}" if way else "Name the column with the same keys: customer = '...'."
    )
    return f"its keys look like {theirs}, {others}. {mend}"


def way_to_meet(rows: Table, buyers: Table) -> str:
    """Return in what the keys of two tables differ that would meet otherwise, or nothing."""
    plain, _ = _shared_keys(rows, buyers, lambda key: key)
    for what, (way, _) in WAYS.items():
        both, fewest = _shared_keys(rows, buyers, way)
        if both > max(plain, FEW_MEET * fewest):
            return what
    return ""


def _shared_keys(rows: Table, buyers: Table, way: Callable[[Column], Column]) -> tuple[int, int]:
    """Count the keys, changed in a way, that two tables share, and those of the table that has the fewest."""
    sides = [table.select(customer=way(table.customer)).distinct() for table in (rows, buyers)]
    both = sides[0].filter(sides[0].customer != "").intersect(sides[1]).count().to_pyarrow().as_py()
    return both, min(side.count().to_pyarrow().as_py() for side in sides)


def shape(customers: Table) -> str:
    """Return the commonest look of keys, their letters and digits made unknown."""
    key = customers.customer
    look = customers.select(look=key.re_replace(r"\d", "9").re_replace(r"\pL", "a"))
    common = look.group_by("look").aggregate(n=look.count()).order_by([ibis.desc("n"), "look"]).limit(1)
    looks = common.to_pyarrow()["look"].to_pylist()
    return repr(looks[0]) if looks else "nothing"


def has_points(rows: Table) -> bool:
    """Check whether most keys are whole numbers, some of them written like 9.0; runs a query, or two where some are."""
    keys = rows.select("customer").distinct()
    signs = (keys.customer.contains(".") & keys.customer.endswith("0")).sum()
    counts = keys.aggregate(keys=keys.count(), points=signs).to_pyarrow().to_pylist()[0]
    return bool(counts["points"]) and _has_points(counts | _counts(keys))


def without_point(key: Column) -> Column:
    """Return keys such as 9.0 as the whole number that they are."""
    return key.re_replace(POINT, r"\1")


def note_of_own_keys(rows: Table, buyers: Table) -> tuple[str, ...]:
    """Note that nearly every order has a customer of its own, as where the order number was named for the key.

    Args:
        rows: the rows of the orders, or of their lines.
        buyers: the number of orders `n` of each customer.
    """
    counts = buyers.aggregate(customers=buyers.count(), orders=buyers.n.sum()).to_pyarrow().to_pylist()[0]
    if counts["customers"] < MIN_OWN or counts["orders"] > OWN * counts["customers"]:
        return ()
    named = ("customer", "at", "known_at", "returned", CUSTOMER_NUMBER, *TEXT_ROLES, *NUMBER_ROLES)
    others = [c for c in rows.columns if c not in named and (rows[c].type().is_string() or rows[c].type().is_integer())]
    kinds = rows.aggregate(**{c: rows[c].nunique() for c in others}).to_pyarrow().to_pylist()[0] if others else {}
    low, high = (share * counts["orders"] for share in REPEATED)
    repeated = [repr(column) for column, n in kinds.items() if low <= n <= high]
    better = f"; columns whose values come back: {listed(repeated)}" if repeated else ""
    return (
        f"every order has a customer of its own ({counts['customers']:,} in {counts['orders']:,} orders): is it the "
        f"number of the order{better}? (customer = '...' names the customer's key)",
    )


def _are_other_keys(rows: Table, buyers: Table) -> bool:
    """Return whether the keys of two tables are written in another way, whatever their lengths."""
    looks = [re.sub(r"(.)\1+", r"\1", shape(table)) for table in (rows, buyers)]
    return looks[0] != looks[1] or bool(way_to_meet(rows, buyers))


def _check_arguments(not_customers: Sequence[str] | None, customer_case: str) -> None:
    if isinstance(not_customers, str) or not all(isinstance(key, str) for key in not_customers or ()):
        raise HistoryError(
            f"Keys that are no customers are a list of texts, got {type(not_customers).__name__}. "
            'Write not_customers = ["0", "guest"].'
        )
    if customer_case not in CASES:
        raise HistoryError(
            f"The capitals of keys are 'keep' or 'fold', got {customer_case!r}. Write customer_case = 'fold'."
        )


def _fold(key: Column) -> Column:
    return reduce(lambda text, blank: text.replace(blank, ""), BLANKS, key.lower())


def _with_customer(declared: Events, change: Callable[[Column], Column]) -> Events:
    ends = ["customer", *([OTHER] if OTHER in declared.columns else [])]
    table, used = (t.mutate(**{end: change(t[end]) for end in ends}) for t in (declared.table, declared.used))
    return replace(declared, table=table, used=used, keys=None, customers=0)


def _needs_a_look(seen: Mapping[str, int], times: int = 1) -> bool:
    """Check whether some keys look doubtful, or one is heavy, or would be if it were so many times as heavy."""
    heavy = seen["keys"] >= MIN_CUSTOMERS and times * seen["most"] >= _least_heavy(seen["rows"])
    return heavy or any(seen[sign] for sign in SIGNS)


def _seen(keys: Table, words: Sequence[str], numbers: bool) -> dict[str, int]:
    """Count in one query, by plain tests, the keys that need a second look; numbers need fewer tests."""
    key = keys.customer
    figures: dict[str, Any] = {"keys": keys.count(), "rows": keys.n.sum(), "most": keys.n.max()}
    figures["odd"] = ((key.length() >= LONG) & key.contains("000000")).sum()
    if words and not (numbers and words == sorted(PLACEHOLDERS)):
        figures["nobody"] = key.lower().isin(words).sum()
    if not numbers:
        figures["alike"] = keys.count() - _fold(key).nunique()
        figures["points"], figures["cut"] = (key.contains(".") & key.endswith("0")).sum(), key.contains("+").sum()
        figures["padded"] = (key.startswith("0") & (key.length() > 1)).sum()
    values = keys.aggregate(**figures).to_pyarrow().to_pylist()[0]
    return dict.fromkeys(SIGNS, 0) | {name: int(value or 0) for name, value in values.items()}


def _counts(keys: Table) -> dict[str, int]:
    """Count the keys that a spreadsheet or a program wrote, and those that are the same but for zeros in front."""
    key = keys.customer
    patterns = {"points": POINT, "fractions": FRACTION, "cut": CUT, "cut_numbers": CUT_NUMBER, "long": LONG_NUMBER}
    figures = {name: key.re_search(pattern).sum() for name, pattern in (patterns | {"digits": r"^\d+$"}).items()}
    unpadded = key.re_replace(r"^0+(\d)", r"\1").nunique()
    return keys.aggregate(**figures, unpadded=unpadded).to_pyarrow().to_pylist()[0]


def _check_whole(keys: Table, counts: Mapping[str, int], named: Role) -> None:
    """Refuse keys of which a spreadsheet kept the first digits."""
    written = counts["cut_numbers"] if 2 * counts["cut_numbers"] > counts["long"] else 0
    if not counts["cut"] + written:
        return
    pattern, look = (CUT, "9.99999E+99") if counts["cut"] else (CUT_NUMBER, "999999000000")
    rows = keys.n.sum(where=keys.customer.re_search(pattern)).to_pyarrow().as_py()
    column = f"Column {named!r}" if isinstance(named, str) else "The column"
    raise HistoryError(
        f"{column}, declared as 'customer', has {counts['cut'] + written:,} keys (in {rows:,} rows) like {look}, of "
        "which a spreadsheet kept only the first digits, so that several customers share one key. Export the table "
        "again and read the file as it is, or format the column as text before the spreadsheet saves it."
    )


def _has_points(counts: Mapping[str, int]) -> bool:
    """Check whether most keys are whole numbers, some of them written with a decimal point."""
    numbers = counts["points"] + counts["digits"]
    return counts["points"] > 0 and not counts["fractions"] and 2 * numbers >= counts["keys"]


def _without_points(declared: Events, keys: Table, count: int) -> tuple[Events, Table]:
    some = f"{count:,} keys are" if count > 1 else "1 key is"
    assumed = Assumption(f"{some} written like 9.0, and read as the whole number 9")
    changed = keys.mutate(customer=without_point(keys.customer))
    again = changed.group_by("customer").aggregate(n=changed.n.sum())
    return replace(_with_customer(declared, without_point), assumed=(*declared.assumed, assumed)), again.cache()


def _without_nobody(declared: Events, keys: Table, words: Sequence[str], usual: bool) -> tuple[Events, dict[str, int]]:
    """Set aside the rows of keys that stand for nobody; the keys are few, and their rows counted."""
    if not words:
        return declared, {}
    wanted = keys.filter(keys.customer.lower().isin(words)).order_by([ibis.desc("n"), "customer"]).to_pyarrow()
    nobody = dict(zip(wanted["customer"].to_pylist(), wanted["n"].to_pylist(), strict=True))
    if not nobody:
        return declared, {}
    table, used = declared.table, declared.used
    again = (table.set_aside.isnull() & table.customer.isin(list(nobody))).fill_null(False)
    marked = table.mutate(set_aside=again.ifelse(NO_CUSTOMER, table.set_aside))
    what = f"{sum(nobody.values()):,} rows of {_named(nobody)} count as rows of no customer"
    assumed = (Assumption(what, "not_customers = []"),) if usual else ()
    kept = used.filter(~used.customer.isin(list(nobody)))
    return replace(declared, table=marked, used=kept, assumed=(*declared.assumed, *assumed)), nobody


def _named(nobody: Mapping[str, int]) -> str:
    return ", ".join(f"{key!r} ({n:,})" if len(nobody) > 1 else repr(key) for key, n in nobody.items())


def _heavy(keys: Table, nobody: Mapping[str, int]) -> tuple[str, ...]:
    """Note a key, or a few, with many times more rows than the next: it may stand for many people."""
    total = keys.aggregate(keys=keys.count(), rows=keys.n.sum()).to_pyarrow().to_pylist()[0]
    if total["keys"] < MIN_CUSTOMERS:
        return ()
    top = keys.order_by([ibis.desc("n"), "customer"]).limit(HEAVIEST + 1).to_pyarrow().to_pylist()
    least = _least_heavy(total["rows"])
    times = [NOBODY_TIMES if NOBODY_NUMBER.fullmatch(row["customer"]) else MANY_TIMES for row in top]
    steps = [k for k in range(len(top) - 1) if top[k]["n"] >= max(least, times[k] * top[k + 1]["n"])]
    return tuple(_outweighs(top[: k + 1], top[k + 1]["n"], total["rows"], nobody) for k in steps[-1:])


def _least_heavy(rows: int) -> float:
    return max(MANY, MANY_SHARE * rows)


def _outweighs(heavy: Sequence[Mapping[str, Any]], after: int, rows: int, nobody: Mapping[str, int]) -> str:
    keys = [row["customer"] for row in heavy]
    names = [key if NOBODY_NUMBER.fullmatch(key) else "..." for key in keys]
    n, few = sum(row["n"] for row in heavy), "one key" if len(heavy) == 1 else f"{len(heavy)} keys"
    who = ", ".join(repr(name) for name in names if name != "...")
    who = who or f"written like {shape(ibis.memtable({'customer': keys}))}"
    line = ", ".join(f'"{key}"' for key in (*names, *(key for key in nobody if key.lower() in PLACEHOLDERS)))
    return (
        f"{few} ({who}) with {n:,} of {rows:,} rows ({n / rows:.0%}) have {heavy[-1]['n'] / after:.0f} times as many "
        f"as the next: many people under one key, such as guests? (not_customers = [{line}] sets them aside)"
    )


def _alike(counts: Mapping[str, int]) -> tuple[str, ...]:
    capitals, zeros = counts["alike"], counts["keys"] - counts["unpadded"]
    notes = {
        f"{capitals:,} keys differ from another one only in capitals or blanks, and count as customers of their own "
        '(customer_case = "fold" makes them one)': capitals,
        f"{zeros:,} keys differ from another one only by zeros in front, and count as customers of their own": zeros,
    }
    return tuple(note for note, count in notes.items() if count)
