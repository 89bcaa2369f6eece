"""Campaigns: past contacts of an offer as a trial, with features of before each contact and what came of it after.

Features are those that models carry, computed by the same engine; the horizon is counted from the contact itself.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from ibis.expr.types import Table

from patron.decisions.uplift.trial import Trial
from patron.errors import QuestionError, listed
from patron.features.compute.generic import feature_table
from patron.features.definitions import Definition
from patron.history.after_contacts import CONTACT, LEFT_OUT, contacted, contacts_of, events_after, n_followed
from patron.history.history import History
from patron.history.offers import CONTROL, OFFERS
from patron.history.order_lines import BEGAN
from patron.periods import Span
from patron.questions.kinds import Tier
from patron.questions.matrices import KEY, MEMORY, Matrix, matrices
from patron.questions.question import Question

__all__ = ["OUTCOMES", "CampaignTrial", "campaign_trial", "without_offers"]

MOST_ROWS = 500_000  # at once, of which those of the contacts are kept
FEW = 60  # different times, up to which each is a cutoff of its own
FAR, NEAR = 4.0, 3.0  # standard deviations
ROUNDING, DIGITS = 1e-6, 6
UNASKED = "not asked about then"
# What an offer should raise, from the label of a question.
OUTCOMES: Mapping[str, tuple[str, Callable[[np.ndarray], np.ndarray]]] = {
    "churn": ("probability", lambda label: 1.0 - label),
    "next_purchase": ("probability", lambda label: (~np.isnan(label)).astype(float)),
    "cancellation": ("probability", lambda label: np.isnan(label).astype(float)),
    "win_back": ("probability", lambda label: (~np.isnan(label)).astype(float)),
    "tier": ("money", lambda label: label),
}


@dataclass(frozen=True, repr=False)
class CampaignTrial(Trial):
    """The past contacts of an offer as a trial.

    Args:
        question: what is asked of those contacted, with the features of the trial.
        definitions: what each feature means.
        key: `customer`, `at` (of the contact) and `cutoff` (before which features look), of each row.
        counts: the contacts of the offer, those used, those left out by reason, and those `followed` by another
            treatment before their horizon was over.
        notes: what a reader should know, as sentences.
    """

    question: Question | None = None
    definitions: tuple[Definition, ...] = ()
    key: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=[*KEY, "at"]))
    counts: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Return how many contacts are used, and how the arms came about, in a line."""
        arms = ", ".join(f"{int((self.arm == arm).sum()):,} {arm}" for arm in self.arms)
        return f"CampaignTrial({len(self):,} of {self.counts.get('contacts', 0):,} contacts: {arms}; {self.assignment})"


def campaign_trial(
    question: Question, history: History, offer: str = "", assignment: str = "", memory: float = MEMORY
) -> CampaignTrial:
    """Return the past contacts of an offer as a trial, from which its effect can be learned.

    What an offer should raise is told by the question: of churn that the customer buys within the horizon, of a
    cancellation that there is none, of the next purchase or a return that it comes; of a tier the profit over the
    horizon, without what any offer cost. The horizon is counted from the contact itself, and an event at the time of
    the contact came after it. Features look at what was before each contact; where there are more than 60 different
    times, or days cannot be parted, at what was before its day.

    Args:
        question: what is asked, of whom and how far ahead; contacts of others are left out, and counted.
        history: the checked event tables, `offers` among them.
        offer: which offer; may be left out where the table has one only.
        assignment: "randomised", "logged" or "observational"; where it is not said, arms were drawn by lot if the
            propensity was the same for all at a time, by a rule if it was not, and nobody knows how if there is none.
        memory: gigabytes that the events may take while they are worked on.

    Raises:
        QuestionError: no contact can be used, or not in both arms, or the question is about none of this.
    """
    if question.name not in OUTCOMES:
        raise QuestionError(
            f"Effects are learned on {listed(OUTCOMES)}, got {question.name!r}. Ask pt.churn(horizon=90)."
        )
    contacts = contacts_of(history, offer, question.horizon)
    usable = contacts.filter(contacts[LEFT_OUT].isnull())
    frame = usable.drop(LEFT_OUT).order_by(CONTACT).to_pandas()
    frame["cutoff"] = _cutoffs(history, frame["at"])
    complete = question.on(history, frame["at"].min().to_pydatetime())
    place, matrix = _rows(complete, contacted(history, usable), frame, memory)
    rows = frame.iloc[place].reset_index(drop=True)
    kind, raised = OUTCOMES[question.name]
    outcome = raised(_labels(complete, history, usable)[place])
    propensity = _propensity(rows)
    _check_reading(rows, propensity)
    counts = _counts(contacts, len(frame), len(rows), n_followed(history, usable, question.horizon))
    return CampaignTrial(
        features=matrix.X,
        arm=rows.arm.to_numpy(dtype=object),
        control=CONTROL,
        outcome=_settled(complete, matrix.X, outcome),
        propensity=propensity,
        assignment=assignment or _assignment(rows, propensity),
        cost=rows.cost.fillna(0).to_numpy(dtype=np.float64) if "cost" in rows else None,
        customer=rows.customer.to_numpy(dtype=object),
        outcome_kind=kind,
        question=complete,
        definitions=matrix.definitions,
        key=rows[["customer", "at", "cutoff"]],
        counts=counts,
        notes=tuple(_notes(rows, propensity, counts)),
    )


