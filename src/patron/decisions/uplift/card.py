"""Cards of effects: all that speaks for and against what was learned, as small tables and a few sentences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from patron.decisions.uplift.assignments import Money
from patron.decisions.uplift.cross_fitting import CrossFit
from patron.decisions.uplift.layouts import Encoded
from patron.decisions.uplift.learners import CONSTANT, MEAN
from patron.decisions.uplift.preflight import ASSUMED, Preflight
from patron.decisions.uplift.selection import Choice
from patron.formatting import html_table
from patron.metrics import Estimate, autoc, auuc, bootstrap, by_draw, qini, uplift_by_decile

__all__ = ["EffectCard", "candidate_table", "decile_table", "effect_table", "sentences"]


UNKNOWN = float("nan")
NEARLY_ALL = 0.99
NOTHING_LEARNED = (
    "Nothing can be learned of these contacts, so no policy on them is proposed but your own rule, or nobody. Assume "
    "an effect (effect = 0.1), or draw by lot who gets the offer next time."
)


@dataclass(frozen=True)
class EffectCard:
    """What was learned from a trial, and how far it can be trusted.

    Args:
        preflight: whether the arms can be compared.
        effects: for each offer the mean effect with its interval, the learner, whether effects differ between
            customers, whether that is worth a choice by customer, and how many are surely persuadable or surely
            harmed: the interval of `Effects.predict` on them lies above, or below, zero.
        candidates: for each offer and learner the t value and slope of its promises on unseen customers, and Qini, AUUC
            and AUTOC, those of the best learner with intervals over customers.
        deciles: promised and true effect in each tenth of unseen customers, by the learner that was chosen.
        policies: what policies promised and brought on unseen customers.
        placebo: the t value of the best learner where arms were dealt anew by lot; it should be of chance.
        evidence: "randomised", "logged propensity", "observational with overlap" or "assumed".
        sentences: what to make of it.
        ladder: what ever finer strategies brought on unseen customers, each more than the one before it.
    """

    preflight: Preflight
    effects: pd.DataFrame
    candidates: pd.DataFrame
    deciles: pd.DataFrame
    policies: pd.DataFrame
    placebo: pd.DataFrame
    evidence: str
    sentences: tuple[str, ...]
    ladder: pd.DataFrame

    def __str__(self) -> str:
        return "\n".join(self.sentences)

    def _repr_html_(self) -> str:
        tables = (self.effects, self.candidates, self.policies)
        return "".join(f"<p>{sentence}</p>" for sentence in self.sentences) + "".join(map(html_table, tables))


def candidate_table(
    rows: Encoded, arms: Sequence[str], fit: CrossFit, choices: Sequence[Choice], repeats: int, level: float
) -> pd.DataFrame:
    """Return how the promises of each candidate stood on unseen customers, that to choose first and with intervals."""
    lines = []
    for arm, choice in enumerate(choices, start=1):
        for name, line in sorted(choice.lines.items(), key=lambda item: (item[0] != choice.best, -item[1].t)):
            constant = np.zeros(len(rows))  # folds differ in their constant, which sorts nobody
            promised = constant if name == CONSTANT else fit.effects[arm][name]
            figures = _figures(rows, fit, arm, promised, repeats if name == choice.best else 0, level)
            named: dict[str, Any] = {"arm": arms[arm], "learner": name, "chosen": name == choice.learner}
            lines.append({**named, "t": line.t, "slope": line.slope, "slope_error": line.slope_error, **figures})
    return pd.DataFrame(lines)


def decile_table(
    rows: Encoded, arms: Sequence[str], fit: CrossFit, choices: Sequence[Choice], repeats: int, level: float
) -> pd.DataFrame:
    """Return promised and true effects by tenths of unseen customers, by the best learner of each offer."""
    tables = []
    for arm, choice in enumerate(choices, start=1):
        promised = choice.line.effects(fit.effects[arm][choice.best])
        gain = fit.scores[:, arm] - fit.scores[:, 0]
        table = uplift_by_decile(rows.groups, gain, promised, repeats=repeats, level=level)
        tables.append(table.assign(arm=arms[arm]))
    return pd.concat(tables, ignore_index=True)


def effect_table(
    arms: Sequence[str],
    choices: Sequence[Choice],
    bounds: Mapping[int, tuple[np.ndarray, np.ndarray]],
    money: Money,
    evidence: str,
) -> pd.DataFrame:
    """Return the mean effect of each offer, and how many customers it surely helps or harms.

    An offer is to be personalised where its effect is more than assumed and differs between customers, and no one
    answer, all or nobody, is surely right for nearly every one of them, its cost taken off.

    Args:
        arms: their names, the control first.
        choices: what was chosen for each treatment.
        bounds: for each treatment the bounds of the effect on each customer.
        money: what outcomes are worth and arms cost.
        evidence: what the trial is worth.
    """
    lines, half = [], NormalDist().inv_cdf((1 + money.level) / 2)
    for arm, choice in enumerate(choices, start=1):
        low, high = bounds[arm]
        line, even = choice.lines[choice.best], money.costs[arm] / money.value
        mean = {"effect": line.effect, "effect_low": line.effect - half * line.error}
        mean |= {"effect_high": line.effect + half * line.error}
        alike = max((low > even).mean(), (high < even).mean()) >= NEARLY_ALL
        sure = {"surely_helped": int((low > 0).sum()), "surely_harmed": int((high < 0).sum())}
        verdict = {"differs": choice.differs, "personalise": bool(choice.differs and not alike and evidence != ASSUMED)}
        lines.append({"arm": arms[arm], **mean, "learner": choice.learner, **verdict, **sure})
    return pd.DataFrame(lines)


def sentences(
    preflight: Preflight, effects: pd.DataFrame, choices: Sequence[Choice], policies: pd.DataFrame, rows: int
) -> tuple[str, ...]:
    """Return what to make of a trial in sentences."""
    lines = [*preflight.warnings, f"Evidence: {preflight.evidence}."]
    if preflight.evidence == ASSUMED:
        return (*lines, NOTHING_LEARNED)
    for line, choice in zip(effects.to_dict("records"), choices, strict=True):
        lines.append(_of_arm(line, choice, rows))
    chosen, single = policies[policies.chosen].iloc[0], policies.iloc[0]
    lines.append(
        f"Policy: {chosen.policy}, which brought {_interval(chosen, 'gain')} per customer over treating nobody where "
        f"{chosen.promised:.4g} were promised."
    )
    if chosen.policy != single.policy:
        lines.append(f"Over the best single arm, {single.policy!r}, that is {_interval(chosen, 'over_single')}.")
    return tuple(lines)


def _of_arm(line: Mapping[str, Any], choice: Choice, rows: int) -> str:
    mean, best = f"{line['arm']}: effect {_interval(line, 'effect')}", choice.lines[choice.best]
    if not choice.differs:
        who = "their mean" if choice.best == MEAN else f"the best, {choice.best},"
        return (
            f"{mean}; nothing to personalise: no learner sorts customers beyond chance ({who} has t = {best.t:.1f}, "
            f"where {choice.bound:.1f} are needed)."
        )
    differs = f"it differs between customers ({choice.best}, t = {best.t:.1f}, slope {best.slope:.2f})"
    sure = f"{line['surely_helped']:,} of {rows:,} are surely helped, {line['surely_harmed']:,} surely harmed"
    if not line["personalise"]:
        return f"{mean}; nothing to personalise: {differs}, but one answer is right for nearly all: {sure}."
    return f"{mean}; {differs}: {sure}, by the interval of the mean effect on customers like them."


def _interval(line: Mapping[str, Any] | pd.Series, name: str) -> str:
    return f"{line[name]:.4g} [{line[f'{name}_low']:.4g}, {line[f'{name}_high']:.4g}]"


def _figures(
    rows: Encoded, fit: CrossFit, arm: int, promised: np.ndarray, repeats: int, level: float
) -> dict[str, float]:
    """Return Qini and AUUC of control and one treatment, and AUTOC of all; with intervals where there are draws."""
    pair = np.isin(rows.arm, (0, arm))
    inverse = np.ones(pair.sum())
    if rows.assignment != "randomised" or rows.propensity is not None:
        inverse = 1 / fit.propensity[pair, rows.arm[pair]]
    treated = (rows.arm[pair] == arm).astype(float)
    curves = {name: partial(_weighted, metric=metric) for name, metric in (("qini", qini), ("auuc", auuc))}
    gain = fit.scores[:, arm] - fit.scores[:, 0]
    parts: tuple[tuple[Any, np.ndarray, tuple[np.ndarray, ...]], ...] = (
        (curves, rows.groups[pair], (treated, rows.outcome[pair], inverse, promised[pair])),
        ({"autoc": autoc}, rows.groups, (gain, promised)),
    )
    estimates: dict[str, Estimate] = {}
    for metrics, groups, columns in parts:
        if repeats:
            estimates |= bootstrap(metrics, groups, *columns, repeats=repeats, level=level)
        else:
            estimates |= {name: Estimate(metric(*columns), UNKNOWN, UNKNOWN) for name, metric in metrics.items()}
    return {key: value for name, figure in estimates.items() for key, value in _bounds(name, figure).items()}


def _bounds(name: str, figure: Estimate) -> dict[str, float]:
    return {name: figure.value, f"{name}_low": figure.low, f"{name}_high": figure.high}


@by_draw
def _weighted(
    treated: np.ndarray,
    outcome: np.ndarray,
    inverse: np.ndarray,
    score: np.ndarray,
    *,
    metric: Any,
    weight: np.ndarray | None = None,
) -> float:
    """Return a metric of rows that count by the inverse of the probability of their arm."""
    counts = inverse if weight is None else (weight.T * inverse).T
    return float(result) if np.ndim(result := metric(treated, outcome, score, weight=counts)) == 0 else result
