"""Churn decided by money: who is worth a retention offer by expected profit, with costs that differ by customer.

On `churn_tv_subscriptions` (9,379 subscribers, one in twenty leaves; the costs of each of the four ways to be right or
wrong are in the data), five times two halves.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from patron.models.candidates import boosted
from patron.models.serving import sigmoid
from patron.models.targets.target import Examples

REPEATS = 5
INNER = 5  # parts of the training half, of which one says how many trees are enough
NOBODY, EVERYBODY = "nobody", "everybody"


def table(folder: Path) -> str:
    """Return what each way to decide saves on the half that was not learned from, over treating nobody."""
    rows = pd.read_csv(folder / "churn_tv_subscriptions.csv.gz")
    X = rows[[name for name in rows if name.startswith("x")]].to_numpy(np.float32)
    left, saved, wasted = rows.target.to_numpy(), (rows.C_FN - rows.C_TP).to_numpy(), rows.C_FP.to_numpy()
    lines = []
    for repeat in range(REPEATS):
        half = np.random.default_rng(repeat).permutation(len(rows)) % 2
        for side in (0, 1):
            train, test = half != side, half == side
            chance = _chances(X[train], left[train], X[test], repeat)
            gain = np.where(left[test] == 1, saved[test], -wasted[test])
            promised = chance * saved[test] - (1 - chance) * wasted[test]
            perfect = float(np.maximum(gain, 0).sum())
            lines.append(_line(gain, promised, chance) | {"everybody": gain.sum(), "perfect": perfect})
    return _table(pd.DataFrame(lines))


def _line(gain: np.ndarray, promised: np.ndarray, chance: np.ndarray) -> dict[str, float]:
    return {
        "expected": gain[promised > 0].sum(),
        "promised": promised[promised > 0].sum(),
        "treated": (promised > 0).mean(),
        "half": gain[chance > 0.5].sum(),
    }


def _chances(X: np.ndarray, left: np.ndarray, asked: np.ndarray, seed: int) -> np.ndarray:
    """Return chances to leave by trees with Patron's parameters, as many as an inner part finds enough."""
    names = [f"x{place}" for place in range(X.shape[1])]
    inner = np.random.default_rng([seed, 1]).permutation(len(X)) % INNER == 0
    watch = (X[inner], _examples(left[inner]), None)
    rounds = boosted(X[~inner], _examples(left[~inner]), names, [], validation=watch).rounds
    fitted = boosted(X, _examples(left), names, [], rounds)
    return sigmoid(np.asarray(fitted.booster.predict(asked, raw_score=True, num_threads=1)))


def _examples(left: np.ndarray) -> Examples:
    return Examples(np.arange(len(left)), None, left.astype(np.int64), 2)


def _table(figures: pd.DataFrame) -> str:
    mean, perfect = figures.mean(), figures.perfect.mean()
    names = {
        "expected": f"expected profit above zero ({mean.treated:.0%} treated, promised {mean.promised / 1000:.1f}k)",
        "half": "chance above .5",
        "everybody": "everybody",
        "perfect": "those who left, known beforehand",
    }
    lines = ["| treated | saved per half | of perfect |", "| --- | --- | --- |"]
    lines += [f"| {words} | {mean[key] / 1000:.1f}k | {mean[key] / perfect:.1%} |" for key, words in names.items()]
    return "\n".join(lines) + "\n"
