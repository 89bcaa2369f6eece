"""Specs: what the JSON of a bundle holds, as types; nothing here runs."""

from typing import Any, NotRequired, Required, TypedDict

EstimatorSpec = dict[str, Any]


class FeatureSpec(TypedDict):
    """One column that a model looks at: what it means, and what training saw of it.

    `known` is the share of rows with a value, `seen` that of known texts among `levels`; `usual_in` is what is usual
    in each third of customers by how long they are known, `group` the number that features share which went together,
    `stability` is how often refits keep it as a reason, `share_spread` how far they move its share of all pushes,
    `lever` what the business does to change it, `tested` what the trial `tested_by` changed, `plausible` the values
    that were seen, `spread` the quantiles of a number in steps of 2.5 %, `level_shares` the share of each level. Older
    bundles have none of these.
    """

    name: str
    words: str
    theme: str
    unit: str
    formula: str
    source: str
    dtype: str
    levels: list[str]
    usual: float | str | None
    known: NotRequired[float]
    seen: NotRequired[float]
    usual_in: NotRequired[list[float | str | None]]
    group: NotRequired[int]
    stability: NotRequired[float]
    share_spread: NotRequired[list[float]]
    lever: NotRequired[str]
    tested: NotRequired[float]
    tested_by: NotRequired[str]
    plausible: NotRequired["PlausibleSpec"]
    spread: NotRequired[list[float]]
    level_shares: NotRequired[list[float]]


class PlausibleSpec(TypedDict):
    """The values of a number that were seen in training: whether all are whole, and from where to where most lie.

    `all` goes from the lowest to the highest, `thirds` from the 5th to the 95th percentile of each third of customers,
    of all customers where there are no thirds; None where none is known.
    """

    whole: bool
    all: list[float] | None
    thirds: list[list[float] | None]


class StandingSpec(TypedDict):
    """The thirds of customers by how long they are known: the place of that feature, and its days at their ends."""

    feature: int
    edges: list[float]


class TargetSpec(TypedDict, total=False):
    """What a model remembers of its question, in days and money; which keys there are follows from the kind.

    A kind that serving does not know by its name says the `shape` of its predictions: binary, hazard or ordinal.
    The horizon is in days; where it is in months it has a `span` of them, such as 3mo, and its days are the most that
    they can have. The keys in `loss` part the lowest tier, by the present tier: how many of those who buy end there
    all the same, and the profit of who buys nothing beside that of who buys at a loss; panels and older bundles have
    none.
    """

    kind: Required[str]
    horizon: Required[int]
    span: str
    shape: str
    event: str
    causes: list[str]
    shares: EstimatorSpec
    settled: int
    column: str
    edges: list[int]
    within: list[int]
    tiers: list[str]
    lows: list[float]
    profit_from: list[list[float]]
    spread_from: list[list[list[float]]]
    cuts: list[float]
    loss_if_bought: list[float]
    loss_profit_from: list[list[float]]
    loss_spread_from: list[list[list[float]]]


class Calibration(TypedDict):
    """How log-odds are stretched and shifted."""

    slope: float
    intercept: list[float]


class OutputSpec(TypedDict):
    """One column of the predictions."""

    name: str
    dtype: str


class ChanceSpec(TypedDict):
    """How scores of candidates become chances: log-odds linear in `inputs`, then what came at each of `knots`."""

    inputs: list[str]
    coef: list[float]
    intercept: float
    knots: list[float]
    chances: list[float]


class BasketSpec(TypedDict):
    """How the candidates of the next basket are ranked, by category or by item.

    The way is "ranker", trees over `columns`, or "neighbours", the own share beside that of customers alike.
    """

    by: str
    top: int
    way: str
    own_weight: float
    rounds: int
    columns: list[str]
    chance: ChanceSpec | None
    horizon: str
    active_in: str | None
    seed: int


class BundleSpec(TypedDict, total=False):
    """Everything that a bundle says of itself; keys that training writes later are named last.

    `trained_on` tells what the tables looked like, without a key of a customer.
    """

    format: Required[int]
    question: Required[str]
    candidate: Required[str]
    features: Required[list[FeatureSpec]]
    estimator: Required[EstimatorSpec]
    parameters: Required[dict[str, Any]]
    calibration: Required[Calibration | None]
    answer: Required[TargetSpec]
    outputs: Required[list[OutputSpec]]
    base_rates: Required[dict[str, float]]
    active_in: Required[int | str | None]
    rhythm: Required[float | None]
    standing: StandingSpec
    baskets: list[BasketSpec]
    trained_on: dict[str, Any]
