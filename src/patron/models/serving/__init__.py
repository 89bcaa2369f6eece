"""Serving: what answers for a trained model, here and where Patron is not installed.

The modules need only numpy, pandas and lightgbm beside each other. Put into one text by `standalone`, they go into
the registry beside each bundle, so that a model answers there as it does here.
"""

import ast
import inspect

from patron.models.serving import (
    allowances,
    bundles,
    effects,
    estimators,
    policies,
    processes,
    profits,
    rankings,
    renewals,
    specs,
    sums,
    waits,
)
from patron.models.serving.allowances import Allowances, contacts_known, meets, who_may
from patron.models.serving.bundles import (
    FORMAT,
    SHAPES,
    Bundle,
    current_tiers,
    encode,
    hazard_curve,
    shape_of,
    shares,
    tier_shares,
)
from patron.models.serving.effects import effects_of, line_effects, line_errors
from patron.models.serving.estimators import (
    horizon_shifts,
    linear_inputs,
    paces,
    plain_names,
    raw_score,
    season_shifts,
    sigmoid,
    signed_logs,
    softmax,
)
from patron.models.serving.policies import Policy
from patron.models.serving.processes import BY_REACH, bought_by, process_log_odds, repeats
from patron.models.serving.profits import profit_spans, tier_chances, tier_codes, tier_names
from patron.models.serving.rankings import SCORE, candidate_chances, candidate_scores, chance_log_odds
from patron.models.serving.renewals import ended_by, log_survival, periods_passed
from patron.models.serving.specs import (
    BasketSpec,
    BundleSpec,
    Calibration,
    ChanceSpec,
    EstimatorSpec,
    FeatureSpec,
    OutputSpec,
    PlausibleSpec,
    StandingSpec,
    TargetSpec,
)
from patron.models.serving.waits import chance_name, span_name

__all__ = [
    "BY_REACH",
    "FORMAT",
    "SCORE",
    "SHAPES",
    "Allowances",
    "BasketSpec",
    "Bundle",
    "BundleSpec",
    "Calibration",
    "ChanceSpec",
    "EstimatorSpec",
    "FeatureSpec",
    "OutputSpec",
    "PlausibleSpec",
    "Policy",
    "StandingSpec",
    "TargetSpec",
    "bought_by",
    "candidate_chances",
    "candidate_scores",
    "chance_log_odds",
    "chance_name",
    "contacts_known",
    "current_tiers",
    "effects_of",
    "encode",
    "ended_by",
    "hazard_curve",
    "horizon_shifts",
    "line_effects",
    "line_errors",
    "linear_inputs",
    "log_survival",
    "meets",
    "paces",
    "periods_passed",
    "plain_names",
    "process_log_odds",
    "profit_spans",
    "raw_score",
    "repeats",
    "season_shifts",
    "shape_of",
    "shares",
    "sigmoid",
    "signed_logs",
    "softmax",
    "span_name",
    "standalone",
    "standalone_policy",
    "tier_chances",
    "tier_codes",
    "tier_names",
    "tier_shares",
    "who_may",
]

PARTS = (
    specs,
    sums,
    renewals,
    processes,
    estimators,
    waits,
    profits,
    rankings,
    bundles,
)  # each needs only those before it

POLICY = "Bundle = Policy\n"


def standalone() -> str:
    """Return all of serving as the text of one Python file, which needs nothing of Patron.

    >>> compile(standalone(), "served.py", "exec").co_name
    '<module>'
    """
    return "\n\n".join(_alone(inspect.getsource(part)) for part in PARTS)


def standalone_policy() -> str:
    """Return serving with policies as the text of one Python file, whose `Bundle` is a policy.

    >>> compile(standalone_policy(), "policy.py", "exec").co_name
    '<module>'
    """
    return "\n\n".join(
        [standalone(), *(_alone(inspect.getsource(part)) for part in (effects, allowances, policies)), POLICY]
    )


def _alone(source: str) -> str:
    """Take out the lines that import another part, whose names stand above it in the one file."""
    lines = source.splitlines()
    for node in ast.parse(source).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(__name__):
            lines[node.lineno - 1 : node.end_lineno] = [""] * ((node.end_lineno or node.lineno) - node.lineno + 1)
    return "\n".join(lines)
