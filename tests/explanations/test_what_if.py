"""What a what-if promises: the smallest change that suffices, within what was seen, and nothing more than a view."""

import numpy as np
import pandas as pd
import pytest

from patron.errors import QuestionError, ScoreError
from patron.explanations.what_if import COLUMNS, what_if
from patron.models.candidates import boosted
from patron.models.serving import Bundle, sigmoid
from patron.models.targets import target_of
from patron.questions.matrices import Matrix
from worlds.explained import FEATURES, straight

SEEN = {"whole": True, "all": [0.0, 20.0], "thirds": [[0.0, 9.0]]}


def lever(name, **others):
    """A feature that the business can change, of which 0 to 9 are plausible."""
    words = f"Number of {name}"
    return (
        FEATURES[0] | {"name": name, "words": words, "unit": name, "lever": f"{name} less", "plausible": SEEN} | others
    )


def linear(*features, coef=None, intercept=-1.0, **spec):
    """A model whose log-odds are the sum of log(1 + value), less 1."""
    k = len(features)
    estimator = straight().spec["estimator"] | {
        "inputs": list(range(k)), "mean": [0.0] * k, "scale": [1.0] * k, "coef": [coef or [1.0] * k],
        "intercept": [[intercept]],
    }  # fmt: skip
    return straight(features=list(features), estimator=estimator, **spec)


def rows(**columns):
    X = pd.DataFrame({name: np.atleast_1d(np.asarray(values, dtype=float)) for name, values in columns.items()})
    key = pd.DataFrame({"customer": [f"c{i}" for i in range(len(X))], "cutoff": pd.Timestamp("2024-05-01")})
    return Matrix(key, X, ())


def test_of_all_changes_that_suffice_the_smallest_is_returned():
    # From 3, the risk of 2 is sigmoid(log 3 - 1) = 52 %, that of 1 sigmoid(log 2 - 1) = 42 %.
    row = what_if(linear(lever("tickets")), rows(tickets=3.0), 0.5).iloc[0]
    assert row[["feature", "lever", "from", "to", "below"]].tolist() == ["tickets", "tickets less", 3.0, 1.0, True]
    assert [row.risk, row.risk_if] == pytest.approx([4 / (4 + np.e), 2 / (2 + np.e)])
    assert row.text.replace("\N{NO-BREAK SPACE}", " ") == (
        "Number of tickets: 1 ticket instead of 3 tickets, the risk 42.4 % instead of 59.5 % (the model's view, not an "
        "effect)"
    )


def test_who_is_below_the_threshold_already_is_not_asked_about():
    table = what_if(linear(lever("tickets")), rows(tickets=[3.0, 0.0, 4.0]), 0.5)
    assert table.customer.tolist() == ["c0", "c2"]
    assert what_if(linear(lever("tickets")), rows(tickets=[]), 0.5).columns.tolist() == list(COLUMNS)


def test_a_lever_that_does_not_suffice_stands_at_its_best_value_and_as_not_below():
    row = what_if(linear(lever("tickets")), rows(tickets=3.0), 0.2).iloc[0]
    assert (row.to, row.below) == (0.0, False)
    assert row.risk_if == pytest.approx(1 / (1 + np.e))


def test_nothing_beyond_what_was_seen_of_customers_known_as_long_is_proposed():
    thirds = SEEN | {"thirds": [[2.0, 9.0], [0.0, 9.0], None]}
    known = FEATURES[0] | {"name": "tenure"}
    model = linear(lever("tickets", plausible=thirds), known, coef=[1.0, 0.0])
    model = Bundle(model.spec | {"standing": {"feature": 1, "edges": [100.0, 200.0]}})
    table = what_if(model, rows(tickets=[3.0] * 4, tenure=[50.0, 150.0, 250.0, np.nan]), 0.4)
    assert table.to.fillna(-1).tolist() == [2.0, 0.0, -1, -1]
    assert table.below.tolist() == [False, True, False, False]


def test_two_levers_move_together_only_where_none_suffices_alone():
    model = linear(lever("tickets"), lever("delays"))
    table = what_if(model, rows(tickets=[3.0, 3.0], delays=[1.0, 3.0]), 0.43)
    first, second = (table[table.customer == c] for c in ("c0", "c1"))
    assert first.second_feature.tolist() == ["", ""]
    assert first[first.below][["feature", "to"]].values.tolist() == [["tickets", 0.0]]
    best = second.iloc[0]
    assert (best.feature, best.second_feature, best.below) == ("tickets", "delays", True)
    assert (1 + best.to) * (1 + best.second_to) < np.e * 0.43 / 0.57
    assert best.risk_if == pytest.approx(float(sigmoid(np.log1p(best.to) + np.log1p(best.second_to) - 1)))
    assert second.below.tolist() == [True, False, False]


