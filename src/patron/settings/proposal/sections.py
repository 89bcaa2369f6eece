"""Sections: a draft of the settings for each file, with the roles of its columns, a reason for each, and doubts."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from patron.history.complaints import WITH_COMPLAINTS, is_complaint
from patron.history.directions import are_directions, is_incoming
from patron.history.offers import OFFERS
from patron.settings.proposal.campaigns import is_campaign, with_campaign
from patron.settings.proposal.columns import ColumnLook, TableLook
from patron.settings.proposal.contracts import contract_draft, is_of_contracts
from patron.settings.proposal.drafts import Draft, Entry, JoinTo, literal
from patron.settings.proposal.known import known_of
from patron.settings.proposal.links import Links
from patron.settings.proposal.money import money_entries
from patron.settings.proposal.numbering import Layout, layout_of, order_column
from patron.settings.proposal.reach import Reached, reached
from patron.settings.proposal.roles import fits
from patron.settings.proposal.statuses import with_statuses
from patron.settings.proposal.survey import Survey, Way
from patron.settings.proposal.timing import with_time
from patron.settings.proposal.words import has

__all__ = ["drafts_of"]

TABLES = (
    ("returns", "return|refund"),
    ("tickets", "ticket|support|service|case"),
    ("contacts", "contact|campaign|email|visit|activity|touchpoint|touchpoints|call|calls|meeting|meetings"),
)
TAKEN_FOR = {"order": 4.0, "item": 3.5, "category": 3.0, "currency": 4.0, "channel": 4.0, "kind": 4.0, "direction": 4.0}
OF_SOLD = ("order", "item", "category", "currency", "channel")
OF_OTHERS = ("kind", "direction", "channel")
HALF, MANY = 0.5, 20
NEARLY = 1.25  # pairs of code and name for each code, and for each name: goods are renamed, and two may share a name
SEVERAL = re.compile(r"\w\s*[;|]\s*\w")  # keys in one cell
SURE_PERSON = 1.5  # what the customer's key must score, so that nothing is asked
NOBODY, FEW_NOBODY = ("0", "-1"), 0.01  # numbers that stand for nobody where so many rows have them
FLAG = r"cancel\w*|storn\w*|void\w*|refund|return|test|deleted|annul\w*"  # words of marks of no purchase
NO = ("false", "f", "0", "n", "no", "nein", "non")


def drafts_of(looks: Sequence[TableLook], links: Links, result: Survey) -> list[Draft]:
    """Return the sections for some files that were looked at together."""
    header = result.orders
    if header is None:
        return []
    if is_of_contracts(looks[header]):
        drafts = [_contracts(header, looks, result.ways[header])]
    else:
        orders = _sold("orders", header, looks, links, result)
        drafts = [orders]
    if result.lines is not None:
        lines = _sold("lines", result.lines, looks, links, result)
        bare = not {"amount", "total", "gross", "price"} & set(orders.entries)
        drafts = [lines] if bare else [orders, lines]
    names = {"identities", *(draft.name for draft in drafts)}
    for i in result.events:
        if is_of_contracts(looks[i]) and "contracts" not in names and not result.ways[i].joins:
            names.add("contracts")
            drafts.append(_contracts(i, looks, result.ways[i]))
            continue
        name = OFFERS if OFFERS not in names and is_campaign(looks[i]) else _event_name(looks[i], names)
        names.add(name)
        drafts.append(_other(name, i, looks, links, result.ways[i]))
    for i, key in result.attributes.items():
        called = has(looks[i].words, "customer") and "customers" not in names
        name = "customers" if called else _plain(looks[i].name, names)
        names.add(name)
        drafts += known_of(name, looks[i], key)
    return [_with_others(draft) for draft in drafts]


def _sold(name: str, i: int, looks: Sequence[TableLook], links: Links, result: Survey) -> Draft:
    """Return the section of orders or of their lines."""
    look, way = looks[i], result.ways[i]
    columns = list(look.columns.values())
    order = order_column(look, way.person.name, way.at.column.name if way.at else "")
    layout = layout_of(look, order)
    draft = _begun("tables", name, look, looks, way)
    draft = with_time(draft, look, columns, way)
    if order:
        draft = draft.with_entry("order", order, _of_order(look.columns[order], layout))
    draft = _with_item_name(_with_roles(draft, columns, OF_SOLD), columns)
    money, doubts = money_entries([c for c in columns if c.name not in _taken(draft)], layout)
    for role, (column, why) in money.items():
        draft = draft.with_entry(role, column, why)
    for question, line in doubts:
        draft = draft.asking(question, line)
    if "category" not in draft.entries:
        draft = _joined_category(draft, i, looks, links)
    draft = _in_one_currency(draft, columns)
    amount = next((money[role][0] for role in ("total", "amount", "gross", "quantity") if role in money), "")
    for there in dict.fromkeys((i, *(link.other for link in way.joins if link.other == result.orders))):
        draft = with_statuses(draft, looks[there], amount, layout.first)
    return _filled(_with_cancelled(draft, columns), layout)


def _contracts(i: int, looks: Sequence[TableLook], way: Way) -> Draft:
    begun = _begun("subscriptions", "contracts", looks[i], looks, way)
    draft = contract_draft(looks[i], begun.entries["customer"])
    return replace(draft, questions=(*begun.questions, *draft.questions))


def _with_cancelled(draft: Draft, columns: Sequence[ColumnLook]) -> Draft:
    """Point at the times of cancellation, which no condition can ask for, and ask about marks that say so."""
    for column in columns:
        if has(column.words, r"cancel\w*") and has(column.words, "at|date|time|on") and 0 < column.known < column.rows:
            words = (
                f"{column.name!r} is filled in {column.known:,} rows, which count as far as no status leaves them out"
            )
            draft = draft.asking(words)
        if column.distinct == 2 and column.kind in ("truth", "number", "text") and has(column.words, FLAG):
            draft = _asking_of(draft, column)
    return draft


def _asking_of(draft: Draft, column: ColumnLook) -> Draft:
    """Ask about the rows that a mark names, where one of its two values says no."""
    no = next((cell for cell in column.values if str(cell).strip().lower() in NO), None)
    if no is None:
        return draft
    rows = sum(cell != no for cell in column.values)
    words = f"{column.name!r} is not {str(no).lower()} in {rows:,} of the first {len(column.cells):,} rows"
    return draft.asking(f"{words}, which count as purchases", f"where = {literal({column.name: no})}")


def _in_one_currency(draft: Draft, columns: Sequence[ColumnLook]) -> Draft:
    """Take the amount that is converted already, where the other is of several currencies."""
    currency = draft.look.columns.get(draft.value("currency") or "")
    turned = [fit.column for fit in fits("amount", columns) if has(fit.column.words, "converted|base|settled|home")]
    if currency is None or currency.distinct < 2 or not turned or "amount" not in draft.entries:
        return draft
    own = next((c for c in columns if has(c.words, "converted|base|settled|home") and has(c.words, "currency")), None)
    line = f"amount = {literal(turned[0].name)}"
    draft = replace(draft, questions=tuple(each for each in draft.questions if each[1] != line))
    draft = draft.without("currency", "amount").with_entry("amount", turned[0].name, f"{currency.name!r} names several")
    return draft.with_entry("currency", own.name) if own else draft


def _begun(section: str, name: str, look: TableLook, looks: Sequence[TableLook], way: Way) -> Draft:
    person = way.person
    joins = tuple(JoinTo(looks[link.other], link.column, link.key) for link in way.joins)
    draft = Draft(section, name, look, {"customer": Entry(person.name, _of_person(person.reached, look))}, joins)
    for other in way.others:
        draft = draft.asking(
            f"{person.name!r} was taken for the customer's key; {other.name!r} is about as likely "
            f"({_of_person(other.reached, look)})",
            f'customer = "{other.name}"',
        )
    column = person.reached.column
    if person.name_score < SURE_PERSON:
        what = (
            "a name, which two people may share" if has(column.words, "name") else "told by no name, only by its values"
        )
        draft = draft.asking(f"the customer's key, {person.name!r}, is {what}: is there a better one?")
    several = sum(bool(SEVERAL.search(text)) for text in column.texts) if not column.has_emails else 0
    if several:
        words = f"{person.name!r} names several in {several:,} of the first {len(column.cells):,} rows, and each such"
        draft = draft.asking(f"{words} list counts as a customer of its own: give such rows once for each")
    nobody = sum(text in NOBODY for text in column.texts)
    if column.kind == "number" and not way.joins and nobody >= FEW_NOBODY * len(column.texts) > 0:
        draft = draft.with_entry("not_customers", ["0", "-1"], f"{nobody:,} of the first {len(column.cells):,} rows")
    if name in ("orders", "lines") and column.is_unique and not person.reached.joins and look.rows >= 10:
        draft = draft.asking("every row has another customer, so that nobody comes back: is there a better key?")
    return draft


def _of_person(at: Reached, look: TableLook) -> str:
    column = at.column
    what = "e-mail addresses" if column.has_emails else "keys"
    where = "" if not at.joins else f" of {len(at.joins)} file{'s' * (len(at.joins) > 1)} joined"
    return f"{column.distinct:,} different {what}{where}, {look.rows:,} rows"


def _with_roles(draft: Draft, columns: Sequence[ColumnLook], roles: Iterable[str]) -> Draft:
    for role in roles:
        if role in draft.entries:
            continue
        taken = _taken(draft)
        some = [fit for fit in fits(role, columns) if fit.column.name not in taken and fit.score >= TAKEN_FOR[role]]
        some = [fit for fit in some if fit.column.filled >= HALF] or some
        if role == "item" and draft.look.rows >= MANY:
            some = [fit for fit in some if not fit.column.is_unique]
        if some:
            draft = draft.with_entry(role, some[0].column.name)
    return draft


def _with_item_name(draft: Draft, columns: Sequence[ColumnLook]) -> Draft:
    """Name the column that says what items are called, where nearly every item has a name and a name of its own."""
    item, taken = draft.look.columns.get(draft.value("item") or ""), _taken(draft)
    if item is None:
        return draft
    for fit in fits("item_name", [column for column in columns if column.name not in taken]):
        pairs = {(code, name) for code, name in zip(item.cells, fit.column.cells, strict=True) if name is not None}
        codes, names = ({pair[i] for pair in pairs} for i in (0, 1))
        if pairs and len(pairs) <= NEARLY * min(len(codes), len(names)):
            return draft.with_entry("item_name", fit.column.name, f"{len(names):,} names of {len(codes):,} items seen")
    return draft


def _taken(draft: Draft) -> set[str]:
    return {entry.value for entry in draft.entries.values() if isinstance(entry.value, str)}


def _of_order(column: ColumnLook, layout: Layout) -> str:
    return f"{column.distinct:,} different, several rows each" if layout.has_lines else f"{column.distinct:,} different"


def _joined_category(draft: Draft, i: int, looks: Sequence[TableLook], links: Links) -> Draft:
    """Join the file of products for the kind of goods, where the item is its key."""
    item = draft.value("item")
    near = [r for r in reached(i, looks, links) if r.joins and r.joins[0].column == item]
    some = [fit for fit in fits("category", [r.column for r in near]) if fit.score >= TAKEN_FOR["category"]]
    if not some:
        return draft
    way = next(r.joins for r in near if r.column is some[0].column)
    joins = tuple(JoinTo(looks[link.other], link.column, link.key) for link in way)
    return replace(draft.with_entry("category", some[0].column.name), joins=(*draft.joins, *joins))


def _filled(draft: Draft, layout: Layout) -> Draft:
    """Fill down what stands only on the first line of an order, as far as it is used."""
    used = [draft.value(role) for role in ("customer", "at", "currency", "channel")]
    gaps = [c for c in (*used, *(draft.value("where") or ()), *(draft.value("returns") or ())) if c in layout.first]
    return draft.with_entry("fill_down", gaps, "written only on the first line of an order") if gaps else draft


def _other(name: str, i: int, looks: Sequence[TableLook], links: Links, way: Way) -> Draft:
    """Return the section of events that are no orders."""
    look = looks[i]
    columns = list(look.columns.values())
    draft = with_time(_begun("tables", name, look, looks, way), look, columns, way)
    if name == OFFERS and is_campaign(look):
        return _with_roles(with_campaign(draft, columns), columns, ("channel",))
    if name == "returns":
        order = next((fit.column.name for fit in fits("order", columns) if fit.score >= TAKEN_FOR["order"]), "")
        draft = draft.with_entry("order", order) if order else draft
        sums = [c for c in columns if not c.is_time and not has(c.words, "id")]
        money = [fit.column.name for fit in fits("amount", sums) if fit.score > 0]
        back = [c.name for c in sums if c.is_number and has(c.words, "refund|return|amount|total") and c.name != order]
        amount = next(iter((*money, *back)), "")
        return draft.with_entry("amount", amount) if amount else draft
    draft = _with_direction(_with_roles(draft, columns, OF_OTHERS))
    return _with_complaints(draft) if name in WITH_COMPLAINTS else draft


def _with_direction(draft: Draft) -> Draft:
    """Ask who began contacts, where no direction has a usual name of what customers begin."""
    values = _texts_of(draft, "direction")
    if not values or are_directions(values):
        return draft
    column = draft.look.columns[draft.value("direction")]
    question = (
        f"{column.name!r} may say who began contacts; to read it, name what customers began too: incoming = [...]"
    )
    return draft.without("direction").asking(question, f"direction = {literal(column.name)}")


def _with_complaints(draft: Draft) -> Draft:
    """Ask which kinds complain, where none of those that customers may have begun has a usual name of it."""
    kinds, directions = _texts_of(draft, "kind"), _texts_of(draft, "direction")
    if not kinds or any(map(is_complaint, kinds)) or (directions and not any(map(is_incoming, directions))):
        return draft
    return draft.asking("which of these kinds of contacts complain? None: []", f"complaints = {literal(sorted(kinds))}")


def _texts_of(draft: Draft, role: str) -> set[str]:
    """Return the texts of the column that has a role, as far as they were looked at; none where no column has it."""
    column = draft.look.columns.get(draft.value(role) or "")
    return {text for text in map(str, column.values if column else ()) if text.strip()}


def _event_name(look: TableLook, names: set[str]) -> str:
    known = next((name for name, words in TABLES if has(look.words, words)), "")
    return known if known and known not in names else _plain(look.name, names)


def _plain(name: str, names: set[str]) -> str:
    plain = re.sub(r"\W+", "_", name.lower()).strip("_") or "events"
    return plain if plain not in names else f"{plain}_2"


def _with_others(draft: Draft) -> Draft:
    taken = _taken(draft) | {column for entry in draft.entries.values() for column in _named_in(entry.value)}
    return replace(draft, others=tuple(c for c in draft.look.columns if c not in taken))


def _named_in(value: object) -> Iterable[str]:
    return value if isinstance(value, list | dict) else ()
