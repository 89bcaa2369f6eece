"""A proposal: a settings file to begin with, from what a business's own files look like.

What can be told from names, types and values is written down; what cannot is left as a comment that says so. Nothing
about money is assumed.
"""

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path

from ibis.expr.types import Table

from patron.engines.files import read, write_text
from patron.errors import HistoryError, SettingsError, listed
from patron.history.time_forms import family_of
from patron.history.times import FormSetting, read_times

__all__ = ["propose"]

# Names that columns of a role go by, the surest first, without signs between the words.
WORDS = """
customer: customer customerid custid cust customerkey customerno clientid client userid user memberid member
customer: householdkey householdid household accountid account buyerid buyer visitorid contactid shopperid
at: at ts timestamp datetime orderedat orderdate ordertime purchasedate invoicedate transactiondate createdat
at: eventtime eventdate date time day saledate when
amount: amount paid netamount paidamount amountpaid totalpaid revenue sales salesvalue
amount: total totalamount totalprice ordertotal ordervalue spend value
order: order orderid orderno invoice invoiceno invoiceid transactionid basketid receiptid salesorderid
item: item itemid productid product sku stockcode article articleid
category: category categoryid productcategory department productgroup
quantity: quantity qty units pieces
price: price unitprice
channel: channel
kind: kind
direction: direction
discount: discount
tax: tax
cost: cost
margin: margin
shipping: shipping
"""
NUMBERS = ("amount", "quantity", "price", "discount", "tax", "cost", "margin", "shipping")
WANTED = ("customer", "at", "amount", "order", "item", "category")
SOLD = ("orders", "lines", "returns")  # of other tables only who and when is asked for
TABLES = (
    ("returns", r"return|refund"),
    ("lines", r"line|item|detail|basket|orderline|orderitem"),
    ("tickets", r"ticket|support|service|case"),
    ("contacts", r"contact|campaign|mail|visit"),
    ("orders", r"order|purchas|transact|sale|invoice|event"),
    ("customers", r"customer|client|member|household|people|user|account|profile|kunde"),
)
MARK, BACK = r"^(event)?_?(type|kind|status)$", r"return|refund|cancel|storn"
LOOKED_AT, FEW, LONGEST, CUTOFFS, LONG = 1000, 50, 90, 6, 730


def _names() -> Mapping[str, list[str]]:
    names: dict[str, list[str]] = {}
    for role, _, words in (line.partition(":") for line in WORDS.split("\n") if line):
        names.setdefault(role, []).extend(words.split())
    return names


KNOWN = _names()
SINCE = r"valid_?from|effective_?from|since|changed_?at|updated_?at|gueltig_?ab"  # from when a row of facts holds


@dataclass(frozen=True)
class _File:
    """One file as it looks: its section and table, the columns by role, those left, and the span of its times."""

    section: str
    name: str
    path: Path
    roles: Mapping[str, str]
    others: tuple[str, ...]
    marks: Mapping[str, tuple[str, ...]]
    span: tuple[datetime, datetime] | None

    @property
    def missing(self) -> list[str]:
        """The roles worth asking for that could not be told; an amount is also price times quantity."""
        computed = {"amount"} if {"price", "quantity"} <= set(self.roles) else set()
        wanted = WANTED if self.name in SOLD else WANTED[: 2 if self.section == "tables" else 1]
        return [role for role in wanted if role not in {*self.roles, *computed}]


def propose(files: Sequence[Path], out: Path) -> list[str]:
    """Write a settings file for some event tables, and describe what could be told from them and what could not.

    Args:
        files: the event tables; the first is taken for the orders where no name tells them.
        out: the settings file to write, which must not be there yet.

    Raises:
        SettingsError: there is a file already.
        HistoryError: a table cannot be read.
    """
    if out.exists():
        raise SettingsError(f"There is a file {out.name!r} already, which stays. Name another one: --out new.toml.")
    inspected = [_inspect(name, path) for name, path in _named(files).items()]
    orders = next(file for file in inspected if file.name in ("orders", "lines"))
    write_text(_text(inspected, orders, out), out)
    return [
        *(_summary(file) for file in inspected),
        f"wrote {out}; mend what it says it could not tell, then: patron check {out}",
    ]


