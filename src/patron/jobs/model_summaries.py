"""Model summaries: what the verbs that lead to models, and `models`, say to machines, key by key."""

from typing import Annotated, Literal, TypedDict

from patron.jobs.summary_parts import Files, Quarantine, Tables
from patron.metrics import Estimate
from patron.registry import Contest, Promotion

__all__ = ["Backtest", "Check", "Identify", "Models", "PanelCheck", "Train", "Tune"]


class ReceiptLine(TypedDict):
    """A line of the receipt."""

    table: str
    what: Annotated[str, "read, set aside, used, assumed or noted"]
    rows: int | None
    detail: str
    change: str


class Check(TypedDict):
    """What the event tables hold."""

    tables: Tables
    receipt: list[ReceiptLine]
    features: Annotated[int, "how many can be made"]
    attributes: Annotated[dict[str, list[str]], "by table what is known of customers"]
    left_out: Annotated[list[str], "features that the tables cannot give"]
    ledger: Annotated[dict[str, float], "how amounts become profit, where a question asks for it"]
    quarantine: Quarantine
    files: Files


class PanelCheck(TypedDict):
    """What ready-made rows hold."""

    tables: Tables
    receipt: list[ReceiptLine]
    features: int
    cautions: list[str]
    suspects: Annotated[dict[str, str], "columns that seem to know the outcome, and why"]
    quarantine: Quarantine
    files: Files


class Collision(TypedDict):
    """What a person should look at before merged customers are believed."""

    what: str
    kind: Annotated[str, "of identifier"]
    count: int
    keys: int
    pseudonym: Annotated[str, "where the line is an example"]
    change: str


class Identify(TypedDict):
    """Which keys are one customer."""

    keys: int
    customers: int
    merged_keys: int
    merged_customers: int
    collisions: list[Collision]
    files: Files


class Study(TypedDict):
    """The trials of one question."""

    trials: int
    stopped: Annotated[int, "early"]
    untuned: Annotated[float, "rolling log loss of the parameters as they are"]
    tuned: Annotated[float, "of the best trial"]
    run: Annotated[str, "of MLflow"]
    file: str


class Tune(TypedDict):
    """What was tried."""

    tables: Tables
    studies: Annotated[dict[str, Study], "by question"]


class TrainedModel(TypedDict):
    """A registered version."""

    name: str
    version: str
    candidate: str
    reason: str
    contest: Contest | None
    test_rows: int
    figures: Annotated[dict[str, Estimate], "at the test cutoffs"]
    better: Annotated[dict[str, str], "beside the best baseline, by figure"]


class Train(TypedDict):
    """What was trained."""

    tables: Tables
    rows: int
    training: Annotated[str, "what tells this training from others, on each of its models"]
    champions: Literal["promoted", "requested", "refused"]
    models: Annotated[dict[str, TrainedModel], "by question"]
    files: Files


class Tested(TypedDict):
    """How good the answers to one question would have been."""

    rows: int
    customers: int
    reason: str
    differences: Annotated[dict[str, Estimate], "of the challenger less the best baseline"]
    better: dict[str, str]
    cutoffs: list[str]


class Backtest(TypedDict):
    """How good answers would have been at the last few cutoffs."""

    tables: Tables
    questions: dict[str, Tested]
    files: Files


class ListedVersion(TypedDict):
    """A registered version."""

    version: str
    aliases: list[str]
    training: str
    candidate: str
    run: str
    figures: Annotated[dict[str, dict[str, float]], "value, low and high at the test cutoffs"]
    contest: Contest | None


class Model(TypedDict):
    """A registered model."""

    name: str
    champion: str | None
    challenger: str | None
    approval: Annotated[int, "how many persons must agree"]
    requested: Annotated[str | None, "the version that waits for the second person"]
    versions: Annotated[list[ListedVersion], "oldest first"]
    log: Annotated[list[Promotion], "oldest first"]


class Models(TypedDict):
    """What is registered."""

    models: list[Model]
