"""What figures of campaigns promise: those of empulse and tea-tasting to the last digits, and no money of others."""

import math

import pytest

from patron.errors import PatronError, SettingsError
from patron.metrics.campaign_power import power
from patron.metrics.campaign_profit import expected_maximum_profit, maximum_profit

LEFT = [int(i in {1, 2, 3, 11, 13, 15, 18, 20, 21, 32}) for i in range(40)]
RISK = [
    *(0.40, 0.53, 0.72, 0.54, 0.27, 0.62, 0.16, 0.44, 0.06, 0.58, 0.55, 0.47, 0.61, 0.34, 0.24, 0.41, 0.32, 0.56, 0.46),
    *(0.04, 0.58, 0.44, 0.06, 0.41, 0.21, 0.47, 0.14, 0.66, 0.26, 0.07, 0.44, 0.65, 0.61, 0.67, 0.35, 0.30, 0.43, 0.70),
    *(0.66, 0.32),
]


# empulse 0.13.1: empc_score(y, s, clv=, incentive_cost=, contact_cost=, alpha=, beta=)
@pytest.mark.parametrize(
    ("money", "shape", "profit"),
    [
        ((200, 10, 1), (6, 14), 9.339049394596014),
        ((200, 10, 1), (2, 18), 1.3116809960094002),
        ((100, 20, 5), (6, 14), 0.4754119830429322),
        ((50, 20, 5), (6, 14), 0.10194816597021357),
    ],
)
def test_the_expected_maximum_profit_is_that_of_empulse(money, shape, profit):
    value, incentive, contact = money
    figure = expected_maximum_profit(
        LEFT, RISK, value=value, incentive=incentive, contact=contact, alpha=shape[0], beta=shape[1]
    )
    assert figure.profit == pytest.approx(profit, abs=1e-12)


def test_the_maximum_profit_is_that_of_empulse():
    figure = maximum_profit(LEFT, RISK, value=200, incentive=10, contact=1, accepted=0.3)
    assert figure.profit == pytest.approx(9.324999999999998, abs=1e-12)


def test_neither_the_order_of_rows_nor_of_ties_changes_the_profit():
    money = {"value": 200, "incentive": 10, "contact": 1}
    tied, other = [0.5] * 4, [0.5] * 4
    first = expected_maximum_profit([1, 0, 0, 1], tied, alpha=6, beta=14, **money)
    assert first == expected_maximum_profit([0, 0, 1, 1], other, alpha=6, beta=14, **money)
    reverse = expected_maximum_profit(LEFT[::-1], RISK[::-1], alpha=6, beta=14, **money)
    assert reverse.profit == pytest.approx(expected_maximum_profit(LEFT, RISK, alpha=6, beta=14, **money).profit)


def test_nobody_is_treated_where_the_incentive_costs_more_than_a_customer_brings():
    assert maximum_profit([1, 0], [0.9, 0.1], value=10, incentive=20, contact=1, accepted=1.0) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"value": -1}, "value is money of 0 or more, got -1. Write value=10.0"),
        ({"contact": None}, "contact is money of 0 or more, got None"),
        ({"alpha": 0}, r"alpha of Beta\(alpha, beta\) is a number above 0, got 0. Write alpha=6."),
    ],
)
def test_money_that_cannot_be_is_refused(wrong, said):
    with pytest.raises(PatronError, match=said):
        expected_maximum_profit(
            LEFT, RISK, **{"value": 200, "incentive": 10, "contact": 1, "alpha": 6, "beta": 14} | wrong
        )


def test_campaign_money_has_no_default():
    with pytest.raises(TypeError, match="missing 3 required keyword-only arguments"):
        maximum_profit(LEFT, RISK, accepted=0.3)


# tea-tasting 1.14.0: Mean("x", ratio=, use_t=False, equal_var=False).solve_power(...) on 200 ones among 1,000 rows, and
# on the numbers 0 to 9 a hundred times each; a ratio of 9 is a hold-out of .1.
ONES, NUMBERS = math.sqrt(0.2 * 0.8 * 1000 / 999), math.sqrt(8.25 * 1000 / 999)


@pytest.mark.parametrize(
    ("asked_for", "figure", "expected"),
    [
        ({"spread": ONES, "effect": -0.02, "chance": 0.8, "holdout": 0.5}, "customers", 12571),
        ({"spread": ONES, "effect": -0.02, "chance": 0.8, "holdout": 0.1}, "customers", 34919),
        ({"spread": ONES, "effect": -0.02, "customers": 5000, "holdout": 0.1}, "chance", 0.1853677079884891),
        ({"spread": ONES, "customers": 5000, "chance": 0.8, "holdout": 0.1}, "effect", 0.05285356618365376),
        ({"spread": NUMBERS, "effect": 0.5, "chance": 0.9, "holdout": 0.1, "level": 0.01}, "customers", 5462),
        ({"spread": NUMBERS, "effect": 0.5, "customers": 2000, "holdout": 0.2}, "chance", 0.8754371056229031),
    ],
)
def test_power_sample_size_and_smallest_effect_are_those_of_tea_tasting(asked_for, figure, expected):
    assert getattr(power(**asked_for), figure) == pytest.approx(expected, rel=1e-9)


def test_a_rate_has_the_spread_of_its_yes_and_no():
    by_rate = power(rate=0.2, effect=0.02, customers=10_000, holdout=0.1)
    assert by_rate.chance == power(spread=0.4, effect=0.02, customers=10_000, holdout=0.1).chance
    assert (by_rate.control, by_rate.treated) == (1000, 9000)


@pytest.mark.parametrize(
    ("asked_for", "said"),
    [
        ({"effect": 0.1, "customers": 10}, r"got neither\. Write power\(rate=0\.2"),
        ({"rate": 0.2, "spread": 1.0, "effect": 0.1, "customers": 10}, "got both"),
        ({"rate": 0.2, "effect": 0.1}, "one of effect, customers and chance from the other two, got effect. Write"),
        ({"rate": 1.2, "effect": 0.1, "customers": 10}, "rate of power is a number between 0 and 1, got 1.2. Write r"),
        ({"rate": 0.2, "effect": 1e-9, "chance": 0.8}, "the effect is too small. Give a larger one: effect=0.02."),
        ({"rate": 0.2, "customers": 9, "chance": 0.01}, "chance of power is a number between 0.05 and 1, got 0.01"),
    ],
)
def test_a_question_of_power_that_cannot_be_meant_is_refused(asked_for, said):
    with pytest.raises(SettingsError, match=said):
        power(holdout=0.1, **asked_for)