def _named(files: Sequence[Path]) -> dict[str, Path]:
    """Return the files by the name of the event table that each seems to hold."""
    tables: dict[str, Path] = {}
    for path in files:
        stem = path.name.partition(".")[0]
        words = re.sub(r"[\W_\d]+", " ", stem.lower())
        name = next((table for table, like in TABLES if re.search(rf"\b({like})", words)), "")
        plain = re.sub(r"\W+", "_", stem).strip("_") or "events"
        tables[name if name and name not in tables else plain] = path
    if not {"orders", "lines"} & set(tables):
        first = next((name for name in tables if name != "customers"), next(iter(tables)))
        return {"orders": tables[first], **{name: path for name, path in tables.items() if name != first}}
    return tables


def _inspect(name: str, path: Path) -> _File:
    table = read(path)
    roles: dict[str, str] = {}
    for role in KNOWN:
        column = _column(table, role, taken=tuple(roles.values()))
        if column:
            roles[role] = column
    if _tells_of_customers(name, table, roles):
        return _File("attributes", name, path, _known_from(table, roles), (), {}, None)
    others = tuple(column for column in table.columns if column not in roles.values())
    marks = {c: _marks(table, c) for c in table.columns if re.search(MARK, c.lower()) and table[c].type().is_string()}
    return _File("tables", name, path, roles, others, marks, _span(table, roles.get("at", "")))


def _known_from(table: Table, roles: Mapping[str, str]) -> dict[str, str]:
    """The columns of the customer, and of the time from which a row of facts holds, where facts change."""
    if "customer" not in roles:
        return {}
    since = (c for c in table.columns if re.search(SINCE, c.lower()) and _is_time(table, c))
    at = next(since, "" if _is_key(table, roles["customer"]) else roles.get("at", ""))
    return {"customer": roles["customer"]} | ({"at": at} if at else {})


def _tells_of_customers(name: str, table: Table, roles: Mapping[str, str]) -> bool:
    """Check whether a table holds attributes: it is called so, or is none of the known ones and has a row for each."""
    events = {known for known, _ in TABLES} - {"customers"}
    return name == "customers" or (name not in events and "customer" in roles and _is_key(table, roles["customer"]))


def _is_key(table: Table, column: str) -> bool:
    counts = table.aggregate(rows=table.count(), customers=table[column].nunique()).to_pyarrow().to_pylist()[0]
    return bool(counts["rows"] == counts["customers"])


def _column(table: Table, role: str, taken: Sequence[str]) -> str:
    """The column whose name says the role and whose values can have it; of times, the only one whatever its name."""
    free = [column for column in table.columns if column not in taken]
    plain = {re.sub(r"[\W_]+", "", column.lower()): column for column in reversed(free)}
    named = [plain[name] for name in KNOWN[role] if name in plain]
    if role == "at":
        times = [column for column in free if _is_time(table, column)]
        return next((c for c in named if c in times), times[0] if len(times) == 1 else "")
    fitting = [c for c in named if role not in NUMBERS or table[c].type().is_numeric()]
    return next(iter(fitting), "")


def _is_time(table: Table, column: str) -> bool:
    kind = table[column].type()
    if not kind.is_string():
        return bool(kind.is_timestamp() or kind.is_date())
    texts = table.select(text=table[column]).limit(LOOKED_AT).to_pyarrow()["text"].to_pylist()
    known = [text for text in texts if text is not None]
    return bool(known) and all(family_of(text) and not text.strip().isdigit() for text in known)


def _marks(table: Table, column: str) -> tuple[str, ...]:
    """The values of a column that look like purchases taken back."""
    values = table.select(value=table[column]).distinct().limit(FEW).to_pyarrow()["value"].to_pylist()
    return tuple(sorted(value for value in values if value and re.search(BACK, value.lower())))


