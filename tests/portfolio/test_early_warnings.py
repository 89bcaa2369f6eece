"""Early warnings: use that fell against its own former level, with a chance that is up."""

import pandas as pd

from patron.portfolio.early_warnings import early_warnings, use_declines


def known(**columns):
    usual = {"visits_count_30d": 10.0, "visits_count_90d": 30.0, "visits_count_365d": 120.0, "member_since": 500.0}
    return pd.DataFrame({name: columns.get(name, [value]) for name, value in usual.items()} | {"monthly_price": 10.0})


def test_steady_use_is_no_decline_and_half_of_it_is():
    assert use_declines(known(), ["visits"]).empty
    fell = use_declines(known(visits_count_30d=[2.0], visits_count_90d=[22.0]), ["visits"])
    assert fell[["days", "events", "usual"]].values.tolist() == [[30, 2.0, 10.0]]


def test_few_events_may_be_fewer_by_luck():
    few = {"visits_count_30d": [0.0], "visits_count_90d": [2.0], "visits_count_365d": [8.0]}
    assert use_declines(known(**few), ["visits"]).empty


def test_a_slow_decline_shows_over_90_days():
    slow = use_declines(known(visits_count_30d=[4.0], visits_count_90d=[12.0]), ["visits"])
    assert slow[["days", "events"]].values.tolist() == [[90, 12.0]]
    assert slow.usual[0] == (120 - 12) * 90 / 275


def test_who_came_lately_has_no_former_level():
    new = known(visits_count_30d=[2.0], visits_count_90d=[22.0], visits_count_365d=[22.0], member_since=[55.0])
    assert use_declines(new, ["visits"]).empty


def test_only_a_chance_that_is_up_warns_and_the_most_at_risk_comes_first():
    scores = pd.DataFrame({"customer": list("abc"), "cutoff": pd.Timestamp("2024-01-01")})
    scores["cancellation_probability"] = [0.2, 0.3, 0.4]
    before = pd.DataFrame({"customer": list("abc"), "cancellation_probability": [0.1, 0.4, 0.1]})
    use = known(visits_count_30d=[2.0] * 3, visits_count_90d=[22.0] * 3, visits_count_365d=[120.0] * 3,
                member_since=[500.0] * 3)  # fmt: skip
    warned = early_warnings(scores, before, use, ["visits"])
    assert warned.customer.tolist() == ["c", "a"]
    assert warned[["chance", "chance_before", "at_risk"]].values.tolist() == [[0.4, 0.1, 4.0], [0.2, 0.1, 2.0]]
