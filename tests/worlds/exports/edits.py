"""Edits: the lines of a proposed settings file that must be changed until it says what the files really are."""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from worlds.exports.sections import Section, filled, meets_all, meets_any, sections_of
from worlds.exports.truths import Export, File

PURCHASES = ("orders", "lines")
SLACK = timedelta(days=7)  # rows that are no purchases may come after the last one
DOUBT = re.compile(
    r"\?|\b(doubt\w*|unsure|uncertain|perhaps|maybe|may|might|could|guess\w*|assum\w+|instead|otherwise|unless|"
    r"seems?|looks? like|if (it|they|that|these|those)|check (it|that|whether)|not sure|beware)\b",
    re.IGNORECASE,
)
REFUSED = re.compile(
    r"\bpanel\b|one row (for|per)|(without|no) (dates?|times?)|row for each customer|customer's key", re.IGNORECASE
)


@dataclass(frozen=True)
class Edit:
    """One line to change.

    Args:
        place: the section and key.
        why: what is wrong with it, or missing.
        is_wrong: whether something wrong was written, rather than nothing.
        is_silent: whether nobody was told that the line is in doubt.
    """

    place: str
    why: str
    is_wrong: bool
    is_silent: bool


def edits(export: Export, folder: Path, settings: Path, said: str) -> list[Edit]:
    """List what must be changed in a proposal.

    Args:
        export: the truth.
        folder: where its files lie.
        settings: the file that was proposed; it need not be there, where none was.
        said: what was printed beside it.
    """
    text = settings.read_text(encoding="utf-8") if settings.exists() else ""
    content = tomllib.loads(text)
    if not export.has_history:
        return _of_a_panel(content, said)
    doubted = _doubts(f"{text}\n{said}")
    sections = sections_of(content, settings.parent)
    parts = {file.name: [s for s in sections if _reads(s, file, folder)] for file in export.files}
    changes = [edit for file in export.files for edit in _edits_of(file, parts[file.name], doubted)]
    return [*changes, *_cutoff_edits(export, content)]


def _of_a_panel(content: Mapping[str, Any], said: str) -> list[Edit]:
    """Where no times tell of purchases, the right answer is a sentence and no event table."""
    if content.get("tables"):
        return [Edit(f"tables.{name}", "no event table", True, not REFUSED.search(said)) for name in content["tables"]]
    return [] if REFUSED.search(said) else [Edit("", "no word on what can be done with these rows", False, True)]


def _doubts(text: str) -> Callable[[str], bool]:
    """Return what tells whether a line that expresses doubt names a column."""
    lines = [line for line in text.split("\n") if DOUBT.search(line.partition("#")[2] if "#" in line else line)]
    return lambda column: any(column in line for line in lines)


def _reads(section: Section, file: File, folder: Path) -> bool:
    """Check whether a section tells of a file: reads it, or joins the purchases that it is to its rows."""
    own, *joined = section.paths
    path = (folder / file.name).resolve()
    if file.kind == "joined":
        return path == own and not section.joins
    return path == own or (file.kind == "orders" and path in joined)


def _edits_of(file: File, sections: Sequence[Section], doubted: Callable[[str], bool]) -> Iterator[Edit]:
    yield from _kind_edits(file, sections, doubted)
    if file.kind in ("joined", "nothing"):
        return
    yield from _role_edits(file, sections, doubted)
    if file.kind == "orders":
        yield from _row_edits(file, sections, doubted)
    missing = [c for c in file.leave_out if not any(c in s.content.get("leave_out", ()) for s in sections)]
    if missing:
        yield Edit(_place(file, sections, "leave_out"), f"lacks {missing}", False, not all(map(doubted, missing)))
    for key, values in file.told.items():
        if not any(section.content.get(key) in values for section in sections):
            yield Edit(_place(file, sections, key), f"is none of {values}", False, not doubted(key))


def _kind_edits(file: File, sections: Sequence[Section], doubted: Callable[[str], bool]) -> Iterator[Edit]:
    rights = {
        "orders": lambda s: s.kind == "tables" and s.name in PURCHASES,
        "events": lambda s: s.kind == "tables" and s.name not in (*PURCHASES, "returns"),
        "attributes": lambda s: s.kind == "attributes",
        "contracts": lambda s: s.kind == "subscriptions",
    }
    right = rights.get(file.kind, lambda s: False)
    wrong = [section for section in sections if not right(section)]
    for section in wrong:
        yield Edit(f"{section.kind}.{section.name}", f"{file.name} is {file.kind}", True, not doubted(file.name))
    if not sections and file.kind in rights:
        yield Edit(file.name, f"no section reads it as {file.kind}", False, not doubted(file.name))