def _span(table: Table, column: str) -> tuple[datetime, datetime] | None:
    if not column:
        return None
    try:
        at = read_times(table, table[column], FormSetting.of("at"), "UTC").clock
    except HistoryError:  # days and months cannot be told apart; the file that is proposed will be refused for that
        return None
    span = table.aggregate(first=at.min(), last=at.max()).to_pyarrow().to_pylist()[0]
    return (span["first"], span["last"]) if span["first"] else None


def _summary(file: _File) -> str:
    roles = ", ".join(f"{role} = {column}" for role, column in file.roles.items())
    missing = ", ".join(file.missing) or "nothing"
    kind = "attributes " if file.section == "attributes" else ""
    return f"{kind}{file.name} from {file.path.name}: {roles or 'nothing told'}; not told: {missing}"


def _text(files: Sequence[_File], orders: _File, out: Path) -> str:
    name = re.sub(r"[^\w -]+", "-", out.resolve().parent.name).strip(" -") or "shop"
    parts = [
        "# Proposed by patron init. Lines that begin with # are choices, or say what could not be told from the files.",
        f"name = {json.dumps(name)}",
        '# currency = "EUR"                        # what the amounts are in, for reports: could not be told',
        *(_section(file, out) for file in files),
        _questions(orders),
        _OFFERS,
    ]
    return "\n".join(parts)


def _section(file: _File, out: Path) -> str:
    path = os.path.relpath(file.path.resolve(), out.resolve().parent)
    lines = [f"\n[{file.section}.{file.name}]", f"path = {json.dumps(Path(path).as_posix(), ensure_ascii=False)}"]
    lines += [f"{role} = {json.dumps(column, ensure_ascii=False)}" for role, column in file.roles.items()]
    left = listed(json.dumps(column, ensure_ascii=False) for column in file.others)
    lines += [f"# {role} =   # could not be told" for role in file.missing]
    lines += [f"# columns that none of these took: {left}"] if file.others else []
    if file.section == "attributes":
        lines += ['# leave_out = ["status"]                # columns that were written after the outcome would tell it']
    lines += [
        f"# returns = {{ {json.dumps(column)} = {json.dumps(list(values))} }}   # rows that take a purchase back?"
        for column, values in file.marks.items()
        if values
    ]
    return "\n".join(lines)


def _questions(orders: _File) -> str:
    """Write questions, horizons and cutoffs that the orders' time span allows; of profit only where costs are known."""
    first, last = orders.span or (datetime(2023, 1, 1), datetime(2024, 12, 31))
    days = (last - first).days
    horizon = max(1, min(LONGEST, days // CUTOFFS))
    ends = datetime.combine(last.date(), time()) + timedelta(days=1)
    *train, valid, test = (json.dumps(f"{ends - k * timedelta(days=horizon):%Y-%m-%d}") for k in (5, 4, 3, 2, 1))
    paid = {"margin", "cost"} & set(orders.roles) and "amount" in orders.roles
    return f"""
[questions]
{"" if days > LONG else "# "}active_in = 365                      # asked of customers with an order in the last year
churn = {{ horizon = {horizon} }}                # no order within so many days: as far ahead as you can act
next_purchase = {{ horizon = {horizon}, within = [{max(1, horizon // 3)}] }}
{"" if paid else "# "}tier = {{ horizon = {horizon} }}               # profit: needs a margin or cost, or [costs]

# [costs]
# margin_rate = 0.35                      # what is left of an amount: not assumed for you

[cutoffs]{"" if orders.span else "                                 # made up: the time of the orders could not be told"}
train = [{", ".join(train)}]
valid = {valid}
test = {test}"""


_OFFERS = """
# What a customer can be given, for patron decide and report; the effect is your own assumption.
# [decisions]
# budget = 2000.0
# value = 30.0                            # profit of a kept customer, where no tier is asked
# [offers.voucher]
# contact_cost = 0.5
# effect = 0.1
"""
