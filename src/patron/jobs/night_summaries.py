"""Night summaries: what scoring, and all that follows from it, says to machines, key by key."""

from typing import Annotated, NotRequired, TypedDict

from patron.decisions import CurvePoint, Rung
from patron.decisions.response import ResponseSummary
from patron.evaluation.realised import Realised
from patron.jobs.plan_effects import PastLadder
from patron.jobs.summary_parts import Files, Quarantine, Tables, Versions
from patron.jobs.unlogged_plans import TrackedPlan
from patron.scoring.breaks import Break
from patron.scoring.consequences import Shift
from patron.scoring.drift import Drift

__all__ = ["Decide", "DriftReport", "Explain", "ExplainCustomer", "ExplainGroups", "Night", "Report", "Score"]


class Expected(TypedDict):
    """What a model should reach on the customers of today, beside its card."""

    value: float
    low: float
    high: float
    card: float


Lift = Annotated[list[dict[str, float]], "what the best tenths will hold"]


Population = TypedDict("Population", {"asked": Annotated[int, "customers who are asked about"]})  # noqa: UP013 a filler


class Score(Population):
    """Today's answers."""

    tables: Tables
    run_id: Annotated[str, "of the scores: the same for the same questions, data and models"]
    unchanged: Annotated[bool, "whether the scores of an earlier run stand"]
    cutoff: str
    customers: Annotated[int, "that were scored"]
    versions: Versions
    trainings: dict[str, str]
    breaks: list[Break]
    shifts: Annotated[list[Shift], "those first that move the answers most"]
    quarantine: Quarantine
    expected: Annotated[dict[str, dict[str, Expected | Lift]], "by question and figure"]
    files: Files


class Explain(TypedDict):
    """The reasons behind today's answers."""

    reasons: int
    of_levers: Annotated[int, "that can be acted on"]
    files: Files


class ExplainCustomer(TypedDict):
    """How one answer comes about (--customer)."""

    pseudonym: str
    answer: float
    reasons: int
    files: Files


class ExplainGroups(TypedDict):
    """What parts some from others (--segment, --against, --version)."""

    customers: int
    others: int
    question: str
    answer: float
    other_answer: float
    files: Files


class Offered(TypedDict):
    """How many get an offer, and how many are held out."""

    treated: int
    control: int


class Explored(TypedDict):
    """For how many customers a lot takes the place of the plan, and what that costs."""

    share: Annotated[float, "of the customers who may get any offer"]
    customers: int
    treated: int
    control: int
    spent: float
    expected_gain: Annotated[float, "of those treated"]
    forgone: Annotated[float, "what the plan without them would gain more, before anybody is held out"]


class Clustered(TypedDict):
    """How many clusters the chosen customers are in, where these are held out together."""

    by: Annotated[str, "the column that says who belongs together"]
    count: int
    customers: int
    largest: Annotated[int, "customers of the largest cluster"]
    design_effect: Annotated[float, "times as many customers as one by one, where all of a cluster do the same"]


class DoNotDisturb(TypedDict):
    """How many customers learned effects expect to lose by an offer."""

    expected: int
    surely: Annotated[int, "whose whole interval says so"]
    offers: Annotated[dict[str, int], "those expected to, by offer"]


class Decide(Population):
    """Whom to treat with what, in numbers."""

    worth_treating: int
    left_alone: Annotated[dict[str, int], "by reason"]
    ties: Annotated[int, "customers among whom a draw decided"]
    chosen: int
    treated: int
    control: int
    spent: float
    withheld: float
    expected_gain: float
    gain_low: float
    gain_high: float
    offers: dict[str, Offered]
    budget: float
    holdout: float
    seed: int
    evidence: str
    gap: Annotated[float, "how much more any other plan could gain at most"]
    do_not_disturb: DoNotDisturb
    beware: Annotated[list[str], "sentences on what is odd about the plan"]
    unprofitable: Annotated[int, "customers who cost more than they bring: listed, and nothing done about it"]
    curve: Annotated[list[CurvePoint], "gain with ever more customers treated; point: best, plan or nothing"]
    exploration: Explored
    clusters: NotRequired[Annotated[Clustered, "where customers are held out together"]]
    ladder: Annotated[
        list[Rung], "strategies from nobody to the plan, each with its gain, and more than the one before"
    ]
    past_ladders: Annotated[dict[str, PastLadder], "the same on past campaigns, of offers whose effect was learned"]
    preflight: Annotated[list[str], "answers to four questions: capacity, gain, consent, control"]
    contact_response: NotRequired[Annotated[ResponseSummary, "how past contacts were answered, where a table has them"]]
    tracked: NotRequired[Annotated[TrackedPlan, "in MLflow, where the plan is a new one"]]
    versions: Versions
    files: Files


class Report(TypedDict):
    """The page for the retention manager."""

    files: Files


class Verdict(TypedDict):
    """What drift is taken for."""

    kind: Annotated[str, "none, source, season, new customers, behaviour or unclear"]
    words: str
    action: Annotated[str, "what to do"]
    why: list[str]


class DriftReport(Verdict):
    """Whether customers and past answers are as the models learned."""

    cutoff: str
    beyond: Annotated[bool, "whether anything is beyond the limits: exit code 5"]
    questions: Annotated[dict[str, Verdict], "by question"]
    drifts: list[Drift]
    realised: Annotated[list[Realised], "what came true of past scores"]
    breaks: list[str]
    files: Files


class Night(TypedDict):
    """A whole night."""

    tables: Tables
    cutoff: str
    customers: int
    run_id: str
    unchanged: bool
    steps: Annotated[list[Score | Explain | Decide | Report], "what each verb of the night did"]
