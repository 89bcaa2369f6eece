"""What levers promise: a reason is one only where somebody said so, and tested only where a trial was."""

import numpy as np
import pandas as pd
import pytest

from patron.errors import QuestionError, SettingsError
from patron.explanations.drivers import drivers
from patron.explanations.levers import check_measures, with_levers
from patron.explanations.tested_levers import TestedLever
from patron.features.definitions import Definition
from patron.models.candidates import boosted
from patron.models.serving import Bundle, sigmoid
from patron.models.targets import target_of
from patron.questions.matrices import Matrix
from worlds.explained import FEATURES, MEANT, customer, straight

MONTH = Definition("month", "Month", "lifecycle", "month", "m", "cutoff")


def reason(model, **arguments):
    return drivers(model, customer(), **arguments).iloc[0][["lever", "evidence"]].tolist()


def test_a_reason_that_nobody_called_a_lever_is_none():
    assert reason(straight()) == ["", "association, not a lever"]


def test_a_lever_is_untested_until_its_trial_is_given():
    model = with_levers(straight(), {"recency": "a call after the order"})
    assert reason(model) == ["a call after the order", "association, lever untested"]
    told = "lever tested: its trial changed the answer by -4.0 points"
    assert reason(model, tested={"recency": -0.04}) == ["a call after the order", told]


def test_a_lever_that_the_settings_call_tested_names_its_trial():
    model = with_levers(straight(), {"recency": TestedLever("a call", -0.04, "the trial of May")})
    assert reason(model) == ["a call", "lever tested: the trial of May changed the answer by -4.0 points"]
    assert reason(model, tested={"recency": -0.1})[1] == "lever tested: its trial changed the answer by -10.0 points"


def test_a_lever_is_said_for_a_measure_over_all_windows_or_for_one_column():
    features = [FEATURES[0] | {"name": name} for name in ("tickets_30d", "tickets_90d", "tickets_closed")]
    model = Bundle({"features": features})
    by_measure, by_column = (with_levers(model, {name: "answered"}) for name in ("tickets", "tickets_90d"))
    assert [f["lever"] for f in by_measure.spec["features"]] == ["answered", "answered", ""]
    assert [f["lever"] for f in by_column.spec["features"]] == ["", "answered", ""]


def test_the_registered_model_stays_as_it_is():
    model = straight()
    with_levers(model, {"recency": "a call"})
    assert model.spec["features"][0]["lever"] == ""


def test_a_lever_that_no_feature_is_measured_by_is_refused_with_the_nearest():
    with pytest.raises(SettingsError, match=r"names 'recenzy', which is no measure .* Did you mean 'recency'\?"):
        check_measures({"recenzy": "a call"}, MEANT)


def test_what_all_customers_share_at_a_cutoff_is_refused_as_a_lever():
    check_measures({"profit": "a call"}, (*MEANT, MONTH))
    with pytest.raises(SettingsError, match="names 'month', which all customers of a cutoff share"):
        check_measures({"month": "waiting"}, (*MEANT, MONTH))


def test_a_trial_of_what_is_no_lever_is_refused_with_the_lines_that_declare_it():
    model = with_levers(straight(), {"returned": "a better fit"})
    with pytest.raises(QuestionError, match=r"tested names 'recency', .* Its levers: returned\. (.|\n)*\nrecency = "):
        drivers(model, customer(), tested={"recency": -0.1})


def test_where_the_cause_is_known_only_its_trial_is_told_and_never_what_goes_along_with_it():
    # Late parcels make customers leave; tickets only follow late parcels, of which the tables miss half.
    rng = np.random.default_rng(0)
    late = rng.poisson(2.0, 3_000)
    X = np.column_stack([late * (rng.random(3_000) < 0.5), late + rng.poisson(0.2, 3_000)]).astype(np.float32)

    def leaves(parcels):
        return (rng.random(3_000) < sigmoid(parcels - 2.5)).astype(float)

    named = [FEATURES[0] | {"name": n, "words": n.title(), "lever": f"fewer {n}"} for n in ("late", "tickets")]
    answer = straight().spec["answer"]
    grown = boosted(X, target_of(answer).examples(answer, leaves(late)), ["late", "tickets"], [], rounds=30)
    model = Bundle(straight().spec | {"features": named, "estimator": grown.spec}, grown.booster)
    trial = {"late": leaves(np.zeros(3_000)).mean() - leaves(late).mean()}
    key = pd.DataFrame({"customer": np.arange(3_000).astype(str), "cutoff": pd.Timestamp("2024-05-01")})
    table = drivers(model, Matrix(key, pd.DataFrame(X, columns=["late", "tickets"]), ()), tested=trial)
    first = table[(table.side == "for") & (table["rank"] == 1)]
    assert (first.feature == "tickets").mean() > 0.5
    told = table.groupby("feature").evidence.unique()
    assert told["tickets"].tolist() == ["association, lever untested"]
    assert told["late"].tolist() == [f"lever tested: its trial changed the answer by {100 * trial['late']:+.1f} points"]
    assert trial["late"] < -0.2
