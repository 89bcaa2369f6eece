"""Links: which columns of which files meet, by the values that they share and by what they are called.

Values are compared by a sample that both sides draw alike: those with the smallest hashes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from patron.settings.proposal.columns import ColumnLook, TableLook
from patron.settings.proposal.words import has

__all__ = ["CUSTOMER_WORDS", "Link", "Links", "links_of"]

DRAWN = 1000
MEETING = 0.5  # of the keys of one side that the other must have
NAMED = "id|customer|email|phone|order|invoice|transaction|item|account|contact|member|user|name"
CUSTOMER_WORDS = "customer|account|contact|member|user|company|household"
GENERAL = {
    "id",
    "record",
    "entity",
    "unique",
    "name",
    "the",
    "of",
    "de",
    "associated",
    "export",
    "dataset",
    "all",
    "utc",
}
MEASURED = "price|quantity|cost|total|amount|tax|discount|date"
FEW = 5  # different values of a column that is no key, where there are rows enough
MANY = 20  # different values of a key whose name says nothing
Place = tuple[int, str]


@dataclass(frozen=True)
class Link:
    """A column whose values are keys of another file, where each stands once.

    Args:
        table: the place of the file among all.
        column: its column.
        other: the place of the file with the keys.
        key: the column of these there.
        share: of the different values of the column that are keys there.
    """

    table: int
    column: str
    other: int
    key: str
    share: float


@dataclass(frozen=True)
class Links:
    """The links between some files, and which columns hold the same things.

    Args:
        each: the links.
        alike: pairs of columns that share values, neither of which need be a key.
    """

    each: tuple[Link, ...]
    alike: tuple[tuple[Place, Place], ...]

    def of(self, table: int) -> list[Link]:
        """Return the links from a file to others, the surest first."""
        return sorted((link for link in self.each if link.table == table), key=lambda link: -link.share)

    def same(self, place: Place) -> set[Place]:
        """Return the columns that hold what a column holds, itself with them."""
        return self._groups.get(place, {place})

    @cached_property
    def _groups(self) -> Mapping[Place, set[Place]]:
        groups: dict[Place, set[Place]] = {}
        for first, second in self.alike:
            together = groups.get(first, {first}) | groups.get(second, {second})
            groups |= dict.fromkeys(together, together)
        return groups


@dataclass(frozen=True)
class _Drawn:
    """The smallest hashes of the values of a column, and whether these are all."""

    hashes: frozenset[int]
    whole: bool

    def share_in(self, other: "_Drawn") -> float:
        """Estimate the share of the values that another column has too."""
        beyond = min((max(side.hashes) for side in (self, other) if not side.whole), default=None)
        mine = [h for h in self.hashes if beyond is None or h <= beyond]
        return sum(h in other.hashes for h in mine) / len(mine) if mine else 0.0


def links_of(looks: Sequence[TableLook]) -> Links:
    """Return how some files meet; runs a query for each column that may be a key."""
    if len(looks) < 2:
        return Links((), ())
    columns = [(i, c) for i, look in enumerate(looks) for c in look.columns.values() if _may_be(c, looks)]
    drawn = {(i, c.name): _drawn(looks[i], c) for i, c in columns}
    each, alike = [], []
    for place, mine in drawn.items():
        for other, theirs in drawn.items():
            if place[0] == other[0] or not _same_thing(looks, place, other):
                continue
            share = mine.share_in(theirs)
            if share >= MEETING:
                alike.append((place, other))
                if looks[other[0]].columns[other[1]].is_unique:
                    each.append(Link(*place, *other, share))
    return Links(tuple(each), tuple(alike))


def _may_be(column: ColumnLook, looks: Sequence[TableLook]) -> bool:
    """Check whether a column may be a key: by its name, or as a text of many values whose name is in several files."""
    few = column.distinct < FEW <= column.rows // 2
    if column.kind not in ("text", "number") or column.is_time or few or has(column.words, MEASURED):
        return False
    several = sum(column.name in look.columns for look in looks) > 1
    return has(column.words, NAMED) or (several and _is_whole(column) and column.distinct >= MANY)


def _is_whole(column: ColumnLook) -> bool:
    return column.kind == "text" or not any(value % 1 for value in column.values)


def _drawn(look: TableLook, column: ColumnLook) -> _Drawn:
    value = look.table[column.name]
    if value.type().is_floating():
        value = value.cast("int64")
    text = value.cast("string").strip()
    text = text.lower() if column.has_emails else text
    rows = look.table.select(h=text.hash()).filter(lambda t: t.h.notnull()).distinct()
    hashes = rows.order_by("h").limit(DRAWN).to_pyarrow()["h"].to_pylist()
    return _Drawn(frozenset(hashes), len(hashes) < DRAWN)


def _same_thing(looks: Sequence[TableLook], place: Place, other: Place) -> bool:
    """Check whether two columns can mean the same: by their names, or by values that no other thing has."""
    mine, theirs = (_things(looks, end) for end in (place, other))
    if mine & theirs:
        return True
    columns = [looks[i].columns[c] for i, c in (place, other)]
    return all(_is_telling(column) for column in columns)


def _things(looks: Sequence[TableLook], place: Place) -> set[str]:
    """Return what a key is that of: the words beside its general ones, or those of its file."""
    words = set(looks[place[0]].columns[place[1]].words.split()) - GENERAL
    named = [set(look.words.split()) for look in looks]
    common = {word for word in named[0] if all(word in others for others in named)}
    return words or named[place[0]] - GENERAL - common


def _is_telling(column: ColumnLook) -> bool:
    """Check whether values are so long that two columns share them only where they mean the same."""
    texts = column.texts
    return bool(texts) and column.kind == "text" and _mean(len(text) for text in texts) >= 6 and column.distinct > 5


def _mean(numbers: Iterable[int]) -> float:
    listed = list(numbers)
    return sum(listed) / len(listed)
