"""Grouping: keys that are linked become one group, except where that would join two that are never one person."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

__all__ = ["Groups", "components", "grouped", "joined_links", "shared_links"]


@dataclass(frozen=True)
class Groups:
    """The group of each key, and where links were not followed.

    Args:
        labels: the group of each key, shape (n,).
        links: `left`, `right`, `kinds`, `strength`, `probability` of those that were followed.
        parted: the number of keys in each group that was not merged as a whole.
    """

    labels: np.ndarray
    links: pd.DataFrame
    parted: tuple[int, ...]


def shared_links(identifiers: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs of keys that share identifiers: `left`, `right`, `kinds` and how many, `strength`.

    >>> shared_links(pd.DataFrame({"node": [0, 1, 1], "kind": "email", "value": ["x", "x", "y"]})).values.tolist()
    [[0, 1, 'email', 1.0, 1.0]]
    """
    pairs = identifiers.merge(identifiers, on=["kind", "value"], suffixes=("_left", "_right"))
    pairs = pairs[pairs.node_left < pairs.node_right].rename(columns={"node_left": "left", "node_right": "right"})
    counts = pairs.groupby(["left", "right", "kind"], as_index=False).size().sort_values(["left", "right", "kind"])
    links = counts.groupby(["left", "right"], as_index=False).agg(
        kinds=("kind", " and ".join), strength=("size", "sum")
    )
    return links.astype({"strength": "float64"}).assign(probability=1.0)


def joined_links(shared: pd.DataFrame, probable: pd.DataFrame) -> pd.DataFrame:
    """Return each pair once: one that both kinds of links have is stronger, and as probable as the surer of them.

    >>> link = pd.DataFrame({"left": [0], "right": [1], "kinds": "email", "strength": 1.0, "probability": 1.0})
    >>> joined_links(link, link.assign(kinds="name", strength=0.75, probability=0.75)).values.tolist()
    [[0, 1, 'email and name', 1.75, 1.0]]
    """
    both = pd.concat([shared, probable], ignore_index=True)
    return both.groupby(["left", "right"], as_index=False).agg(
        kinds=("kinds", " and ".join), strength=("strength", "sum"), probability=("probability", "max")
    )


def grouped(n: int, links: pd.DataFrame, apart: np.ndarray) -> Groups:
    """Return the groups of linked keys.

    A group that would hold two keys that are never one person is taken apart: links are followed from the strongest
    down, and where those of one strength would join such a pair, none of them is followed.

    Args:
        n: the number of keys.
        links: `left`, `right`, `kinds`, `strength`, `probability`, each pair once.
        apart: pairs of keys that are never one person, shape (m, 2).
    """
    labels = components(n, links)
    conflicts = np.unique(labels[apart[:, 0]][labels[apart[:, 0]] == labels[apart[:, 1]]])
    if not len(conflicts):
        return Groups(labels, links, ())
    in_conflict = np.isin(labels[links["left"].to_numpy()], conflicts)
    kept = _followed(n, links[in_conflict], apart)
    links = pd.concat([links[~in_conflict], kept], ignore_index=True)
    return Groups(components(n, links), links, tuple(int((labels == label).sum()) for label in conflicts))


def components(n: int, links: pd.DataFrame) -> np.ndarray:
    """Return the group of each key, shape (n,): those that links lead from one to another share one."""
    ends = links["left"].to_numpy(dtype=np.int64), links["right"].to_numpy(dtype=np.int64)
    graph = coo_array((np.ones(len(links), dtype=np.int8), ends), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1])


def _followed(n: int, links: pd.DataFrame, apart: np.ndarray) -> pd.DataFrame:
    kept = links[:0]
    for _, level in sorted(links.groupby(links.strength.round(2)), key=lambda item: -item[0]):
        trial = components(n, pd.concat([kept, level]))
        refused = trial[apart[:, 0]][trial[apart[:, 0]] == trial[apart[:, 1]]]
        kept = pd.concat([kept, level[~np.isin(trial[level["left"].to_numpy()], refused)]])
    return kept
