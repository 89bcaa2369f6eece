"""Panels: Patron with its defaults on ready-made rows, beside its own simple rules and the best figures of peers.

The cutoffs of the dunnhumby panel are those of `tasks.json`. The telco set is a snapshot without dates: its customers
are dealt by chance to made-up cutoffs, so its figures are about other customers, not about a later time.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from patron.evaluation.backtests import judge
from patron.evaluation.cards import Card
from patron.evaluation.leakage import leak_probe
from patron.models.training import train
from patron.periods import Split
from patron.questions.kinds import churn, tier
from patron.questions.matrices import labels, matrix
from patron.questions.panels import Panel, panel
from patron.questions.profit import CostModel
from patron.questions.question import Question

DAYS = 28
COLUMNS = ["data", "asked", "champion", "metric", "Patron", "beside", "bar"]
TELCO_PARTS, TELCO_STARTS = 5, pd.Timestamp("2024-01-01")
LEAKY = "satisfaction"


def dunnhumby(folder: Path) -> pd.DataFrame:
    """The panel, with what the earlier windows of a household were, as one would add it by hand in ten lines."""
    rows = pd.read_parquet(folder / "dunnhumby_panel_dev_panel.parquet")
    rows = rows.sort_values(["customer_id", "ts", "exposed"]).drop_duplicates(["customer_id", "ts"], keep="last")
    spent = rows.groupby("customer_id").pre_spend_28d
    idle = (rows.pre_spend_28d <= 0).groupby(rows.customer_id)
    bought = rows.ts.where(rows.pre_spend_28d > 0).groupby(rows.customer_id).ffill()
    return rows.drop(columns=["day", "campaign_id"]).assign(
        spend_before=spent.shift(1),
        usual_spend=spent.transform(lambda part: part.expanding().mean()),
        least_spend=spent.transform(lambda part: part.rolling(6, min_periods=1).min()),
        idle_so_far=idle.transform(lambda part: part.expanding().mean()),
        days_idle=(rows.ts - bought).dt.days,
    )


def telco(folder: Path) -> pd.DataFrame:
    """The snapshot, its customers dealt to made-up cutoffs."""
    rows = pd.read_parquet(folder / "telco_ibm_classic.parquet")
    part = np.random.default_rng(0).integers(0, TELCO_PARTS, len(rows))
    dealt = TELCO_STARTS + pd.to_timedelta(part * DAYS, unit="D")
    return rows.assign(cutoff=dealt, left=(rows.Churn == "Yes").astype(int)).drop(columns="Churn")


def lines(folder: Path) -> Iterator[list[str]]:
    """One line for each figure of each panel that is there."""
    if (folder / "dunnhumby_panel_dev_panel.parquet").exists():
        yield from _dunnhumby(folder)
    if (folder / "telco_ibm_classic.parquet").exists():
        yield from _telco(folder)


def _dunnhumby(folder: Path) -> Iterator[list[str]]:
    rows = dunnhumby(folder)
    names = {"customer": "customer_id", "cutoff": "ts"}
    left = rows.assign(left=(rows.post_spend_28d <= 0).astype(int)).drop(columns="post_spend_28d")
    split = _split(rows)
    churned = _judged(churn(DAYS), panel(left, DAYS, label="left", active="pre_spend_28d", **names), split)
    yield from _figures(
        "dunnhumby_panel_dev", "inactive", churned, churned.best_baseline, {"AUC": 0.873, "log loss": 0.32}
    )
    question = tier(DAYS, CostModel(margin_rate=1.0), {"high": 1 / 3, "middle": 1 / 3})
    worth = _judged(question, panel(rows, DAYS, label="post_spend_28d", profit="pre_spend_28d", **names), split)
    bars = {"quadratic kappa": 0.706, "macro F1": worth.measured["persistence"]["macro F1"].value}
    yield from _figures("dunnhumby_panel_dev", "tier", worth, "persistence", bars)


def _split(rows: pd.DataFrame) -> Split:
    """Train, valid and test cutoffs by the days of `tasks.json`, labels of each ended before the next begin."""
    dates = sorted(rows.ts.unique())
    day = {date: (date - pd.Timestamp("2020-01-01")).days for date in dates}
    train = [date for date in dates if day[date] + DAYS <= 504]
    parts = (train, [d for d in dates if 504 <= day[d] <= 531], [d for d in dates if day[d] >= 561])
    return Split.of(*([date.to_pydatetime() for date in part] for part in parts))


def _telco(folder: Path) -> Iterator[list[str]]:
    rows = telco(folder)
    dates = [(TELCO_STARTS + pd.Timedelta(days=k * DAYS)).to_pydatetime() for k in range(TELCO_PARTS)]
    ready = panel(rows, DAYS, customer="customerID", label="left")
    card = _judged(churn(DAYS), ready, Split(tuple(dates[:-2]), (dates[-2],), (dates[-1],)))
    yield from _figures("telco_ibm_classic", "left", card, card.best_baseline, {"AUC": 0.849, "log loss": 0.4115})
    noise = np.random.default_rng(1).random(len(rows))
    leaking = rows.assign(**{LEAKY: np.where(rows.left == 1, 1 + 2 * noise, 3 + 2 * noise).round()})
    probe = leak_probe(leaking.drop(columns=["customerID", "cutoff", "left"]), leaking.left.to_numpy())
    alone = probe.features.set_index("feature").auc[LEAKY]
    kept = "told" if set(probe.suspects) == {LEAKY} else "missed"
    yield ["telco_ibm_classic", "made-up score after the fact", "", "AUC of it alone", f"{alone:.3f}", "", kept]


def _judged(question: Question, ready: Panel, split: Split) -> Card:
    trained = train(question, ready, split)
    return judge(trained, matrix(question, ready, split.test), labels(question, ready, split.test))


def _figures(data: str, question: str, card: Card, beside: str, bars: dict[str, float]) -> Iterator[list[str]]:
    for metric, bar in bars.items():
        ours, theirs = card.measured[card.champion][metric], card.measured[beside][metric]
        yield [data, question, card.champion, metric, str(ours), f"{beside} {theirs.value:.3f}", f"{bar:.3f}"]


def table(folder: Path) -> pd.DataFrame:
    """All panels at hand."""
    return pd.DataFrame(list(lines(folder)), columns=COLUMNS)
