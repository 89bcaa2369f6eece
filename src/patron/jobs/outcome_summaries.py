"""Outcome summaries: what `learn` says to machines, key by key."""

from typing import Annotated, Literal, NotRequired, TypedDict

from patron.decisions.preferences import Agreement
from patron.jobs.summary_parts import Files

__all__ = ["Learn"]


class CampaignLine(TypedDict):
    """What an offer at a cutoff earned."""

    cutoff: str
    offer: str
    explored: Annotated[bool, "whether a lot chose the customers, and no plan did"]
    treated: int
    control: int
    days: Annotated[int, "of the horizon that are counted"]
    early: Annotated[bool, "whether the horizon is not over: its intervals hold for any number of looks"]
    kept_effect: Annotated[float, "by how much more of the treated stayed, as a share"]
    kept_effect_low: float
    kept_effect_high: float
    profit_effect: Annotated[float, "of each treated customer, after what offers cost"]
    profit_effect_low: float
    profit_effect_high: float
    incremental: Annotated[float, "profit of all treated beyond the held out"]
    incremental_low: float
    incremental_high: float
    cost: float
    roi: float
    promised: Annotated[float, "the gain that was expected of the treated; null where a lot chose them"]
    promised_low: float
    promised_high: float
    variance_left: Annotated[float, "after what was known before the cutoff"]
    clusters: Annotated[int | None, "held out or treated as a whole; null where each customer was alone"]
    split_clusters: Annotated[int | None, "clusters with customers in both groups"]
    design_effect: Annotated[float, "by how much that multiplies the variance; null where each was alone"]
    evidence: Literal["randomised", "observational", "none"]
    contaminated: Annotated[int | None, "held out who got the offer; null where nobody says who got it"]
    not_reached: int | None
    other_offers: Annotated[int, "customers who got another offer in that time"]
    tied: Annotated[int | None, "held out who are tied to a treated customer; null where no table tells ties"]
    mismatch: Annotated[float, "chance of a hold-out so far from its declared size"]
    advice: Literal["again", "stop", "test", "wait"]


class LedgerLine(TypedDict):
    """A line of the profit of a campaign's customers."""

    cutoff: str
    offer: str
    explored: bool
    line: str
    amount: float


class Third(TypedDict):
    """Promised beside delivered gain of each treated customer."""

    third: Literal["lowest", "middle", "highest"]
    treated: int
    control: int
    promised: float
    delivered: float
    delivered_low: float
    delivered_high: float


class MissingCapacity(TypedDict):
    """What was not carried out because somebody said that capacity was missing."""

    missing: Annotated[int, "decisions"]
    promised: Annotated[float, "the gain that was expected of them"]
    teams: dict[str, int]


class Slope(TypedDict):
    """By how much an error moves with each doubling of the interactions, with its interval."""

    value: float
    low: float
    high: float


class Tenth(TypedDict):
    """Mean errors about the next purchase of a tenth of the customers, by interactions known before."""

    fewest: float
    most: float
    customers: int
    log_loss: float
    usual: Annotated[float, "log loss of the mean rate of the tenth"]
    days: float


class Familiar(TypedDict):
    """Whether errors about the next purchase fall with the number of interactions."""

    slopes: Annotated[dict[str, Slope], "log_loss; beyond, what the mean rate of the tenth leaves of it; days"]
    verdicts: dict[str, str]
    tenths: list[Tenth]


class PreferenceLine(TypedDict):
    """How many customers said or showed what they prefer."""

    about: Literal["channel", "topic", "frequency"]
    source: Literal["stated", "observed"]
    customers: int
    age: Annotated[float, "days since, of the one in the middle"]


class Preferences(TypedDict):
    """What customers prefer, as known at the latest plan, and whether they were treated so."""

    lines: list[PreferenceLine]
    agreement: Annotated[Agreement, "of those treated, with the channel that they had asked for"]


class Followed(TypedDict):
    """What was carried out; empty where no table says it."""

    followed: NotRequired[int]
    overridden: NotRequired[Annotated[int, "changed or skipped"]]
    changed: NotRequired[Annotated[int, "another offer in the place of the one that was decided"]]
    skipped: NotRequired[int]
    unreported: NotRequired[int]
    share: NotRequired[float]
    why: NotRequired[dict[str, int]]
    teams: NotRequired[Annotated[dict[str, float], "the share followed"]]
    capacity: NotRequired[MissingCapacity]
    effect: NotRequired[Annotated[float, "what a followed decision earned more than an overridden one"]]
    effect_low: NotRequired[float]
    effect_high: NotRequired[float]
    evidence: NotRequired[str]


class Learn(TypedDict):
    """What past decisions earned."""

    plans: Annotated[int, "that were kept"]
    repeated: int
    in_several: Annotated[int, "customers in several groups or offers of one cutoff"]
    decisions: int
    overlapping: Annotated[int, "customers decided on again before an earlier horizon was over"]
    not_begun: Annotated[int, "cutoffs of which nothing is known yet"]
    campaigns: list[CampaignLine]
    ledger: list[LedgerLine]
    calibration: list[Third]
    following: Followed
    familiarity: NotRequired[Annotated[Familiar, "where the question of the next purchase was trained"]]
    preferences: NotRequired[Annotated[Preferences, "where an event table has what customers said"]]
    notes: list[str]
    files: Files