def test_windows_of_one_measure_are_no_pair():
    model = linear(lever("tickets_30d"), lever("tickets_90d"))
    table = what_if(model, rows(tickets_30d=3.0, tickets_90d=3.0), 0.43)
    assert table.second_feature.tolist() == ["", ""]


def test_trees_are_moved_to_the_nearest_of_their_own_thresholds():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 60, (400, 2)).astype(np.float32)
    late = (X[:, 0] > 25) + (X[:, 1] > 40) + rng.normal(0, 0.5, 400) > 0.8
    features = [lever(n, plausible=SEEN | {"all": [0.0, 60.0], "thirds": [[5.0, 55.0]]}) for n in ("tickets", "visits")]
    spec = linear(*features).spec
    examples = target_of(spec["answer"]).examples(spec["answer"], late.astype(float))
    fitted = boosted(X, examples, ["tickets", "visits"], [], rounds=20)
    model = Bundle(spec | {"estimator": fitted.spec}, fitted.booster)
    asked = rows(tickets=X[:, 0], visits=X[:, 1])
    table = what_if(model, asked, 0.6, levers=["tickets"]).set_index("customer")
    plausible = np.arange(5, 56)
    assert table.below.sum() > 50
    for customer, row in table[table.below].iterrows():
        x = np.tile(X[int(customer[1:])], (len(plausible), 1))
        x[:, 0] = plausible
        enough = plausible[sigmoid(model.log_odds(x)[:, 0]) < 0.6]
        assert abs(row.to - row["from"]) == np.abs(enough - row["from"]).min()


def test_a_value_that_training_never_saw_is_not_moved_and_is_said():
    text = what_if(linear(lever("tickets")), rows(tickets=[900.0, np.nan]), 0.2).text
    assert "tickets: 900 tickets lies outside of all that training saw, 0 tickets to 20 tickets" in text[0]
    assert "Number of tickets is unknown" in text[1]


def test_who_is_paid_up_for_the_whole_horizon_is_at_no_risk():
    answer = {"kind": "churn", "horizon": 90, "settled": 1}
    paid = FEATURES[0] | {"name": "paid_ahead"}
    model = linear(lever("tickets"), paid, coef=[1.0, 0.0], answer=answer)
    assert what_if(model, rows(tickets=[3.0, 3.0], paid_ahead=[10.0, 90.0]), 0.5).customer.tolist() == ["c0"]


def test_a_lever_is_chosen_by_its_measure_or_refused_with_the_nearest():
    model = linear(lever("tickets_30d"), lever("visits"))
    table = what_if(model, rows(tickets_30d=3.0, visits=3.0), 0.5, levers=["tickets"])
    assert table.feature.tolist() == ["tickets_30d"]
    with pytest.raises(QuestionError, match=r"levers names 'ticket', .* Did you mean 'tickets'\?"):
        what_if(model, rows(tickets_30d=3.0, visits=3.0), 0.5, levers=["ticket"])


@pytest.mark.parametrize(
    ("feature", "said"),
    [
        (lever("tickets", lever=""), r"no lever that is a number, so .*\n\[levers\]\ntickets = "),
        (lever("plan", dtype="category", levels=["a", "b"]), r"no lever that is a number \(plan holds texts"),
    ],
)
def test_a_model_without_a_number_to_move_is_refused_with_the_lines_to_write(feature, said):
    with pytest.raises(QuestionError, match=said):
        what_if(linear(feature), rows(tickets=3.0, plan=0.0), 0.5)


def test_a_model_of_another_release_is_trained_again():
    old = {key: value for key, value in lever("tickets").items() if key != "plausible"}
    with pytest.raises(ScoreError, match=r"which values of tickets are plausible: .* Train again: patron train"):
        what_if(linear(old), rows(tickets=3.0), 0.5)


@pytest.mark.parametrize("threshold", [30, 0, 1.0, "0.3", float("nan")])
def test_a_threshold_that_is_no_risk_is_refused(threshold):
    with pytest.raises(QuestionError, match=r"a risk between 0 and 1, got .* Write for example threshold=0\.3"):
        what_if(linear(lever("tickets")), rows(tickets=3.0), threshold)


def test_only_the_risk_to_leave_is_lowered():
    answer = {"kind": "next_purchase", "horizon": 90, "edges": [0, 90], "within": [90]}
    with pytest.raises(QuestionError, match="the model of 'next_purchase' answers another question"):
        what_if(linear(lever("tickets"), answer=answer), rows(tickets=3.0), 0.5)
