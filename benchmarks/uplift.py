"""Uplift: learned effects on a real randomised test of e-mails, beside each learner alone, in twenty equal splits.

`python benchmarks/uplift.py <folder of the data> [page]` learns from one half of the customers of Hillstrom's test and
judges on the other, twenty times. Nothing is tuned here, but the defaults were set while this test was looked at.
Decisions by costs that differ by customer, without a trial, stand beside it, and contacts that nobody drew by lot.
"""

import platform
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from churn_costs import table as costs_table
from observed_contacts import section

from patron.decisions.uplift.assignments import Money, promised_gains
from patron.decisions.uplift.effects import Effects, Prepared, conclude, prepare
from patron.decisions.uplift.layouts import encoded
from patron.decisions.uplift.learners import LEARNERS, MEAN
from patron.decisions.uplift.trial import Trial, trial
from patron.metrics import aipw_value, qini

SPLITS = 20
DRAWS = 100
FEATURES = ["recency", "history", "mens", "womens", "zip_code", "newbie", "channel"]
NONE, MEN, WOMEN = "No E-Mail", "Mens E-Mail", "Womens E-Mail"
MAIL, VISIT = 0.05, 1.0
TASKS = {"women, visit": (WOMEN, "visit"), "men, visit": (MEN, "visit"), "women, spend": (WOMEN, "spend")}
CAPTION = """\
Hillstrom's e-mail test (64,000 customers, three arms by lot), {splits} splits into two halves: learned on the one,
judged on the other. Qini is the area per treated customer above treating at random. **Chosen** is what Patron chose on
the training half: the mean of the learners, or one of them where the t value of its best linear predictor is larger by
more than luck; the best in hindsight is the learner with the largest mean, which nobody knows beforehand.
Where no learner sorts customers beyond chance the choice is a constant effect,
whose Qini is zero: of spend, which one customer in a hundred has, half of this test says too little to choose by.
"""
COSTS = """\
## Without a trial: churn decided by money
9,379 subscribers of television, of whom one in twenty leaves, with the costs of each of the four ways to be right or
wrong for each of them; five times two halves. Trees with Patron's parameters, as many as an inner part finds enough,
learn who leaves; treated is whose expected profit is above zero. That an offer keeps who would leave is assumed by the
data set: no trial stands behind it.
"""


def main() -> None:
    """Print the tables, and write them to a page where one is named."""
    folder, page = Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None
    frame, started = pd.read_parquet(folder / "hillstrom_customers.parquet"), time.process_time()
    tasks = {name: _task(frame, *task) for name, task in TASKS.items()}
    arms = _arms(frame)
    costs = costs_table(folder)
    observed = section(folder)
    text = _page(tasks, arms, costs, observed, time.process_time() - started)
    print(text)
    if page:
        page.write_text(text, encoding="utf-8")


def _task(frame: pd.DataFrame, arm: str, outcome: str) -> pd.DataFrame:
    """One line for each split: Qini of every learner and of the choice, promised and realised profit."""
    rows = frame[frame.segment.isin([arm, NONE])].reset_index(drop=True)
    lines = []
    for split in range(SPLITS):
        ours, theirs = (_trial(part, outcome) for part in _halves(rows, split))
        prepared = prepare(ours, 5, 0)
        learned = conclude(prepared, Money(VISIT, [0.0, MAIL], 0.95), None, 0, DRAWS)
        lines.append(_judged(prepared, learned, theirs))
        print(arm, outcome, split, flush=True, file=sys.stderr)
    return pd.DataFrame(lines)


def _judged(prepared: Prepared, learned: Effects, theirs: Trial) -> dict[str, float | str | bool]:
    test = encoded(theirs, prepared.specs)
    promised = {
        name: np.mean([learner.effects(test.X) for learner in prepared.fit.learners[1][name]], axis=0)
        for name in [*LEARNERS, MEAN]
    }
    line: dict[str, float | str | bool] = {
        name: qini(test.arm, test.outcome, score) for name, score in promised.items()
    }
    effects = learned.card.effects.iloc[0]
    calibrated = learned.predict(theirs.features).effect.to_numpy()
    moved = learned.recommend(theirs.features)
    figures = {
        "each": (calibrated > MAIL, calibrated - MAIL),
        "chosen": ((moved.arm != NONE).to_numpy(), moved.gain.to_numpy()),
        "T as it comes": (promised["T, small trees"] > MAIL, promised["T, small trees"] - MAIL),
    }
    for name, (treat, gain) in figures.items():
        line[f"{name} promised"] = float(np.where(treat, gain, 0).mean() * 1000)
        line[f"{name} realised"] = _realised(test.arm, test.outcome, treat) * 1000
    return line | {
        "chosen": qini(test.arm, test.outcome, calibrated),
        "policy": str(learned.card.policies[learned.card.policies.chosen].policy.iloc[0]),
        "learner": effects.learner,
        "personalise": bool(effects.personalise),
        "differs": bool(effects.differs),
    }


def _realised(arm: np.ndarray, outcome: np.ndarray, treat: np.ndarray) -> float:
    """What the treated of the other half brought over the control, mail paid, per customer of all."""
    if not treat.any():
        return 0.0
    gain = outcome[treat & (arm == 1)].mean() - outcome[treat & (arm == 0)].mean() - MAIL
    return float(gain * treat.mean())


