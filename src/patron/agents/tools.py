"""Tools: the questions that a program may ask of a business's results, each a function with words for who asks."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, get_type_hints

import pandas as pd

from patron.agents.results import SCORES, Results
from patron.formatting import json_values
from patron.json_schemas import Schema, schema_of
from patron.registry.quick_reads import kept_run, kept_versions
from patron.registry.versions import plain_figures

__all__ = ["TOOLS", "arguments_of"]

MOST = 200  # rows of one answer
RISKS = ("churn_probability", "cancellation_probability")
LEFT_OUT = ("gains", "reliability", "lift", "deciles", "intervals", "waits")  # curves, for plots
WORDS = ("training", "candidate", "question", "horizon", "trained_until", "grade")
SUMS = ("cost", "expected_gain", "gain_low", "gain_high")

Answer = dict[str, Any]
Pseudonym = Annotated[str, "of the customer: ten characters, never a key"]
Limit = Annotated[int, f"how many rows at most, 1 to {MOST}"]


def scoring_run(results: Results) -> Answer:
    """When customers were scored, by which models, what was odd about the data, and what the models should reach."""
    manifest = results.manifest()
    return {
        "business": results.name,
        "run_id": manifest.run_id,
        "cutoff": manifest.cutoff,
        "scored_at": manifest.scored_at,
        "customers": manifest.rows,
        "release": manifest.identity.get("release"),
        "models": manifest.identity.get("models"),
        "data": manifest.identity.get("data"),
        "warnings": manifest.warnings,
        "breaks": manifest.breaks,
        "expected": manifest.expected,
        "shifts": manifest.shifts,
    }


def customers_at_risk(results: Results, by: Literal["risk", "stake"] = "risk", limit: Limit = 20) -> Answer:
    """The customers most likely to leave, or with the most money at stake (risk times value), by pseudonym."""
    known = results.scores([*RISKS, "value", "tier"])
    risks = [name for name in RISKS if name in known]
    if not risks:
        raise results.missing("chances to leave", "score")
    risk = known[list(reversed(risks))].bfill(axis=1).iloc[:, 0]
    known = known.assign(risk=risk, **({"stake": risk * known["value"]} if "value" in known else {}))
    if by not in known:
        raise results.missing("values of customers, which what is at stake needs,", "score")
    first = known[known.risk.notna()].sort_values([by, "pseudonym"], ascending=[False, True])
    return {"cutoff": results.manifest().cutoff, "customers": _rows(first.head(limit).drop(columns="cutoff"))}


def customer_scores(results: Results, pseudonym: Pseudonym) -> Answer:
    """All answers about one customer, with the models that gave them."""
    return {"cutoff": results.manifest().cutoff, **_rows(results.about(pseudonym, SCORES, "score"))[0]}


def customer_drivers(results: Results, pseudonym: Pseudonym) -> Answer:
    """The reasons behind one customer's answer, in words, the strongest first, on both sides."""
    return {"reasons": _rows(results.about(pseudonym, "drivers.parquet", "explain"))}


def plan_summary(results: Results) -> Answer:
    """How many customers get which offer and are held out, what that costs and is expected to gain."""
    plan = results.table("decisions.parquet", "decide")
    sums = plan.groupby(["offer", "group"])[list(SUMS)].sum()
    counts = plan.groupby(["offer", "group"]).size().rename("customers")
    groups = pd.concat([counts, sums], axis=1).reset_index()
    return {"cutoff": _cutoff(plan), "chosen": len(plan), "groups": _rows(groups), "evidence": _words(plan)}


def plan_rows(results: Results, limit: Limit = 20, after: Annotated[int, "rows that are passed over"] = 0) -> Answer:
    """Whom the plan chose, the highest expected gain first: offer, group, cost, gain and reasons."""
    plan = results.table("decisions.parquet", "decide")
    some = plan.iloc[after : after + limit].drop(columns=["cutoff"])
    return {"cutoff": _cutoff(plan), "chosen": len(plan), "rows": _rows(some)}


def model_card(results: Results, question: Annotated[str, "such as churn"]) -> Answer:
    """How good the model of a question is: figures with intervals beside the best simple rule, segments, limits."""
    return {name: part for name, part in results.card(question).items() if name not in LEFT_OUT}


def drift_report(results: Results) -> Answer:
    """Whether customers and past answers are as the models learned, what it is taken for where not, and what to do."""
    return results.plain("drift.json", "drift")


def model_versions(results: Results) -> Answer:
    """The registered versions of the business's models: which scores, when it was trained, its figures."""
    names = [known["name"] for known in results.manifest().identity["models"].values()]
    kept = kept_versions(results.store, names)
    if not kept:
        raise results.missing("models in the local store (patron models --server lists those on a server)", "train")
    return {"models": [_version(results, version) for version in kept]}


Tool = Callable[..., Answer]
TOOLS: Mapping[str, Tool] = {
    tool.__name__: tool
    for tool in (
        *(scoring_run, customers_at_risk, customer_scores, customer_drivers, plan_summary, plan_rows),
        *(model_card, drift_report, model_versions),
    )
}


def arguments_of(tool: Tool) -> Schema:
    """Return the JSON Schema of a tool's arguments.

    >>> arguments_of(customer_scores)["required"]
    ['pseudonym']
    """
    hints = {name: hint for name, hint in get_type_hints(tool, include_extras=True).items() if name != "return"}
    del hints["results"]
    properties = {name: schema_of(hint) for name, hint in hints.items()}
    defaults = dict(zip(reversed(hints), reversed(tool.__defaults__ or ()), strict=False))
    for name, value in defaults.items():
        properties[name]["default"] = value
    for name in {"limit", "after"} & set(properties):
        properties[name] |= {"minimum": 1, "maximum": MOST} if name == "limit" else {"minimum": 0}
    required = [name for name in hints if name not in defaults]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _rows(frame: pd.DataFrame) -> list[Answer]:
    """Return rows as plain JSON values."""
    times = frame.select_dtypes(["datetime", "datetimetz"]).columns
    frame = frame.assign(**{name: frame[name].dt.strftime("%Y-%m-%d") for name in times})
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return [{f"{name}": _value(value) for name, value in row.items()} for row in rows]


def _value(value: Any) -> Any:
    plain = json_values(value)
    return plain if isinstance(plain, str | int | float | None) else f"{plain}"


def _cutoff(plan: pd.DataFrame) -> str | None:
    return f"{plan.cutoff.iloc[0]:%Y-%m-%d}" if len(plan) else None


def _words(plan: pd.DataFrame) -> list[str]:
    """Return what the effects of offers rest on: an assumption, or a trial."""
    return sorted(set(plan.evidence))


def _version(results: Results, version: Mapping[str, Any]) -> Answer:
    """Return a version with the words it is searched by and its figures at the test cutoffs of its training."""
    figures, tags = kept_run(results.store, version["run"]) or ({}, {})
    words = {name: version["tags"][name] for name in WORDS if name in version["tags"]}
    own = {name: version[name] for name in ("name", "version", "aliases", "run")}
    return own | words | {"figures": plain_figures(figures, tags.get("champion", ""))}
