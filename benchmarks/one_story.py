"""One story: next purchase, tier and profit as all chosen models tell them together, at the test cutoff of each set."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from bars import stands

from patron.history.history import History
from patron.metrics import Estimate, auc, bias, bootstrap, log_loss, macro_f1, normalized_gini, quadratic_kappa
from patron.models.serving import TargetSpec, tier_codes
from patron.models.training import train
from patron.periods import Split
from patron.questions.kinds import churn, next_purchase, tier
from patron.questions.matrices import labels, matrix
from patron.questions.profit import CostModel
from patron.questions.question import Question
from patron.questions.shared import together
from patron.scoring.story import joint_answers

THIRDS = {"top": 1 / 3, "middle": 1 / 3}
COLUMNS = ["data", "figure", "Patron", "bar", "reached"]
CAPTION = """\
What all chosen models say together (`joint_answers`) at the test cutoffs: the chance of a purchase within the first
days, the tier (thirds of the profits above zero in training, beside nothing or a loss), the profit expected. All are
trained on the known cutoffs. Where a bar is given it is the one that was to be reached. Those of tier and profit are of
the demo, whose tiers are other shares and have costs.
"""
BARS = {
    "online_retail_ii_dev": {
        "churn, AUC": 0.770,
        "churn, log loss": 0.565,
        "30 days, AUC": 0.769,
        "30 days, log loss": 0.455,
        "tier, quadratic kappa": 0.585,
        "tier, macro F1": 0.546,
        "profit, Gini": 0.80,
        "profit, bias": 0.10,
    }
}
Judged = tuple[str, Any, np.ndarray, np.ndarray]


def questions(task: Mapping[str, Any]) -> tuple[Question, ...]:
    """Return churn, next purchase and, where money is known, the tier; *task* is an entry of `tasks.json`."""
    days, active = task["horizon_days"], task["population_days"]
    costs = CostModel(margin_rate=None if task["value"] == "margin" else 1.0)
    tiers = (tier(days, costs, THIRDS, active),) if task["value"] else ()
    return (churn(days, active), next_purchase(days, (task["next_days"],), active), *tiers)


def figures(history: History, asked: tuple[Question, ...], split: Split) -> dict[str, Estimate]:
    """Return each figure at the test cutoffs, of models trained on the known ones."""
    trained = [train(question, history, split) for question in together(asked, history, split.known[-1])]
    rows = matrix(trained[0].question, history, split.test)
    measured = {}
    answers = joint_answers({each.question.name: each.model for each in trained}, rows.X)
    for each, answer in zip(trained, answers, strict=True):
        label = labels(each.question, history, split.test)
        for name, metric, came, predicted in _judged(each.question, each.model.spec["answer"], answer, label):
            measured[name] = bootstrap({name: metric}, rows.key.customer.to_numpy(), came, predicted)[name]
    return measured


def table(measured: Iterable[tuple[str, Mapping[str, Estimate]]]) -> pd.DataFrame:
    """Return a line for each figure of each data set, beside its bar."""
    lines = []
    for data, estimates in measured:
        for name, ours in estimates.items():
            bar = BARS.get(data, {}).get(name)
            beside = ["", ""] if bar is None else [f"{'+-' if 'bias' in name else ''}{bar}", stands(name, ours, bar)]
            lines.append([data, name, str(ours), *beside])
    return pd.DataFrame(lines, columns=COLUMNS)


def _judged(question: Question, spec: TargetSpec, answer: pd.DataFrame, label: np.ndarray) -> Iterator[Judged]:
    """Return name, metric, what came and what was predicted of each figure of a question."""
    if question.name == "tier":
        places = range(len(spec["tiers"]))
        tiers = (tier_codes(spec["lows"], label), pd.Index(spec["tiers"]).get_indexer(answer.tier))
        yield "tier, quadratic kappa", partial(quadratic_kappa, classes=places), *tiers
        yield "tier, macro F1", partial(macro_f1, classes=places), *tiers
        profit = (label, answer.expected_profit.to_numpy())
        yield "profit, Gini", normalized_gini, *profit
        yield "profit, bias", bias, *profit
        return
    days = spec["within"][0] if "within" in spec else None
    name, column = ("churn", "churn_probability") if days is None else (f"{days} days", f"purchase_within_{days}d")
    chance = (label if days is None else (label < days).astype(float), answer[column].to_numpy())
    yield f"{name}, AUC", auc, *chance
    yield f"{name}, log loss", log_loss, *chance
    yield f"{name}, bias", bias, *chance
