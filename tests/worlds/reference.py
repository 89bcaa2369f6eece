"""What every reduction means: plain, slow Python over the events of one customer, to which both paths are held."""

import math
from collections import Counter
from datetime import datetime, timedelta
from fractions import Fraction
from statistics import median

DAY = timedelta(days=1)


def seen(events: list[dict], cutoff: datetime, window: int | None) -> list[dict]:
    """The events that a feature may look at, oldest first, with `ago` and `between` in days."""
    known = [e for e in events if e["at"] < cutoff and e.get("known_at", e["at"]) < cutoff]
    if window is not None:
        known = [e for e in known if e["at"] >= cutoff - window * DAY]
    known.sort(key=lambda e: e["at"])
    before = [None, *(e["at"] for e in known)]
    return [
        e | {"ago": (cutoff - e["at"]) / DAY, "between": None if b is None else (e["at"] - b) / DAY}
        for e, b in zip(known, before, strict=False)
    ]


def values(events: list[dict], key: str) -> list[float]:
    return [e[key] for e in events if e[key] is not None]


def total(numbers: list) -> float | None:
    return float(sum(map(Fraction, numbers))) if numbers else None


def mean(numbers: list) -> float | None:
    return float(sum(map(Fraction, numbers)) / len(numbers)) if numbers else None


def variance(numbers: list, fewer: int) -> float | None:
    if len(numbers) <= fewer:
        return None
    exact = [Fraction(x) for x in numbers]
    middle = sum(exact) / len(exact)
    return float(sum((x - middle) ** 2 for x in exact) / (len(exact) - fewer))


def spread(numbers: list) -> float | None:
    found = variance(numbers, 1)
    return None if found is None else math.sqrt(found)


def quantile(numbers: list, share: float) -> float | None:
    if not numbers:
        return None
    ordered, place = sorted(map(float, numbers)), share * (len(numbers) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def entropy(kinds: list) -> float:
    return -sum(n / len(kinds) * math.log2(n / len(kinds)) for n in Counter(kinds).values())


def last(events: list[dict], key: str) -> object:
    """The value of the last event; of several at one instant the least, an unknown one only if there is no other."""
    ties = [e[key] for e in events if e["ago"] == min(x["ago"] for x in events)]
    return min((v for v in ties if v is not None), default=None)


def first(events: list[dict], key: str) -> object:
    """The value of the first event; of several at one instant the greatest, an unknown one before all."""
    ties = [e[key] for e in events if e["ago"] == max(x["ago"] for x in events)]
    return None if None in ties else max(ties)


def decayed(events: list[dict], key: str, half: float) -> float | None:
    found = [float(e[key]) * 0.5 ** (e["ago"] / half) for e in events if e[key] is not None]
    return math.fsum(found) if found else None


REFERENCE = {
    "n": lambda es: len(es),
    "n_minutes": lambda es: len(values(es, "minutes")),
    "n_big": lambda es: sum(1 for x in values(es, "minutes") if x > 5),
    "money": lambda es: total(values(es, "amount")),
    "money_web": lambda es: total([e["amount"] for e in es if e["kind"] == "web" and e["amount"] is not None]),
    "money_mean": lambda es: mean(values(es, "amount")),
    "money_spread": lambda es: spread(values(es, "amount")),
    "money_least": lambda es: min(map(float, values(es, "amount")), default=None),
    "money_most": lambda es: max(map(float, values(es, "amount")), default=None),
    "minutes_sum": lambda es: total(values(es, "minutes")),
    "minutes_mean": lambda es: mean(values(es, "minutes")),
    "minutes_var": lambda es: variance(values(es, "minutes"), 1),
    "minutes_var_all": lambda es: variance(values(es, "minutes"), 0),
    "minutes_median": lambda es: None if not values(es, "minutes") else median(values(es, "minutes")),
    "minutes_high": lambda es: quantile(values(es, "minutes"), 0.9),
    "kinds": lambda es: len(set(values(es, "kind"))),
    "kinds_even": lambda es: entropy(values(es, "kind")),
    "ago": lambda es: min(e["ago"] for e in es),
    "age": lambda es: max(e["ago"] for e in es),
    "ago_web": lambda es: min((e["ago"] for e in es if e["kind"] == "web"), default=None),
    "weeks": lambda es: len({math.floor(e["ago"] / 7) for e in es}),
    "last_amount": lambda es: last(es, "amount"),
    "first_amount": lambda es: first(es, "amount"),
    "last_kind": lambda es: last(es, "kind"),
    "gap_mean": lambda es: mean(values(es, "between")),
    "gap_spread": lambda es: spread(values(es, "between")),
    "gap_most": lambda es: max(values(es, "between"), default=None),
    "fresh": lambda es: decayed(es, "minutes", 10),
    "share_web": lambda es: sum(e["kind"] == "web" for e in es) / len(es),
    "per_minute": lambda es: _ratio(total(values(es, "amount")), total(values(es, "minutes"))),
}


def _ratio(one: float | None, other: float | None) -> float | None:
    return None if one is None or not other else one / other
