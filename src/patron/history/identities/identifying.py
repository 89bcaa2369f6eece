"""Identifying: the identity table told from e-mails and phone numbers, with what to look at before it is believed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from patron.engines.files import read
from patron.errors import HistoryError, listed_columns
from patron.history.event_tables import Events
from patron.history.identities.collisions import collisions
from patron.history.identities.evidence import Evidence, evidence
from patron.history.identities.grouping import Groups, grouped, joined_links, shared_links
from patron.history.identities.matching import Matching, Pairs
from patron.history.identities.people import probable_links
from patron.history.identities.table import Identities, identities

__all__ = ["Identification", "identify"]


@dataclass(frozen=True)
class Identification:
    """Which keys are one customer, and what speaks against it.

    Args:
        table: a line for each key of a customer of several: `table` (of a silo's key, else null), `key`, `customer`,
            `probability` and `why`: those of its strongest link to another key of the customer.
        collisions: counts of what was left out and of doubtful groups, with examples by pseudonym.
        keys: the number of keys that were looked at.
        customers: the number of customers that they are.
        silos: the tables whose keys are their own.
    """

    table: pd.DataFrame
    collisions: pd.DataFrame
    keys: int
    customers: int
    silos: tuple[str, ...] = ()

    @property
    def identities(self) -> Identities:
        """The identity table as a history takes it."""
        return identities(self.table, silos=self.silos)


def identify(tables: Mapping[str, Events], matching: Matching, secret: bytes, seed: int = 0) -> Identification:
    """Return which keys are one customer: those that share an identifier, directly or through others.

    E-mails and phone numbers identify; names and the like do where they make it probable enough that two keys are one
    person. Identifiers are read in one way of writing, then hashed; nothing that comes out has any. A key of
    a customer is as its table has it.

    Args:
        tables: the declared event tables and attributes by name.
        matching: which of their columns identify a person, and the rules.
        secret: of this business; pseudonyms of identifiers and customers in the report hang on it.
        seed: what chance starts from where names are matched.

    Raises:
        HistoryError: a table or column is not there, a rule cannot be meant, or phone numbers cannot be read.

    >>> from patron.history.sources import events
    >>> rows = pd.DataFrame({"id": ["a", "b"], "at": "2024-05-01", "mail": ["x@y.fr", "X@Y.fr "]})
    >>> result = identify({"orders": events(rows, customer="id")}, Matching({"orders": {"email": "mail"}}), b"secret")
    >>> result.table[["key", "customer", "why"]].values.tolist()
    [['a', 'a', 'email'], ['b', 'a', 'email']]
    """
    known = evidence(tables, matching, secret)
    apart, unknown = _apart(known.keys, matching.never)
    links = shared_links(known.identifiers)
    doubtful = links[:0]
    if matching.is_fuzzy:
        probable, doubtful = probable_links(known.keys, tables, matching, seed)
        links = joined_links(links, probable)
    groups = grouped(len(known.keys), links, apart)
    report = collisions(known, groups, doubtful, matching, secret)
    if unknown:
        line = ("rules of keys that are never one person, with a key that no table has", "", unknown, 0, "", "")
        report.loc[len(report)] = list(line)
    customers = len(np.unique(groups.labels))
    return Identification(_table(known, groups), report, len(known.keys), customers, matching.silos)


def _apart(keys: pd.DataFrame, never: Pairs) -> tuple[np.ndarray, int]:
    """Return the places of keys that are never one person, and the number of pairs with a key that is not there."""
    pairs = [[str(key).strip() for key in pair] for pair in (_pairs(never) if isinstance(never, str | Path) else never)]
    if n := sum(left == right for left, right in pairs):
        raise HistoryError(
            f"{n:,} pairs of keys that are never one person have the same key twice. Leave them out of never."
        )
    if not len(pairs):
        return np.empty((0, 2), dtype=np.int64), 0
    places = pd.Series(keys.index, index=keys.name)
    ends = [places.reindex([pair[side] for pair in pairs]).to_numpy() for side in (0, 1)]
    apart = np.column_stack(ends)
    known = ~np.isnan(apart).any(axis=1) if apart.dtype.kind == "f" else np.ones(len(apart), dtype=bool)
    return apart[known].astype(np.int64), int((~known).sum())


def _pairs(path: str | Path) -> Sequence[Sequence[str]]:
    rows = read(path)
    if len(rows.columns) < 2:
        raise HistoryError(
            f"{Path(path).name!r} has pairs of keys that are never one person in its first two columns, but it has: "
            f"{listed_columns(rows.columns)}. Write a key in each of two columns."
        )
    texts = rows.select(*(rows[column].cast("string") for column in rows.columns[:2])).to_pyarrow()
    return list(zip(*(column.to_pylist() for column in texts.columns), strict=True))


def _table(known: Evidence, groups: Groups) -> pd.DataFrame:
    """Return a line for each key of a customer of several keys; the customer has the name of the first of them."""
    first = pd.Series(known.keys.index).groupby(groups.labels).transform("min")
    several = first.map(first.value_counts()) > 1
    keys = known.keys.assign(customer=known.keys.name[first.to_numpy()].to_numpy())[several.to_numpy()]
    lines = keys.join(_strongest(groups.links))
    lines["table"] = lines.silo.where(lines.silo != "", None)
    texts = dict.fromkeys(("table", "key", "customer", "why"), "string")
    columns = ["table", "key", "customer", "probability", "why"]
    return lines.sort_values(["customer", "table", "key"], kind="stable")[columns].astype(texts).reset_index(drop=True)


def _strongest(links: pd.DataFrame) -> pd.DataFrame:
    """Return for each key the probability and kinds of its strongest link."""
    ends = [links.rename(columns={side: "node"}) for side in ("left", "right")]
    both = pd.concat(ends).sort_values(["node", "strength", "kinds"], ascending=[True, False, True], kind="stable")
    best = both.drop_duplicates("node").set_index("node")
    return best[["probability", "kinds"]].rename(columns={"kinds": "why"})
