"""Sections: the tables of a proposed settings file, with the rows that each reads and those that a rule means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from patron.history.event_tables import ROLES
from patron.history.subscriptions import CONTRACT_ROLES

__all__ = ["Section", "filled", "meets_all", "meets_any", "sections_of"]


@dataclass(frozen=True)
class Section:
    """One table of a settings file."""

    kind: str
    name: str
    content: Mapping[str, Any]
    folder: Path

    @property
    def roles(self) -> dict[str, str]:
        """The columns by role, without those that were said to have none."""
        known = CONTRACT_ROLES if self.kind == "subscriptions" else ROLES
        return {role: self.content[role] for role in known if self.content.get(role)}

    @property
    def joins(self) -> Sequence[Mapping[str, Any]]:
        """The files that bring columns to its rows."""
        return self.content.get("joins", ())

    @property
    def paths(self) -> list[Path]:
        """The files that it reads, its own first."""
        return [(self.folder / part["path"]).resolve() for part in (self.content, *self.joins)]

    def rows(self) -> pd.DataFrame:
        """Read all that it reads as texts."""
        own, *others = self.paths
        rows = _texts(own)
        for path, join in zip(others, self.joins, strict=True):
            on = join["on"] if isinstance(join["on"], dict) else {join["on"]: join["on"]}
            other = _texts(path)
            new = [column for column in other if column in on.values() or column not in rows]
            rows = rows.merge(other[new], how="left", left_on=list(on), right_on=list(on.values()))
        return rows.fillna("")


def sections_of(content: Mapping[str, Any], folder: Path) -> list[Section]:
    """Return the event tables, attribute tables and contracts of a settings file in a folder."""
    return [
        Section(kind, name, section, folder)
        for kind in ("tables", "attributes", "subscriptions")
        for name, section in content.get(kind, {}).items()
    ]


def filled(rows: pd.DataFrame, order: str, columns: Sequence[str]) -> pd.DataFrame:
    """Fill empty cells from the first row of the same order."""
    wanted = [column for column in columns if column in rows and column != order]
    if order not in rows or not wanted:
        return rows
    known = rows[wanted].mask(rows[wanted] == "")
    first = known.groupby(rows[order]).transform("first")
    return rows.assign(**known.fillna(first).fillna(""))


def meets_all(rows: pd.DataFrame, rule: Mapping[str, Any]) -> pd.Series:
    """Return the rows that have one of the values in each column of a rule."""
    met = pd.Series(True, index=rows.index)
    for column, values in rule.items():
        met &= _has(rows, column, values)
    return met


def meets_any(rows: pd.DataFrame, rule: Mapping[str, Any]) -> pd.Series:
    """Return the rows that have one of the values in some column of a rule."""
    met = pd.Series(False, index=rows.index)
    for column, values in rule.items():
        met |= _has(rows, column, values)
    return met


def _has(rows: pd.DataFrame, column: str, values: Any) -> pd.Series:
    several = values if isinstance(values, list | tuple) else [values]
    if column not in rows:
        return pd.Series(False, index=rows.index)
    return rows[column].str.strip().str.casefold().isin({str(value).strip().casefold() for value in several})


def _texts(path: Path) -> pd.DataFrame:
    if path.suffix == ".parquet":
        return pd.read_parquet(path).astype(str)
    first = path.read_bytes()
    encoding, sign = ("utf-8", ",") if b"\xfc" not in first and b"\xf6" not in first else ("cp1252", ";")
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding=encoding, sep=sign)
