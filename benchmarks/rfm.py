"""RFM as a baseline: how well its scores rank who leaves, and what its rule earns, beside the model.

    python benchmarks/rfm.py

The first on Online Retail II, with the cutoffs of the demo; the second on simulated worlds, where it is known what an
offer does: the same offer, to as many customers, to those who are at risk by RFM, and to those who have most at stake
by the model (risk times expected profit).
"""

import numpy as np
import pandas as pd

import patron as pt
from patron import metrics
from patron.datasets import online_retail, simulate
from patron.metrics.intervals import bootstrap, paired_difference
from patron.portfolio.customers import customers_at
from patron.portfolio.rfm import quantile_thresholds, rfm
from patron.portfolio.rfm_features import rfm_features
from patron.questions.matrices import exact_features

SPLIT = pt.Split.of(
    train=["2010-06-16", "2010-09-14", "2010-12-13", "2011-03-13"], valid=["2011-06-11"], test=["2011-09-09"]
)
WORLD = pt.Split.of(
    train=["2022-06-06", "2022-09-05", "2022-12-05", "2023-03-06"], valid=["2023-06-05"], test=["2023-09-04"]
)
TODAY = pd.Timestamp("2024-01-01").to_pydatetime()
CELL = ["rfm_recency", "rfm_frequency", "rfm_money"]
PRIOR = 20  # customers that a cell is drawn towards all by


def main() -> None:
    """Print how RFM ranks, and what it earns."""
    history, question = online_retail(), pt.churn(90, 365)
    trained = pt.train(question, history, SPLIT)
    rows = pt.matrix(trained.question, history, SPLIT.test)
    label = pt.answers(trained.question, history, SPLIT.test)
    chances = _rfm_chances(history, question, rows.key)
    chances |= {name: trained.bundles[name].predict(rows.X).iloc[:, 0] for name in ("logit", trained.champion)}
    for name, chance in chances.items():
        card = bootstrap({"AUC": metrics.auc, "lift": lift}, rows.key.customer, label, np.asarray(chance))
        both = (np.asarray(chances[trained.champion]), np.asarray(chance))
        more = paired_difference(metrics.auc, rows.key.customer, label, *both)
        print(f"{name:<20} AUC {card['AUC']}, lift of the first tenth {card['lift']}, model better by {more}")
    for seed in (1, 2, 3):
        earned(seed)


def _rfm_chances(history: pt.History, question: pt.churn, key: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return two rankings by RFM: the sum of the scores, and the rate of who left of the same cell before."""
    (known,) = customers_at(history, [pd.Timestamp(SPLIT.train[-1]).to_pydatetime()], None)
    features = rfm_features(quantile_thresholds(known))
    past = pt.matrix(question, history, SPLIT.train).key.assign(left=pt.answers(question, history, SPLIT.train))
    past = past.merge(exact_features(history, features, SPLIT.train), on=["customer", "cutoff"])
    now = key.merge(exact_features(history, features, SPLIT.test), on=["customer", "cutoff"], how="left")
    cells, base = past.groupby(CELL).left, past.left.mean()
    rate = ((cells.sum() + PRIOR * base) / (cells.size() + PRIOR)).rename("rate").reset_index()
    by_cell = now[CELL].merge(rate, on=CELL, how="left").rate.fillna(base)
    return {"sum of the scores": -now[CELL].sum(axis=1).to_numpy(float), "rate of the cell": by_cell.to_numpy(float)}


def lift(label: np.ndarray, chance: np.ndarray, weight: np.ndarray | None = None) -> float:
    """Return how many times as many leave among the tenth at most risk as among all."""
    weight = np.ones(len(label)) if weight is None else weight
    order = np.argsort(-chance, kind="stable")
    first = np.cumsum(weight[order]) <= 0.1 * weight.sum()
    return float(np.average(label[order][first], weights=weight[order][first]) / np.average(label, weights=weight))


def earned(seed: int) -> None:
    """Print what each offer earns in truth within 91 days, by the rule of RFM and by what the model sees at stake."""
    world = simulate(customers=3_000, seed=seed)
    history, truth = world.history(), world.truth(horizon=91)
    models = [pt.train(question, history, WORLD) for question in (pt.churn(91, 365), pt.tier(91, active_in=365))]
    answers = [pt.score(m.model, pt.matrix(m.question, history, [TODAY])) for m in models]
    scores = answers[0].merge(answers[1], on=["customer", "cutoff"])
    (known,) = customers_at(history, [TODAY], None)
    points = rfm(known, quantile_thresholds(known)).assign(customer=known.customer)
    at_risk = points[(points.recency <= 3) & (points.frequency >= 3)].customer
    stake = scores.assign(stake=scores.churn_probability * scores.expected_profit)
    chosen = stake.nlargest(len(at_risk), "stake").customer
    for offer, table in truth.groupby("offer"):
        effect = table.set_index("customer").profit_effect
        by_rule, by_model = (effect.reindex(those).sum() for those in (at_risk, chosen))
        print(
            f"world {seed}, {offer}: to {len(at_risk)} at risk by RFM {by_rule:.0f}, to as many with most at stake by "
            f"the model {by_model:.0f}, to all {effect.sum():.0f}"
        )


if __name__ == "__main__":
    main()
