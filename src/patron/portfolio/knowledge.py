"""Knowledge value: what customers gave beside money: suggestions that were taken up, requests that they saved."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

import pandas as pd
from ibis.expr.types import Scalar, Table

from patron.features import available
from patron.features.measures import Measure
from patron.history.history import History
from patron.periods import EVER
from patron.portfolio.interaction import ContactKinds
from patron.questions.matrices import exact_features

__all__ = ["knowledge_at"]


def knowledge_at(history: History, cutoff: datetime, kinds: ContactKinds, suggestion: float) -> pd.DataFrame:
    """Return what each customer who ordered before a cutoff gave beside money, as far as columns of contacts tell it.

    Args:
        history: the checked event tables; `contacts` with `accepted` (whether a suggestion was taken up) or `deflected`
            (how many requests of others an answer of the customer saved).
        cutoff: only events before it are looked at.
        kinds: how contacts are called.
        suggestion: what a suggestion that was taken up is worth.

    Returns:
        `customer`; `suggestions_accepted`, `requests_deflected` where they are known; and `knowledge`, their worth:
        that of the suggestions, and the mean cost of a request for each that was saved. No columns where nothing tells.

    Source: Kumar and others, J. Service Research 13 (2010), customer knowledge value.
    """
    measures = available(history, tuple(_measures(kinds)))[0]
    if not measures:
        return pd.DataFrame()
    table = exact_features(history, measures, [cutoff]).drop(columns="cutoff")
    saved = table.requests_deflected * _cost_of_request(history, cutoff) if "requests_deflected" in table else 0.0
    return table.assign(knowledge=table.get("suggestions_accepted", 0.0) * suggestion + saved)


def _measures(kinds: ContactKinds) -> Sequence[Measure]:
    about = ((EVER,), 0)
    return (
        Measure(
            "suggestions_accepted", "contacts", partial(_accepted, kinds), *about, "Suggestions", "social", "number"
        ),
        Measure("requests_deflected", "contacts", _deflected, *about, "Requests saved", "social", "number"),
    )


def _accepted(kinds: ContactKinds, contacts: Table) -> Scalar:
    return contacts.accepted.try_cast("float64").sum(where=contacts.kind.lower().isin(kinds.suggestion))


def _deflected(contacts: Table) -> Scalar:
    return contacts.deflected.try_cast("float64").sum()


def _cost_of_request(history: History, cutoff: datetime) -> float:
    """Return what a request for service cost on average; nothing where no table tells."""
    if "tickets" not in history.tables or "cost" not in history["tickets"].columns:
        return 0.0
    cost = history.past("tickets", cutoff, EVER).cost.cast("float64").mean()
    return float(cost.to_pyarrow().as_py() or 0.0)
