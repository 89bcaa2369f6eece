"""Clusters: customers who are held out, or explore, only together, as what one gets may reach the others."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from patron.metrics.campaign_power import design_effect

__all__ = ["Clusters", "cluster_notes", "clusters_of"]

LARGE = 0.05  # share of the customers chosen from which on one cluster is said to decide much
FEWEST = 40  # clusters of equal size as many as these count like


@dataclass(frozen=True)
class Clusters:
    """Which customers belong together.

    Args:
        by: the column that says it; empty where each customer stands alone.
        key: what the draws of each customer belong to: of the cluster, or the customer's own.
    """

    by: str
    key: pd.Series

    @cached_property
    def number(self) -> np.ndarray:
        """The cluster of each customer, counted from 0."""
        return np.asarray(pd.factorize(self.key)[0]) if self.by else np.arange(len(self.key))

    def summary(self, rows: np.ndarray) -> dict[str, Any]:
        """Return how many clusters some customers are in, how large these are, and what that takes from a hold-out.

        `design_effect` is by how many times more customers it takes than one by one, at most: where all of a cluster
        do the same.
        """
        size = _sizes(self.number[rows])
        total = int(size.sum())
        alike = design_effect(size.tolist(), alike=1.0) if total else 1.0
        largest = int(size.max()) if total else 0
        return {"by": self.by, "count": len(size), "customers": total, "largest": largest, "design_effect": alike}


def cluster_notes(summary: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what to beware of where clusters are held out, as sentences.

    Args:
        summary: `Clusters.summary` of the customers chosen.
    """
    by, total, largest, design = (summary[name] for name in ("by", "customers", "largest", "design_effect"))
    if not total:
        return ()
    if largest > LARGE * total:
        return (
            f"{largest:,} of {total:,} customers chosen are one cluster by {by!r}: they are held out together "
            "or not at all, so that the difference hangs on what they do. Hold out by something smaller, such as "
            "a household: holdout_by = 'customers_household'",
        )
    if total / design < FEWEST:
        return (
            f"the {total:,} customers chosen are in {summary['count']:,} clusters by {by!r}, and count like "
            f"{total / design:.0f} alone: the hold-out can see little",
        )
    return ()


def clusters_of(customers: pd.DataFrame, by: str) -> Clusters:
    """Return who belongs together: who has the same value in a column; of whom nothing is known stands alone.

    Args:
        customers: with the column.
        by: its name, empty for nobody together.

    >>> people = pd.DataFrame({"customer": ["ann", "bob", "cid"], "home": ["x", None, "x"]})
    >>> clusters_of(people, "home").number.tolist()
    [0, 1, 0]
    """
    if not by:
        return Clusters("", customers.customer)
    value = customers[by]
    named = f"{by}: " + value.astype(str)
    return Clusters(by, named.where(value.notna(), customers.customer.astype(str)))


def _sizes(number: np.ndarray) -> np.ndarray:
    return np.unique(number, return_counts=True)[1]