def _arms(frame: pd.DataFrame) -> pd.DataFrame:
    """One line for each split: what policies bring with both mails at hand, per 1,000 customers."""
    lines = []
    costs = Money(VISIT, [0.0, MAIL, MAIL], 0.95)
    for split in range(SPLITS):
        ours, theirs = (_trial(part, "visit") for part in _halves(frame, split))
        learned = conclude(prepare(ours, 5, 0), costs, _rule, 0, DRAWS)
        chosen = learned.recommend(theirs.features)
        line = {
            "chosen": _value(theirs, chosen.arm.to_numpy()),
            "promised": float(chosen.gain.mean() * 1000),
            "rule": _value(theirs, _rule(theirs.features)),
            "policy": str(learned.card.policies[learned.card.policies.chosen].policy.iloc[0]),
            "each": _value(theirs, _each(learned, theirs)),
        }
        lines.append(line | {arm: _value(theirs, np.full(len(theirs), arm, object)) for arm in (MEN, WOMEN)})
        print("arms", split, flush=True, file=sys.stderr)
    return pd.DataFrame(lines)


def _each(learned: Effects, theirs: Trial) -> np.ndarray:
    """Give each customer what promises most."""
    model = learned.model
    gains = promised_gains(model.scores(theirs.features), model.lines, model.money)
    return np.array(theirs.arms, dtype=object)[gains.argmax(axis=1)]


def _value(theirs: Trial, arm: np.ndarray) -> float:
    """What a policy brings over mailing nobody, per 1,000 customers of the other half."""
    means = {name: theirs.outcome[theirs.arm == name].mean() for name in theirs.arms}
    expected = np.array([means[name] for name in arm])
    share = pd.Series(theirs.arm).map(pd.Series(theirs.arm).value_counts(normalize=True)).to_numpy()
    value = aipw_value((arm == theirs.arm).astype(float), theirs.outcome, share, expected)
    return float(value - means[NONE] - MAIL * (arm != NONE).mean()) * 1000


def _rule(frame: pd.DataFrame) -> np.ndarray:
    """The rule of one line: the men's mail to those who bought for men, the women's to all others."""
    return np.where(frame.mens == 1, MEN, WOMEN)


def _halves(rows: pd.DataFrame, split: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    first = np.random.default_rng(split).permutation(len(rows)) < len(rows) // 2
    return rows[first], rows[~first]


def _trial(rows: pd.DataFrame, outcome: str) -> Trial:
    arms = rows.segment.unique()
    return trial(
        rows,
        arm="segment",
        control=NONE,
        outcome=outcome,
        features=FEATURES,
        propensity={arm: 1 / len(arms) for arm in arms},
        assignment="randomised",
    )


def _page(tasks: Mapping[str, pd.DataFrame], arms: pd.DataFrame, costs: str, observed: str, seconds: float) -> str:
    day = datetime.now(UTC).date()
    head = f"# Uplift\n\n{day}, Python {platform.python_version()}, {seconds:.0f} s of CPU in all.\n"
    parts = [head, CAPTION.format(splits=SPLITS), _learners(tasks), _promises(tasks), _policies(arms), COSTS, costs]
    return "\n".join([*parts, observed])


def _learners(tasks: Mapping[str, pd.DataFrame]) -> str:
    lines = ["| Qini | " + " | ".join(tasks) + " |", "| --- |" + " --- |" * len(tasks)]
    for name in [*LEARNERS, MEAN, "chosen"]:
        cells = [
            f"{round(lines_of[name].mean(), 4) + 0.0:.4f} (sd {lines_of[name].std():.4f})"
            for lines_of in tasks.values()
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    best = {name: max(table[learner].mean() for learner in [*LEARNERS, MEAN]) for name, table in tasks.items()}
    shares = [f"{round(table.chosen.mean() / best[name], 2) + 0.0:.0%}" for name, table in tasks.items()]
    lines.append("| chosen, share of the best in hindsight | " + " | ".join(shares) + " |")
    kept = [f"{(~table.personalise).sum()} of {len(table)}" for table in tasks.values()]
    lines.append("| splits with 'nothing to personalise' | " + " | ".join(kept) + " |")
    return "\n".join(lines) + "\n"


def _promises(tasks: Mapping[str, pd.DataFrame]) -> str:
    table = tasks["women, visit"]
    lines = [
        "Women, visit worth 1, a mail .05: profit per 1,000 customers, on average over the splits.\n",
        "| policy | promised | realised | promised / realised |",
        "| --- | --- | --- | --- |",
    ]
    names = {
        "chosen": "the policy that was chosen",
        "each": "all whose calibrated effect is above the cost",
        "T as it comes": "T as it comes, not calibrated",
    }
    for key, name in names.items():
        promised, realised = table[f"{key} promised"].mean(), table[f"{key} realised"].mean()
        lines.append(f"| {name} | {promised:.1f} | {realised:.1f} | {promised / realised:.2f} |")
    return "\n".join(lines) + "\n"


def _policies(arms: pd.DataFrame) -> str:
    chosen = arms.policy.value_counts()
    lines = [
        "Three arms (no mail, men's, women's), the same worth and cost: profit per 1,000 customers.\n",
        "| policy | realised |",
        "| --- | --- |",
        f"| chosen (promised {arms.promised.mean():.1f}) | {arms.chosen.mean():.1f} |",
        f"| the rule: men's mail to those who bought for men, else women's | {arms['rule'].mean():.1f} |",
        f"| men's mail to all (the best single arm) | {arms[MEN].mean():.1f} |",
        f"| women's mail to all | {arms[WOMEN].mean():.1f} |",
        f"| each what promises most | {arms['each'].mean():.1f} |",
        "",
        "Chosen were: " + "; ".join(f"{name} ({count} splits)" for name, count in chosen.items()) + ".",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
