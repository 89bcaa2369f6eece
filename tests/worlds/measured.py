"""One measure for each reduction of `tests/reference.py`, as a user writes them."""

import ibis
import pyarrow as pa

from patron.features.measures import decay, entropy, measure
from patron.periods import EVER, days

WINDOWS = (*days(7, 400), EVER)
VISITS = pa.schema(
    {
        "customer": pa.string(),
        "at": pa.timestamp("us"),
        "known_at": pa.timestamp("us"),
        "amount": pa.decimal128(18, 4),
        "minutes": pa.float64(),
        "kind": pa.string(),
    }
)  # what the measures look at


def of(function, name):
    function.__name__, function.__doc__ = name, name
    return measure(windows=WINDOWS)(function)


def _turn(visits, value):
    return ibis.struct({"days_ago": visits.days_ago, "value": value})


MEASURES = tuple(
    of(function, name)
    for name, function in {
        "n": lambda visits: visits.count(),
        "n_minutes": lambda visits: visits.minutes.count(),
        "n_big": lambda visits: visits.count(where=visits.minutes > 5),
        "money": lambda visits: visits.amount.sum(),
        "money_web": lambda visits: visits.amount.sum(where=visits.kind == "web"),
        "money_mean": lambda visits: visits.amount.mean(),
        "money_spread": lambda visits: visits.amount.cast("float64").std(),
        "money_least": lambda visits: visits.amount.min(),
        "money_most": lambda visits: visits.amount.max(),
        "minutes_sum": lambda visits: visits.minutes.sum(),
        "minutes_mean": lambda visits: visits.minutes.mean(),
        "minutes_var": lambda visits: visits.minutes.var(),
        "minutes_var_all": lambda visits: visits.minutes.var(how="pop"),
        "minutes_median": lambda visits: visits.minutes.median(),
        "minutes_high": lambda visits: visits.minutes.quantile(0.9),
        "kinds": lambda visits: visits.kind.nunique(),
        "kinds_even": lambda visits: entropy(visits.kind),
        "ago": lambda visits: visits.days_ago.min(),
        "age": lambda visits: visits.days_ago.max(),
        "ago_web": lambda visits: visits.days_ago.min(where=visits.kind == "web"),
        "weeks": lambda visits: (visits.days_ago / 7).floor().nunique(),
        "last_amount": lambda visits: visits.amount.argmin(_turn(visits, visits.amount)),
        "first_amount": lambda visits: visits.amount.argmax(_turn(visits, visits.amount)),
        "last_kind": lambda visits: visits.kind.argmin(_turn(visits, visits.kind)),
        "gap_mean": lambda visits: visits.days_between.mean(),
        "gap_spread": lambda visits: visits.days_between.std(),
        "gap_most": lambda visits: visits.days_between.max(),
        "fresh": lambda visits: (visits.minutes * decay(visits, 10)).sum(),
        "share_web": lambda visits: visits.count(where=visits.kind == "web") / visits.count(),
        "per_minute": lambda visits: visits.amount.sum().cast("float64") / visits.minutes.sum(),
    }.items()
)
