"""Panels: ready-made rows stand where a history would, and what nobody here can know of them is told."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from patron.errors import HistoryError, QuestionError
from patron.evaluation.backtests import backtest, judge
from patron.models.clv.lifetime import lifetime_value
from patron.models.clv.purchase_process import fit_process_at
from patron.models.extrapolation import train_beyond
from patron.models.training import Trained, train
from patron.periods import Split
from patron.questions.kinds import churn, next_purchase, tier
from patron.questions.matrices import labels, matrix
from patron.questions.panels import Panel, panel
from patron.questions.profit import CostModel
from patron.scoring.model import score

DATES = [pd.Timestamp("2024-01-01") + pd.Timedelta(days=30 * k) for k in range(4)]
SPLIT = Split.of([d.to_pydatetime() for d in DATES[:2]], [DATES[2].to_pydatetime()], [DATES[3].to_pydatetime()])
SMALL = pd.DataFrame({"id": ["b", "a"], "on": [DATES[0]] * 2, "visits": [3, 1], "plan": ["old", None], "left": [0, 1]})
NAMES = {"customer": "id", "cutoff": "on"}


def frame(customers: int = 300) -> pd.DataFrame:
    """Customers at four dates: few visits make leaving likely, the plan tells nothing."""
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"id": np.tile(np.arange(customers), 4), "on": np.repeat(DATES, customers)})
    visits = rng.integers(0, 10, len(rows))
    left = rng.random(len(rows)) < 1 / (1 + np.exp(visits - 4.0))
    return rows.assign(visits=visits, plan=rng.choice(["old", "new"], len(rows)), left=left.astype(int))


def made(rows: pd.DataFrame, **roles: str) -> Panel:
    return panel(rows, 30, label="left", **NAMES, **roles)


@cache
def trained() -> Trained:
    return train(churn(30), made(frame()), SPLIT)


def test_rows_are_in_the_order_of_a_matrix_with_numbers_and_texts_as_features():
    ready = made(SMALL)
    rows = matrix(churn(30), ready, [DATES[0].to_pydatetime()])
    assert rows.key.customer.tolist() == ["a", "b"]
    assert rows.X.visits.tolist() == [1.0, 3.0]
    assert rows.X.plan.isna().tolist() == [True, False]
    assert labels(churn(30), ready, [DATES[0].to_pydatetime()]).tolist() == [1.0, 0.0]


def test_a_panel_trains_and_is_judged_in_the_place_of_a_history():
    ready = made(frame())
    rows, label = matrix(churn(30), ready, SPLIT.test), labels(churn(30), ready, SPLIT.test)
    card = judge(trained(), rows, label)
    assert card.measured["lightgbm"]["AUC"].value > 0.85
    assert list(score(trained().model, rows).columns) == ["customer", "cutoff", "churn_probability"]


def test_candidates_that_need_columns_of_known_meaning_are_left_out_and_it_says_so():
    assert set(trained().bundles) == {"constant", "logit_all", "lightgbm", "blend"}
    process, rule = "(recency, tenure, orders)", "(one of active, recency, orders)"
    assert trained().reason.endswith(
        f"not tried for want of columns of known meaning: activity (active), logit {rule}, parametric {process}, "
        f"parametric_logit {process}, hybrid {process}"
    )


def test_columns_with_a_role_bring_the_simple_rules_back():
    rows = frame().assign(gap=lambda f: 100 - 10 * f.visits)
    found = train(churn(30), made(rows, orders="visits", recency="gap"), SPLIT)
    assert {"logit", "blend"} <= set(found.bundles)
    assert "activity" not in found.bundles
    assert found.reason.endswith(
        "known meaning: activity (active), parametric (tenure), parametric_logit (tenure), hybrid (tenure)"
    )


def test_a_back_test_of_a_panel_judges_its_later_dates():
    found = backtest(churn(30), made(frame()), SPLIT)
    assert [card.cutoffs[0].day for card in found.folds] == [1, 31]


def test_a_feature_that_was_written_after_the_outcome_is_a_suspect_on_the_card():
    rows = frame().assign(score=lambda f: np.where(f.left == 1, 1, 4) + f.visits % 2)
    ready = made(rows)
    found = train(churn(30), ready, SPLIT)
    card = judge(found, matrix(churn(30), ready, SPLIT.test), labels(churn(30), ready, SPLIT.test))
    assert list(card.suspects) == ["score"]


def test_the_purchase_process_of_a_panel_is_fitted_to_the_last_row_of_each_customer():
    rows = pd.DataFrame({"id": ["a", "a", "b"], "on": [DATES[0], DATES[1], DATES[0]], "left": [0, 1, 0]})
    ready = made(rows.assign(recency=[5, 35, 10], tenure=[90, 120, 40], orders=[3, 3, 2]))
    assert ready.everybody(churn(30), (), DATES[2].to_pydatetime()).recency.tolist() == [10.0, 35.0]
    assert ready.everybody(churn(30), (), DATES[0].to_pydatetime()).recency.tolist() == [5.0, 10.0]
    life = fit_process_at(churn(30), ready, DATES[2].to_pydatetime(), {"kind": "churn", "horizon": 30}, [0, 1, 2])
    assert (life["edges"], life["sign"], life["inputs"]) == ([0, 30], -1, [0, 1, 2])


def test_tiers_and_days_are_learned_from_a_panel_too():
    rows = frame().assign(earned=lambda f: 1.0 * f.visits, worth=lambda f: (1 - f.left) * (f.visits + 1.0))
    ready = panel(rows.drop(columns="left"), 30, label="worth", profit="earned", **NAMES)
    worth = train(tier(30, CostModel(margin_rate=1.0)), ready, SPLIT).bundles["logit"]
    assert ((worth.predict(ready.X).present_tier == "lead") == (ready.X.profit_30d == 0)).all()
    days = rows.assign(days=rows.visits.where(rows.left == 0)).drop(columns=["left", "worth"])
    waiting = panel(days, 30, label="days", **NAMES)
    waits = train(next_purchase(30, (7,)), waiting, SPLIT).model.predict(waiting.X)
    assert (waits.purchase_within_7d <= waits.purchase_within_30d).all()


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (SMALL.drop(columns="id"), r"lacks 'id'\. It has: left, on, plan, visits\. Name its columns"),
        (SMALL.iloc[:0], "has no rows"),
        (SMALL.assign(on=["2024-01-01"] * 2), r"'on' of the panel must hold times .*pd\.to_datetime"),
        (SMALL.assign(id=["a", None]), "'id' of the panel is empty in 1 of 2 rows"),
        (
            SMALL.assign(on=SMALL.on.dt.tz_localize("UTC")),
            r"got datetime64.*UTC.*frame\['on'\]\.dt\.tz_localize\(None\)",
        ),
        (SMALL.assign(id="a"), "more than one row for a customer at a cutoff, 1 too many of 2"),
        (SMALL.assign(id=[1, "1"]), r"1 too many of 2 \(customers are compared as text\).*astype\({'id': str}\)"),
        (
            SMALL.assign(tenure=[-2, 1]),
            r"'tenure' of the panel, read as tenure, is below zero in 1 of 2 rows, such as -2",
        ),
        ([1], r"made from a pandas DataFrame, got list\. Make one of the rows: pt\.panel\(pd\.DataFrame"),
        (None, "made from a pandas DataFrame, got NoneType"),
        ({"id": [1]}, "made from a pandas DataFrame, got dict"),
        (SMALL.assign(left=["yes", "no"]), r"'left' of the panel must hold numbers, got str such as 'yes'"),
        (SMALL.assign(since=DATES[0]), r"'since' of the panel holds datetime64.*no feature. Count days"),
        (SMALL.drop(columns=["visits", "plan"]), "has 0 columns of features"),
        (frame(30).assign(note=[f"n{k}" for k in range(120)]), "'note' of the panel has 120 different texts in 120"),
        (pd.concat([SMALL, SMALL.visits], axis=1), "two columns of one name: 'visits'"),
    ],
)
def test_a_frame_that_is_no_panel_is_refused_with_the_line_that_mends_it(rows, told):
    with pytest.raises(HistoryError, match=told):
        made(rows)


@pytest.mark.parametrize(("column", "roles"), [("left", {}), ("again", {"recency": "again"})])
def test_a_column_that_repeats_the_key_is_refused_without_a_key(column, roles):
    with pytest.raises(HistoryError, match=f"'{column}' of the panel must hold numbers, got [a-z]+[.] Compare"):
        made(SMALL.assign(**{column: SMALL.id}), **roles)


def test_a_role_that_nobody_knows_or_that_two_columns_would_have_is_refused():
    with pytest.raises(HistoryError, match=r"knows no role visit. The roles are active, orders"):
        made(SMALL, visit="visits")
    with pytest.raises(HistoryError, match=r"3 columns of features under 2 names .*'orders' for 'visits'"):
        made(SMALL.assign(orders=1), orders="visits")


def test_a_column_with_two_uses_is_refused():
    with pytest.raises(HistoryError, match=r"'left' of the panel is given 2 uses: label, recency\. Give each a"):
        made(SMALL, recency="left")


def test_a_column_with_a_role_is_not_below_zero_but_may_be_unknown():
    assert made(SMALL.assign(gap=[0, np.nan]), recency="gap").X.recency.isna().tolist() == [True, False]
    with pytest.raises(HistoryError, match=r"'gap' of the panel, read as recency, .* such as -1\. Count from 0 on"):
        made(SMALL.assign(gap=[-1, 3]), recency="gap")


@pytest.mark.parametrize(
    ("question", "told"),
    [
        (churn(60), "looks 30 days ahead, but 'churn' asks 60 days. Ask with horizon=30"),
        (churn(30, active_in=90), "asks with active_in = 90d, but a panel brings its own customers"),
        (tier(30, CostModel(margin_rate=0.4)), r"lacks. It has: plan, visits. .*profit='\.\.\.'"),
    ],
)
def test_a_question_that_the_panel_does_not_answer_is_refused(question, told):
    with pytest.raises(QuestionError, match=told):
        matrix(question, made(frame()), SPLIT.test)


def test_labels_that_a_question_cannot_have_are_refused():
    at = [DATES[0].to_pydatetime()]
    with pytest.raises(QuestionError, match=r"must be 1 for left, 0 for stayed, .* 1 of 2 rows have others, such as 7"):
        labels(churn(30), made(SMALL.assign(left=[7, 0])), at)
    with pytest.raises(QuestionError, match=r"must be the days until the next order, .* such as 30"):
        labels(next_purchase(30), made(SMALL.assign(left=[30, np.nan])), at)
    with pytest.raises(QuestionError, match=r"without a label. It has: plan, visits"):
        labels(churn(30), panel(SMALL.drop(columns="left"), 30, **NAMES), at)


def test_a_cutoff_without_rows_is_refused_with_those_there_are():
    with pytest.raises(QuestionError, match=r"no rows at the cutoff 2024-05-01. Choose from: 2024-01-01"):
        matrix(churn(30), made(SMALL), ["2024-05-01"])


def test_what_needs_the_orders_themselves_refuses_a_panel():
    with pytest.raises(QuestionError, match="Lifetime value is found from the orders of each customer, and a panel"):
        lifetime_value(made(SMALL), "2024-02-01", 30)
    with pytest.raises(QuestionError, match="beyond the labels is found from the orders of each customer"):
        train_beyond(churn(365), made(SMALL), "2024-02-01")


def test_a_column_of_lists_ends_in_no_traceback():
    frame = pd.DataFrame({"customer": ["a"], "cutoff": pd.to_datetime(["2024-05-01"]), "tags": [["x"]]})
    assert panel(frame, 28).X.tags.tolist() == ["['x']"]
