"""Answered chances: the chance of any order is the answer's, the orders of all stay, and other answers are refused."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from patron.errors import QuestionError
from patron.models.clv.answered_chance import AnsweredProcess, answered_chances
from patron.models.clv.lifetime import lifetime_value
from patron.models.clv.pareto_nbd import ParetoNBD
from patron.models.clv.transactions import Transactions
from worlds.shop import START, shop

AT = START + timedelta(days=280)
MODEL = ParetoNBD(r=0.55, alpha=74.0, s=0.61, beta=82.0)
TWO = Transactions(x=[0, 4], t_x=[0, 200], T=[270, 270])


def test_a_chance_twice_as_high_doubles_the_orders_and_leaves_those_of_who_orders():
    plain = MODEL.moments(TWO, 90, 0.0)
    led = AnsweredProcess(MODEL, np.array([2 * plain.p_any[0], np.nan])).moments(TWO, 90, 0.0)
    np.testing.assert_allclose(led.sum, plain.sum * [2, 1])
    np.testing.assert_allclose(led.sum / led.p_any, plain.sum / plain.p_any)


def test_lifetime_value_tells_the_story_of_the_answers_with_as_many_orders_in_all():
    alone = lifetime_value(shop(), AT, 90)
    some = alone.customer[::2]
    answers = pd.DataFrame({"customer": some, "churn_probability": np.linspace(0.05, 0.95, len(some))})
    joint = lifetime_value(shop(), AT, 90, answers=answers)
    np.testing.assert_allclose(joint.purchase_probability[::2], 1 - answers.churn_probability)
    np.testing.assert_allclose(joint.purchase_probability[1::2], alone.purchase_probability[1::2])
    np.testing.assert_allclose(joint.expected_orders[1::2], alone.expected_orders[1::2])
    assert joint.expected_orders.sum() == pytest.approx(alone.expected_orders.sum())
    assert (joint.value_low <= joint.value_high).all()


def test_a_purchase_within_the_horizon_is_read_before_churn():
    answers = pd.DataFrame({"customer": ["a"], "purchase_within_90d": [0.5], "churn_probability": [0.9]})
    assert answered_chances(answers, np.array(["a"]), AT, 90).tolist() == [0.5]
    assert answered_chances(answers, np.array(["a"]), AT, 30).tolist() == pytest.approx([0.1])


def test_answers_about_something_else_are_refused_with_a_way_out():
    one = pd.DataFrame({"customer": ["a"], "churn_probability": [0.5]})
    with pytest.raises(QuestionError, match=r"'purchase_within_90d' or 'churn_probability', got \['customer'\]"):
        answered_chances(one[["customer"]], np.array(["a"]), AT, 90)
    with pytest.raises(QuestionError, match=r"of the cutoff 2023-01-05, the lifetime value is of 2023-10-08"):
        answered_chances(one.assign(cutoff=datetime(2023, 1, 5)), np.array(["a"]), AT, 90)
    with pytest.raises(QuestionError, match="hold 1 customers more than once"):
        answered_chances(pd.concat([one, one]), np.array(["a"]), AT, 90)
