"""The contract: values that the model understood in training and does not understand now are told before scoring."""

import warnings

import numpy as np
import pandas as pd
import pytest

from patron.errors import ScoreError
from patron.history.history import History
from patron.history.sources import attributes
from patron.models.serving import Bundle
from patron.models.training import Trained, train
from patron.questions.kinds import churn
from patron.questions.matrices import Matrix, matrix
from patron.scoring.contract import contract, shifts
from patron.scoring.model import score
from worlds.shop import CUTOFFS, HORIZON, SPLIT, of, orders

BOUGHT = orders(150)
PEOPLE = pd.DataFrame({"id": BOUGHT.customer.unique()}).assign(
    plan=lambda p: np.where(np.arange(len(p)) % 2, "basic", "gold"), age=lambda p: 20.0 + np.arange(len(p)) % 40
)


def known(**columns: object) -> History:
    """The shop with what is known of its customers."""
    return of(BOUGHT, people=attributes(PEOPLE.assign(**columns), customer="id"))


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train(churn(HORIZON), known(), SPLIT)


def today(trained: Trained, **columns: object) -> Matrix:
    return matrix(trained.question, known(**columns), CUTOFFS[-1:])


def first(share: float, old: str, new: object) -> list:
    """A column of the people of which the first part is new."""
    n = round(share * len(PEOPLE))
    return [new] * n + PEOPLE[old].tolist()[n:]


def test_training_remembers_how_much_of_each_feature_was_known(trained):
    spec = {f["name"]: f for f in trained.model.spec["features"]}
    assert (spec["people_plan"]["known"], spec["people_plan"]["seen"]) == (1.0, 1.0)
    assert 0 < spec["mean_order_30d"]["known"] < 1


def test_rows_as_in_training_are_scored_without_a_word(trained):
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        assert score(trained.model, today(trained)).churn_probability.between(0, 1).all()


@pytest.mark.parametrize(
    ("plan", "shown"),
    [
        ((PEOPLE.plan == "gold") + 1, "'1', '2'"),
        (
            [f"{plan} (since the merger of 2023)" for plan in PEOPLE.plan],
            "'basic (since the me…', 'gold (since the mer…'",
        ),
        (PEOPLE.plan.str.upper(), "'BASIC', 'GOLD'"),
    ],
)
def test_kinds_that_are_all_new_are_refused_with_what_they_are_and_were(trained, plan, shown):
    with pytest.raises(ScoreError, match=r"people\.people_plan: 100% of the rows where 'Plan' is known") as told:
        score(trained.model, today(trained, plan=plan))
    assert all(value in str(told.value) for value in shown.split(", "))
    assert "in training 'basic', 'gold' (kinds: write the kinds as before)" in str(told.value)


def test_a_feature_that_nobody_has_any_more_is_refused(trained):
    rows = today(trained)
    empty = Matrix(rows.key, rows.X.assign(people_age=np.float32("nan")), rows.definitions)
    with pytest.raises(
        ScoreError, match=r"people\.people_age: 'Age' is unknown for all \d+ rows; in training known for 100%"
    ):
        score(trained.model, empty)


def test_all_features_that_are_not_understood_are_refused_at_once(trained):
    rows = today(trained, plan=PEOPLE.plan.str.upper())
    both = Matrix(rows.key, rows.X.assign(people_age=np.float32("nan")), rows.definitions)
    with pytest.raises(ScoreError) as told:
        score(trained.model, both)
    assert [line.split(":")[0].strip() for line in str(told.value).splitlines()[1:3]] == [
        "people.people_plan",
        "people.people_age",
    ]


def test_kinds_that_are_new_for_a_part_are_told_and_scored(trained):
    rows = today(trained, plan=first(0.3, "plan", "silver"))
    share = (rows.X.people_plan == "silver").mean()
    with pytest.warns(UserWarning, match=rf"people_plan: {share:.0%} of the customers have a value .* 'silver'"):
        assert len(score(trained.model, rows)) == len(rows)


def test_a_number_that_is_unknown_for_a_part_is_told_and_scored(trained):
    rows = today(trained, age=first(0.3, "age", None))
    known_now = rows.X.people_age.notna().mean()
    assert known_now < 0.9
    assert shifts(trained.model, rows) == (
        f"people_age: known for {known_now:.0%} of the customers, and for 100% in training",
    )


def test_the_contract_is_a_table_of_all_features(trained):
    table = contract(trained.model, today(trained, plan=first(0.3, "plan", "silver"))).set_index("feature")
    assert len(table) == len(trained.model.spec["features"])
    assert table.loc["people_plan", "unseen_in_training"] == 0
    assert 0.1 < table.loc["people_plan", "unseen_now"] < 0.5
    assert table.loc["people_plan", "examples"] == "'silver'"
    assert table.loc["people_age", ["known_in_training", "known_now"]].tolist() == [1, 1]


def test_a_model_that_remembers_no_shares_still_scores(trained):
    bare = [{k: v for k, v in f.items() if k not in ("known", "seen")} for f in trained.model.spec["features"]]
    old = Bundle(trained.model.spec | {"features": bare}, trained.model.booster)
    rows = today(trained)
    assert score(old, rows).equals(score(trained.model, rows))
    with pytest.raises(ScoreError, match=r"people\.people_plan"):
        score(old, today(trained, plan=PEOPLE.plan.str.upper()))


def test_of_a_few_customers_with_new_kinds_a_word_is_enough(trained):
    rows = today(trained, plan=PEOPLE.plan.str.upper())
    few = rows.take(np.arange(len(rows)) < 3)
    with pytest.warns(UserWarning, match="100% of the customers"):
        assert len(score(trained.model, few)) == 3
