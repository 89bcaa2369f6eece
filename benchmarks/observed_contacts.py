"""Observed contacts: what records of contacts without a lot can tell of effects, and what they cannot.

The contacts of dunnhumby's households are the trap: those who buy twice as much are contacted. Two other sets have
answers to contacts and no comparison.
"""

from collections.abc import Sequence
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd

from patron.decisions.uplift import Effects, Trial, train_effects
from patron.metrics import auc

REPEATS = 20
HEAD = "## Contacts that nobody drew by lot\n"
HOUSEHOLDS = """\
**dunnhumby, {rows:,} windows of {households:,} households around {campaigns} campaigns.** Contacted households spend
{naive:.2f} times as much in the 28 days after as the others, and {before:.2f} times as much in the 28 days before: the
ratio is who was chosen. Spend after a contact less that without, per household and window:

| way | effect | evidence |
| --- | --- | --- |
| as it comes | {raw:+.2f} | none |
| within each household and each campaign (two-way fixed effects) | {within} | assumed: who is chosen stays so |
{learned}

The preflight says: {warnings}

It is right to: some households were hardly ever chosen, and with them the few of their kind that were stand for all
of them. As long as their rows counted, the same two estimates were -28.89 [-34.69, -23.10] and -29.48 [-35.06,
-23.91]. Without them both agree with the comparison within households: contacts do next to nothing, give or take some
units of currency, and the ratio is all selection. An effect that is "assumed" is not to be acted on all the same.
"""
RESPONSES = """\
**retail_tx_125k, {rows:,} customers with a response.** {share:.1%} responded. There is no time, no offer and nobody who
was left alone: what a contact changed cannot be told from it, and a model of the response ranks who answers, not who is
moved. Recency, frequency and spend rank who answers with an AUC of {auc:.3f} on customers not seen; whether they
were known before the contact is not told either. As a negative control of effects it cannot serve.
"""
REDEMPTIONS = """\
**completejourney, {contacts:,} contacts of {households:,} households.** {kinds} of the contacts led to a redemption.
That is the share that accepts, by which an incentive costs money (`accepted`). No effect is in it: only who was
contacted can redeem, and of the purchases of all others this set has one line in twenty.
"""
SPEND = ("campaign_type", "duration", "pre_spend_28d", "usual_spend", "spend_before")
FEATURES = {"features of spend": SPEND, "these and how often it was contacted before": (*SPEND, "contacts_before")}


def section(folder: Path) -> str:
    """Return the section of the page."""
    return "\n".join([HEAD, households(folder), responses(folder), redemptions(folder)])


def households(folder: Path) -> str:
    """Return what the contacts of households say, naively and honestly."""
    rows = _windows(folder)
    mean = rows.groupby("exposed")[["pre_spend_28d", "post_spend_28d"]].mean()
    ratio = mean.loc[True] / mean.loc[False]
    learned = {name: _learned(rows, features) for name, features in FEATURES.items()}
    preflight = next(iter(learned.values())).card.preflight
    return HOUSEHOLDS.format(
        rows=len(rows),
        households=rows.customer_id.nunique(),
        campaigns=rows.campaign_id.nunique(),
        naive=ratio.post_spend_28d,
        before=ratio.pre_spend_28d,
        raw=mean.post_spend_28d[True] - mean.post_spend_28d[False],
        within="{:+.2f} [{:+.2f}, {:+.2f}]".format(*_within(rows)),
        learned="\n".join(_line(name, effects) for name, effects in learned.items()),
        warnings=" ".join(f"*{warning}*" for warning in preflight.warnings),
    )


def responses(folder: Path) -> str:
    """Return what responses without a comparison say."""
    given = pd.read_parquet(folder / "retail_tx_125k_campaign_response.parquet").set_index("customer_id").response
    events = pd.read_parquet(folder / "retail_tx_125k_events.parquet")
    by = events.groupby("customer_id")
    last = (events.ts.max() - by.ts.max()).dt.days
    X = pd.DataFrame({"recency": last, "orders": by.size(), "spend": by.amount.sum()}).loc[given.index].to_numpy(float)
    part, chance = np.random.default_rng(0).integers(0, 5, len(given)), np.zeros(len(given))
    options = {"objective": "binary", "num_leaves": 7, "learning_rate": 0.05, "verbose": -1, "num_threads": 1}
    for k in range(5):
        trees = lgb.train(options, lgb.Dataset(X[part != k], given.to_numpy()[part != k]), 60)
        chance[part == k] = trees.predict(X[part == k])
    return RESPONSES.format(rows=len(given), share=given.mean(), auc=float(auc(given.to_numpy(float), chance)))


def redemptions(folder: Path) -> str:
    """Return how many contacts were accepted, by kind of campaign."""
    sent = pd.read_parquet(folder / "completejourney_touchpoints.parquet")
    used = pd.read_parquet(folder / "completejourney_redemptions.parquet")
    pairs = set(zip(used.customer_id, used.campaign_id, strict=True))
    accepted = pd.Series([pair in pairs for pair in zip(sent.customer_id, sent.campaign_id, strict=True)], sent.index)
    share = accepted.groupby(sent.campaign_type).mean()
    kinds = ", ".join(f"{value:.1%} ({kind})" for kind, value in share.items())
    return REDEMPTIONS.format(contacts=len(sent), households=sent.customer_id.nunique(), kinds=kinds)


def _windows(folder: Path) -> pd.DataFrame:
    """Return the panel with what was known of each household before each window."""
    rows = pd.read_parquet(folder / "dunnhumby_panel_dev_panel.parquet")
    times = rows.groupby(["customer_id", "ts"]).agg(exposed=("exposed", "sum"), spend=("pre_spend_28d", "first"))
    by = times.groupby("customer_id")
    known = pd.DataFrame(
        {
            "contacts_before": by.exposed.cumsum() - times.exposed,
            "spend_before": by.spend.shift(1),
            "usual_spend": by.spend.transform(lambda part: part.expanding().mean()),
        }
    )
    return rows.merge(known.reset_index(), on=["customer_id", "ts"])


def _learned(rows: pd.DataFrame, features: Sequence[str]) -> Effects:
    arms = rows.assign(arm=np.where(rows.exposed, "contacted", "left alone"))
    past = Trial.of(arms, "arm", "left alone", "post_spend_28d", features, customer="customer_id")
    return train_effects(past, repeats=REPEATS)


def _line(name: str, effects: Effects) -> str:
    line = effects.card.effects.iloc[0]
    bounds = f"{line.effect:+.2f} [{line.effect_low:+.2f}, {line.effect_high:+.2f}]"
    return f"| `train_effects`, declared as observational, {name} | {bounds} | {effects.card.evidence} |"


def _within(rows: pd.DataFrame) -> tuple[float, float, float]:
    """Return the effect with household and campaign held fixed, its interval over households."""
    spend, contacted = rows.post_spend_28d.astype(float), rows.exposed.astype(float)
    keys = [rows.customer_id, rows.campaign_id]
    for key in keys:  # every household has a window of every campaign, so once each is exact
        spend, contacted = (column - column.groupby(key).transform("mean") for column in (spend, contacted))
    effect = float((contacted * spend).sum() / (contacted**2).sum())
    by_household = (contacted * (spend - effect * contacted)).groupby(rows.customer_id).sum()
    half = 1.96 * float(np.sqrt((by_household**2).sum()) / (contacted**2).sum())
    return effect, effect - half, effect + half


if __name__ == "__main__":
    import sys

    print(section(Path(sys.argv[1])))
