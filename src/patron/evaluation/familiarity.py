"""Familiarity: whether answers about the next purchase are better for customers of whom more is known.

Who buys often is easier to tell whoever looks, so that an error is also held against that of the mean rate of customers
with as many interactions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

import ibis
import numpy as np
import pandas as pd

from patron.errors import ScoreError, listed_columns
from patron.history.history import History
from patron.metrics import Estimate, estimate
from patron.periods import EVER, instant

__all__ = ["Familiarity", "error_by_interactions", "interactions"]

TENTHS, MONTH = 10, 31
WITHIN = "purchase_within_"
NEEDED = ("customer", "cutoff", "actual", "days_median")
LEAST = 1e-6  # chance below which a surprise counts no more
NO_INTERACTIONS = ("offers", "ties", "referrals", "done", "outcomes")  # tables of what was decided, or of other people
MEND = 'Give what the training wrote: pd.read_parquet("out/predictions_next_purchase.parquet").'
WORDS = {
    "log_loss": "the log loss of who buys",
    "beyond": "of it what is beyond the mean rate of customers with as many",
    "days": "the error of the days",
}


@dataclass(frozen=True)
class Familiarity:
    """How errors go with the number of interactions.

    Args:
        table: a row for each tenth of the customers, by interactions: fewest, most, customers, and the mean errors.
        slopes: by error, by how much it moves with each doubling of the interactions, with its interval over customers.
            `log_loss` of who buys within the horizon, `beyond`, what is left of it after that of the mean rate of the
            tenth, and `days`, the absolute error of the days to the purchase, both within the horizon.
    """

    table: pd.DataFrame
    slopes: Mapping[str, Estimate]

    def __repr__(self) -> str:
        """Return the answer in words."""
        return f"Familiarity({'; '.join(self.sentences)})"

    @property
    def verdicts(self) -> dict[str, str]:
        """By error: falls, rises, or cannot be told."""
        return {name: _verdict(slope) for name, slope in self.slopes.items()}

    @property
    def sentences(self) -> list[str]:
        """What each error does with more interactions, in words."""
        return [
            f"{WORDS[name]} {_verdict(slope)} with the number of interactions: {slope.value:+.3f} "
            f"[{slope.low:+.3f}, {slope.high:+.3f}] with each doubling"
            for name, slope in self.slopes.items()
        ]


def error_by_interactions(predictions: pd.DataFrame, history: History) -> Familiarity:
    """Test whether errors about the next purchase fall with the number of interactions known at the cutoff.

    Args:
        predictions: of customers at test cutoffs with what came of them, as training writes them
            (`predictions_next_purchase.parquet`): customer, cutoff, actual (days, unknown beyond the horizon),
            days_median and purchase_within_*; where candidates are several, those of the champion count.
        history: the tables in which interactions are counted: all events but what was decided, and ties.

    Raises:
        ScoreError: a column is missing, or there is no row.
    """
    chance, horizon = _horizon_chance(predictions)
    rows = predictions[predictions.champion] if "champion" in predictions else predictions
    known = interactions(history, rows[["customer", "cutoff"]])
    bought = rows.actual.notna().to_numpy(float)
    guess = np.clip(rows[chance].to_numpy(float), LEAST, 1 - LEAST)
    order = np.lexsort((rows.customer.astype(str), known))
    tenth = np.empty(len(rows), dtype=int)
    tenth[order] = np.arange(len(rows)) * TENTHS // max(len(rows), 1)
    tenth = pd.Series(tenth).groupby(known).transform("min").to_numpy()  # who has as many is in the same
    frame = pd.DataFrame(
        {
            "interactions": known,
            "log_loss": _surprise(bought, guess),
            "usual": _surprise(bought, np.clip(pd.Series(bought).groupby(tenth).transform("mean"), LEAST, 1 - LEAST)),
            "days": np.abs(rows.actual.fillna(np.inf).clip(upper=horizon) - rows.days_median.clip(upper=horizon)).array,
        }
    )
    frame["beyond"] = frame.log_loss - frame.usual
    table = frame.groupby(tenth).agg(
        fewest=("interactions", "min"),
        most=("interactions", "max"),
        customers=("interactions", "size"),
        **{name: (name, "mean") for name in ("log_loss", "usual", "days")},
    )
    doubled = np.log2(1.0 + known)
    slopes = {name: estimate(_slope, rows.customer, frame[name].to_numpy(), doubled) for name in WORDS}
    return Familiarity(table.reset_index(drop=True), slopes)


def interactions(history: History, spine: pd.DataFrame) -> np.ndarray:
    """Return how many interactions are known of each customer at the cutoff: instants of each event table before it.

    Args:
        history: the checked event tables.
        spine: customer and cutoff of each row.
    """
    result = np.zeros(len(spine))
    for cutoff in spine.cutoff.unique():
        at = spine.cutoff.to_numpy() == np.datetime64(cutoff)
        counted = _counts(history, pd.Timestamp(cutoff))
        result[at] = spine.customer[at].astype(str).map(counted).fillna(0).to_numpy(float)
    return result


def _counts(history: History, cutoff: pd.Timestamp) -> pd.Series:
    names = [name for name in history.tables if name not in NO_INTERACTIONS]
    tables = [history.past(name, instant(cutoff.to_pydatetime()), EVER) for name in names]
    keys = [rows.select(customer=rows.customer.cast("string"), days_ago=rows.days_ago).distinct() for rows in tables]
    rows = reduce(ibis.Table.union, keys)
    return rows.group_by("customer").aggregate(n=rows.count()).to_pandas().set_index("customer").n


def _horizon_chance(predictions: pd.DataFrame) -> tuple[str, float]:
    """Return the column of the chance to buy within the longest time that was asked, and its days."""
    chances = {name: _days(name) for name in predictions.columns if _days(name)}
    missing = [name for name in NEEDED if name not in predictions.columns]
    if missing or not chances or predictions.empty:
        what = f"lack {missing[0]!r}" if missing else "have no row" if chances else f"lack a column {WITHIN}*"
        raise ScoreError(f"The predictions {what}. They have: {listed_columns(predictions.columns)}. {MEND}")
    longest = max(chances, key=lambda name: chances[name])
    return longest, float(chances[longest])


def _days(name: object) -> int:
    text = str(name)
    digits, unit = text.removeprefix(WITHIN).rstrip("dmo"), MONTH if text.endswith("mo") else 1
    return int(digits) * unit if text.startswith(WITHIN) and digits.isdigit() else 0


def _surprise(bought: np.ndarray, chance: np.ndarray) -> np.ndarray:
    return -(bought * np.log(chance) + (1 - bought) * np.log1p(-chance))


def _slope(error: np.ndarray, doubled: np.ndarray, *, weight: np.ndarray | None = None) -> float:
    """Compute the slope of the error by least squares; nan where all have as many interactions."""
    counts = np.ones(len(error)) if weight is None else weight.astype(float)
    away = doubled - np.average(doubled, weights=counts)
    spread = float((counts * away**2).sum())
    return float((counts * away * error).sum() / spread) if spread > 0 else float("nan")


def _verdict(slope: Estimate) -> str:
    return "falls" if slope.high < 0 else "rises" if slope.low > 0 else "cannot be told to move"