def _role_edits(file: File, sections: Sequence[Section], doubted: Callable[[str], bool]) -> Iterator[Edit]:
    named = [(section, role, column) for section in sections for role, column in section.roles.items()]
    wrong = [(s, role, column) for s, role, column in named if not file.is_right(role, column)]
    for section, role, column in wrong:
        yield Edit(f"{section.kind}.{section.name}.{role}", f"is {column!r}", True, not doubted(column))
    gone = {role for _, role, _ in wrong}
    for role, columns in file.roles.items():
        if role not in gone and not any(r == role and c in columns for _, r, c in named):
            yield Edit(_place(file, sections, role), f"lacks {columns}", False, False)
    told = {role: column for _, role, column in named}
    ways = [all(told.get(role) in columns for role, columns in way.items()) for way in file.money]
    if file.money and not any(ways) and not gone & {"amount", "total", "gross", "price"}:
        yield Edit(_place(file, sections, "amount"), "nothing tells it", False, False)


def _place(file: File, sections: Sequence[Section], key: str) -> str:
    return f"{sections[0].kind}.{sections[0].name}.{key}" if sections else f"{file.name}.{key}"


def _row_edits(file: File, sections: Sequence[Section], doubted: Callable[[str], bool]) -> Iterator[Edit]:
    """Compare the rows that are read, and those that take something back, with the rows that should."""
    columns = {column for rule in (file.kept, file.dropped, file.returned, file.refunds) for column in rule}
    for section in sections if columns else ():
        content, raw = section.content, section.rows()
        if not columns <= set(raw.columns):
            yield Edit(_place(file, [section], "where"), f"has no {columns}", True, not any(map(doubted, columns)))
            continue
        whole = filled(raw, file.roles.get("order", ("",))[0], raw.columns)
        read = meets_all(
            filled(raw, content.get("order", ""), content.get("fill_down") or ()), content.get("where", {})
        )
        yield from _where_edits(file, section, whole, read, doubted)
        yield from _return_edits(file, section, whole, read, doubted)


def _return_edits(
    file: File, section: Section, whole: pd.DataFrame, read: pd.Series, doubted: Callable[[str], bool]
) -> Iterator[Edit]:
    back, place = section.content.get("returns", {}), _place(file, [section], "returns")
    rule, right = meets_all(whole, back) & bool(back) & read, meets_any(whole, file.returned)
    if (rule & ~right & ~meets_any(whole, file.refunds)).any():
        yield Edit(place, f"takes sales for returns: {back}", True, not any(map(doubted, back)))
    elif (right & ~meets_any(whole, file.dropped) & ~rule).any():
        yield Edit(place, f"does not tell {dict(file.returned)}", False, not any(map(doubted, file.returned)))


def _where_edits(
    file: File, section: Section, whole: pd.DataFrame, read: pd.Series, doubted: Callable[[str], bool]
) -> Iterator[Edit]:
    kept = meets_all(whole, file.kept) & ~meets_any(whole, file.dropped)
    key = whole[file.roles["order"][0]] if file.roles.get("order", ("",))[0] in whole.columns else whole.index
    lost = kept & ~pd.Series(key, index=whole.index).isin(set(key[read]))
    taken = meets_any(whole, file.dropped) & read
    silent = not any(map(doubted, (*file.dropped, *file.kept)))
    place = _place(file, [section], "where")
    if lost.any():
        yield Edit(place, f"loses {lost.sum():,} rows of purchases", True, silent)
    elif taken.any():
        yield Edit(place, f"reads {taken.sum():,} rows that are no purchases", True, silent)
    elif (kept & ~read).any():
        yield Edit(_place(file, [section], "fill_down"), f"{(kept & ~read).sum():,} lines are lost", True, silent)


def _cutoff_edits(export: Export, content: Mapping[str, Any]) -> Iterator[Edit]:
    """List the cutoffs before the first purchase, or whose horizon has not passed with the last one."""
    questions = [q for q in content.get("questions", {}).values() if isinstance(q, dict)]
    horizon = max((question["horizon"] for question in questions), default=0)
    first, last = export.span or (datetime.min, datetime.max)
    for group in ("train", "valid", "test"):
        value = content.get("cutoffs", {}).get(group, [])
        moments = [datetime.fromisoformat(str(text)) for text in (value if isinstance(value, list) else [value])]
        ends = timedelta(days=horizon - 1)
        if not moments or min(moments) <= first or max(moments) + ends > last + SLACK:
            why = f"{value} does not suit {first:%Y-%m-%d} to {last:%Y-%m-%d}"
            yield Edit(f"cutoffs.{group}", why, bool(moments), bool(moments))