def _cutoffs(history: History, at: pd.Series) -> pd.Series:
    """Return the time before which the features of each contact look: its own, or the beginning of its day."""
    day = at.dt.normalize()
    parted = (at != day).any() and any(BEGAN in table.columns for table in history.tables.values())
    return day if parted or at.nunique() > FEW else at


def _rows(question: Question, history: History, frame: pd.DataFrame, memory: float) -> tuple[np.ndarray, Matrix]:
    """Return which contacts the question is about, and what was known before each, in the order of the contacts."""
    times = [cutoff.to_pydatetime() for cutoff in frame.cutoff.unique()]
    wanted = frame[KEY].assign(place=np.arange(len(frame)))
    places, parts = [], []
    definitions: tuple[Definition, ...] = ()
    for matrix in matrices(question, history, times, memory, MOST_ROWS):
        pairs = matrix.key.assign(row=np.arange(len(matrix))).merge(wanted, on=KEY)
        places.append(pairs.place.to_numpy())
        parts.append(matrix.X.iloc[pairs.row])
        definitions = matrix.definitions
    place = np.concatenate(places) if places else np.array([], int)
    if not len(place):
        raise QuestionError(
            f"No customer who was contacted {question.population.words} the contact. {question.population_hint}."
        )
    order = np.argsort(place, kind="stable")
    X = pd.concat(parts).iloc[order].reset_index(drop=True)
    known = [definition for definition in definitions if X[definition.name].notna().any()]
    names = [definition.name for definition in known]
    return place[order], Matrix(frame.iloc[place[order]][KEY].reset_index(drop=True), X[names], tuple(known))


def without_offers(question: Question, history: History) -> tuple[Question, History]:
    """Return a question and the history that answers it as if offers cost nothing, whatever they did."""
    bare = replace(history, tables={name: table for name, table in history.tables.items() if name != OFFERS})
    if isinstance(question, Tier):
        per_event = {name: cost for name, cost in question.costs.cost_per_event.items() if name != OFFERS}
        question = replace(question, costs=replace(question.costs, cost_per_event=per_event))
    return question, bare


def _labels(question: Question, history: History, contacts: Table) -> np.ndarray:
    """Return the label of the question after each contact; what offers cost is no part of a profit here."""
    question, bare = without_offers(question, history)
    label = question.label(bare)

    def after(name: str, horizon: Span) -> Table:
        return events_after(bare, name, contacts, horizon)

    table = feature_table(contacts.select(customer=CONTACT, cutoff="at"), after, (label,)).order_by("customer")
    return table.to_pandas()[label.column(question.horizon)].to_numpy(dtype=np.float64)


