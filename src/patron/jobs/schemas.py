"""Schemas: what `patron VERB --json` prints, as JSON Schema, from the definitions that people read."""

from collections.abc import Mapping

from patron.errors import QuestionError, listed, nearest
from patron.jobs import model_summaries as models
from patron.jobs import night_summaries as night
from patron.jobs import outcome_summaries as outcomes
from patron.jobs import portfolio_summary as relationships
from patron.json_schemas import Schema, schema_of

__all__ = ["SUMMARIES", "schema"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
OF_ALL = {
    "verb": {"type": "string", "description": "what ran"},
    "run": {"type": "string", "description": "of this process, as in its log"},
}
SUMMARIES: Mapping[str, tuple[type, ...]] = {
    "check": (models.Check, models.PanelCheck),
    "identify": (models.Identify,),
    "tune": (models.Tune,),
    "train": (models.Train,),
    "backtest": (models.Backtest,),
    "score": (night.Score,),
    "explain": (night.Explain, night.ExplainCustomer, night.ExplainGroups),
    "decide": (night.Decide,),
    "report": (night.Report,),
    "portfolio": (relationships.PortfolioSummary,),
    "drift": (night.DriftReport,),
    "learn": (outcomes.Learn,),
    "run": (night.Night,),
    "models": (models.Models,),
}


def schema(verb: str) -> Schema:
    """Return what a verb prints with `--json`, as JSON Schema (draft 2020-12).

    Args:
        verb: such as score.

    Raises:
        QuestionError: there is no such verb, or it has no `--json`.

    >>> schema("report")["required"]
    ['verb', 'run', 'files']
    """
    if verb not in SUMMARIES:
        raise QuestionError(
            f"No verb {verb!r} prints JSON. There are: {listed(SUMMARIES)}.{nearest(verb, list(SUMMARIES))} "
            "Ask for one: patron schema score"
        )
    ways = [_printed(verb, way) for way in SUMMARIES[verb]]
    return {"$schema": DIALECT, "title": f"patron {verb} --json"} | (ways[0] if len(ways) == 1 else {"anyOf": ways})


def _printed(verb: str, way: type) -> Schema:
    """Return a summary as the command line prints it, with what all verbs say before it."""
    summary = schema_of(way)
    first = OF_ALL | {"verb": OF_ALL["verb"] | {"const": verb}}
    return summary | {"properties": first | summary["properties"], "required": [*first, *summary["required"]]}
