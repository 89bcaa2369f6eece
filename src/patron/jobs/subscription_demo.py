"""The demo of subscriptions: a simulated business whose true chances are known, and how near the answers come."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from patron import metrics
from patron.datasets.subscribers import ROLES, UNTIL, Subscribers, subscribers
from patron.decisions import Offer
from patron.engines.outputs import write
from patron.periods import Split, cutoffs
from patron.questions.contracts import cancellation
from patron.scoring.partitions import read_scores
from patron.settings import Settings, Subscriptions, Table

__all__ = ["business", "settings", "truth_lines", "write_tables"]

CUSTOMERS, SEED, FADING_RATE = 6000, 1, 0.015
HORIZON, TENTHS = 90, 10
SCORED_AT = datetime(2023, 10, 1)  # the truth is known for the horizon after it
OFFERS = (
    Offer("call", contact_cost=4.0, effect=0.15, channel="phone", words="A call about what the plan can do"),
    Offer(
        "month_free",
        contact_cost=0.2,
        incentive_cost=10.0,
        accepted=0.3,
        effect=0.12,
        channel="mail",
        words="A month for free to whoever renews",
    ),
)


def business() -> Subscribers:
    """Draw the business of the demo: four years, monthly and yearly terms, prices that rise and use that fades."""
    return subscribers(CUSTOMERS, SEED, FADING_RATE)


def write_tables(world: Subscribers, folder: Path) -> None:
    """Write the tables of a simulated business as a business has them."""
    write(world.contracts, folder / "contracts.parquet")
    write(world.logins, folder / "logins.parquet")


def settings(root: Path, folder: Path) -> Settings:
    """Return the settings of the demo; results and experiments go below *root*, the tables lie in *folder*.

    The effects of the offers are assumptions, and are shown as such.
    """
    return Settings(
        name="subscriptions",
        tables={"logins": Table(folder / "logins.parquet", {"customer": "customer", "at": "at"})},
        subscriptions={
            "members": Subscriptions(
                folder / "contracts.parquet",
                {role: role for role in ROLES},
                term_in="days",
                price_per="term",
                until=UNTIL,
            )
        },
        questions=(cancellation(HORIZON),),
        split=Split.of(cutoffs("2021-06-01", "2022-12-01", "3 months"), valid=["2023-03-02"], test=["2023-06-01"]),
        score_at=SCORED_AT,
        root=root,
        out=root / "patron-out" / "subscriptions",
        offers=OFFERS,
        budget=300.0,
        holdout=0.1,
        currency="€",
    )


def truth_lines(out: Path, world: Subscribers) -> list[str]:
    """Return how near the answers in a folder of results are to the truth, in sentences.

    The truth is the chance as far as it can be known at the cutoff: nobody knows of prices that rise or use that fades
    later.

    Args:
        out: the folder, with predictions_cancellation.parquet, scores.parquet and mrr_at_risk.csv.
        world: the business that was asked about.
    """
    table = pd.read_parquet(out / "predictions_cancellation.parquet")
    tested = table[table.champion].reset_index(drop=True)
    truth = _truth(world, tested)
    chance = tested.cancellation_probability.to_numpy(np.float64)
    scores = read_scores(out, columns=["customer"])
    return [
        _order(tested.actual.to_numpy(np.float64), chance, truth),
        *_tenths(chance, truth),
        *(
            f"{words}: {100 * chance[rows].mean():.1f} % predicted, {100 * truth[rows].mean():.1f} % true"
            for words, rows in _groups(world, tested).items()
            if rows.any()
        ),
        _revenue(pd.read_csv(out / "mrr_at_risk.csv"), world, scores),
    ]


def _groups(world: Subscribers, rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return which rows are of customers about whom the truth knows something, by what that is."""
    groups: dict[str, np.ndarray] = {}
    for cutoff, group in rows.groupby("cutoff").customer:
        for words, member in world.groups(group, pd.Timestamp(cutoff).to_pydatetime()).items():
            groups.setdefault(words, np.zeros(len(rows), bool))[group.index] = member
    return groups


def _truth(world: Subscribers, rows: pd.DataFrame) -> np.ndarray:
    """Return the chance of each row as far as its cutoff tells."""
    result = np.empty(len(rows))
    for cutoff, group in rows.groupby("cutoff").customer:
        result[group.index] = world.foreseeable(group, pd.Timestamp(cutoff).to_pydatetime(), HORIZON)
    return result


def _order(days: np.ndarray, chance: np.ndarray, truth: np.ndarray) -> str:
    left = ~np.isnan(days)
    seen = np.where(left, days, float(HORIZON))
    own, best = (float(metrics.concordance(seen, left, -guess)) for guess in (chance, truth))
    return f"C-index of the chances at the test cutoff {own:.3f}, of the true ones {best:.3f}"


def _tenths(chance: np.ndarray, truth: np.ndarray) -> list[str]:
    """Return the predicted and the true chance of the tenths by predicted chance."""
    parts = np.array_split(np.argsort(chance, kind="stable"), TENTHS)
    predicted, true = (np.array([100 * values[part].mean() for part in parts]) for values in (chance, truth))
    lines = [f"{words:<10}" + "".join(f"{v:7.1f}" for v in row) for words, row in (("said", predicted), ("true", true))]
    return ["tenths by predicted chance, in %; farthest off " + f"{np.abs(predicted - true).max():.1f} points:", *lines]


def _revenue(months: pd.DataFrame, world: Subscribers, scores: pd.DataFrame) -> str:
    """Return the revenue at risk that was told, that of the true chances, and what ended."""
    price = world.monthly_price(scores.customer, SCORED_AT)
    at_risk = (price * _truth(world, scores)).sum()
    return (
        f"revenue a month at risk within {HORIZON} days of {SCORED_AT:%Y-%m-%d}: {months.at_risk.sum():,.0f} of "
        f"{months.mrr[0]:,.0f} predicted, {at_risk:,.0f} of {price.sum():,.0f} true"
    )