def _settled(question: Question, X: pd.DataFrame, outcome: np.ndarray) -> np.ndarray:
    """Return outcomes, 1 where the customer was paid up for the whole horizon before the contact."""
    if question.settled_column not in X:
        return outcome
    return np.where(X[question.settled_column] >= (question.horizon.days or 0), 1.0, outcome)


def _propensity(rows: pd.DataFrame) -> pd.DataFrame | None:
    """Return the chance of each arm, a column each; None where that of the arm in the row does not tell the others.

    Of two arms it does; of several where it is the same for all who got an arm at a time.
    """
    arms = [CONTROL, *sorted(set(rows.arm) - {CONTROL})]
    if "propensity" not in rows or rows.propensity.isna().any() or len(arms) < 2:
        return None
    if len(arms) == 2:
        own = rows.propensity.to_numpy(dtype=np.float64)
        chance = np.where(rows.arm == CONTROL, 1.0 - own, own)
        return pd.DataFrame({CONTROL: 1.0 - chance, arms[1]: chance})
    by_arm = rows.groupby(["at", "arm"]).propensity.agg(["min", "max"])
    chances = by_arm["max"].unstack()[arms]
    same = (by_arm["min"] == by_arm["max"]).all() and np.allclose(chances.sum(axis=1, skipna=False), 1.0, atol=ROUNDING)
    return chances.loc[rows["at"]].reset_index(drop=True) if same else None


def _check_reading(rows: pd.DataFrame, propensity: pd.DataFrame | None) -> None:
    """Refuse propensities that fit the arms only as the chance of being treated, whatever the arm of the row."""
    if propensity is None or len(propensity.columns) != 2:
        return
    treated = (rows.arm != CONTROL).to_numpy()
    as_declared, otherwise = (_distance(treated, chance) for chance in (propensity.iloc[:, 1], rows.propensity))
    if as_declared > FAR and otherwise < NEAR:
        raise QuestionError(
            f"The propensity of the offers is the chance of the arm in the row, but {treated.mean():.0%} of "
            f"{len(rows):,} contacts were treated, which fits it only as the chance of being treated. Write 1 - the "
            "chance in the rows of the control."
        )


def _distance(treated: np.ndarray, chance: pd.Series) -> float:
    """Return how many standard deviations the number of treated lies from what their chances say."""
    chances = chance.to_numpy(dtype=np.float64)
    return float(abs((treated - chances).sum()) / np.sqrt((chances * (1 - chances)).sum()))


def _assignment(rows: pd.DataFrame, propensity: pd.DataFrame | None) -> str:
    """Return how the arms came about, as far as the propensities tell."""
    if propensity is None:
        return "observational"
    by_time = propensity.round(DIGITS).groupby(rows["at"].to_numpy()).nunique()
    return "randomised" if (by_time == 1).all(axis=None) else "logged"


def _counts(contacts: Table, usable: int, used: int, followed: int) -> dict[str, Any]:
    """Count the contacts, those used, those left out and why, and those followed by another treatment."""
    by_reason = contacts.group_by(LEFT_OUT).aggregate(n=contacts.count()).to_pyarrow().to_pylist()
    reasons = {row[LEFT_OUT]: row["n"] for row in sorted(by_reason, key=lambda row: row[LEFT_OUT] or "")}
    aside = {reason: n for reason, n in reasons.items() if reason}
    aside |= {UNASKED: usable - used} if usable > used else {}
    return {"contacts": sum(reasons.values()), "used": used, "left_out": aside, "followed": followed}


def _notes(rows: pd.DataFrame, propensity: pd.DataFrame | None, counts: Mapping[str, Any]) -> Iterator[str]:
    if (rows["at"] != rows.cutoff).any():
        yield "features look at what was before the day of each contact, not at the hours of that day before it"
    if counts["followed"]:
        yield (
            f"{counts['followed']:,} contacts were followed by another treatment of the same customer before their "
            "horizon was over; what came of both is mixed in their outcome"
        )
    if "propensity" in rows and propensity is None:
        yield "the propensity is not used: it is unknown, or does not tell the chance of the other arms"
