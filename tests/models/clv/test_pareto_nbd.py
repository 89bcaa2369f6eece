"""Pareto/NBD: its likelihood, its answers and its fit are those that were published, and it ends well on any data."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import gammaln, hyp2f1

from patron.errors import HistoryError, QuestionError, ScoreError
from patron.models.clv.gamma_gamma import Spend
from patron.models.clv.pareto_nbd import DropoutPrior, ParetoNBD, fit_pareto_nbd
from patron.models.clv.transactions import Transactions

DATA = Path(__file__).parents[4] / "shared" / "data"
MODEL = ParetoNBD(r=0.55, alpha=74.0, s=0.61, beta=82.0)
TWO = Transactions(x=[0, 4], t_x=[0, 200], T=[270, 270])


def cohort(customers, seed):
    """Simulate rates .55 / 74 days and lifetimes .61 / 82 days: x, t_x, T."""
    rng = np.random.default_rng(seed)
    rate, leave = rng.gamma(0.55, 1 / 74.0, customers), rng.gamma(0.61, 1 / 82.0, customers)
    T = rng.uniform(100, 500, customers)
    stay = np.minimum(rng.exponential(1 / np.maximum(leave, 1e-99)), T)
    x = rng.poisson(rate * stay).astype(float)
    last = stay * rng.random(customers) ** (1 / np.maximum(x, 1))
    return x, np.where(x > 0, last, 0.0), T


def closed_form(r, alpha, s, beta, x, t_x, T):
    """Fader and Hardie (2005), the log-likelihood by hypergeometric functions, for either order of the scales."""
    high, low, power = (alpha, beta, s + 1) if alpha >= beta else (beta, alpha, r + x)

    def gauss(t):
        f = hyp2f1(r + s + x, power, r + s + x + 1, (high - low) / (high + t))
        return f / (high + t) ** (r + s + x)

    stayed = (alpha + T) ** -(r + x) * (beta + T) ** -s
    left = s / (r + s + x) * (gauss(t_x) - gauss(T))
    return gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta) + np.log(stayed + left)


def by_day(model, horizon, rate):
    """Expected discounted purchases of the two customers, each day's gain counted at its middle."""
    days = np.arange(horizon + 1.0)
    upto = np.stack([model.expected_purchases(TWO, d) for d in days])
    return (np.diff(upto, axis=0) * (1 + rate) ** (-(days[:-1] + 0.5) / 365)[:, None]).sum(axis=0)


def test_the_likelihood_is_the_published_closed_form():
    x, t_x, T = [0, 2, 7], [0, 30.43, 20], [38.86, 38.86, 50]
    fitted = fit_pareto_nbd(x, t_x, T, weights=[40, 30, 5])
    numbers = [closed_form(fitted.r, fitted.alpha, fitted.s, fitted.beta, *c) for c in zip(x, t_x, T, strict=True)]
    assert fitted.log_likelihood == pytest.approx(np.dot([40, 30, 5], numbers), rel=1e-9)


def test_answers_equal_a_brute_force_average_over_the_unknown_rates():
    # Both rates of each customer summed over a grid of 3000 x 3000 from e^-45 to e^4, without this package.
    assert MODEL.p_alive(TWO) == pytest.approx([0.2961272, 0.7956697], abs=1e-7)
    assert MODEL.p_purchase(TWO, 90) == pytest.approx([0.0332260, 0.4907135], abs=1e-7)
    assert MODEL.expected_purchases(TWO, 90) == pytest.approx([0.0396800, 0.8820131], abs=1e-7)
    assert MODEL.discounted_purchases(TWO, 365, 0.1) == pytest.approx([0.1307855, 2.9071185], abs=1e-7)


def test_discounting_weighs_each_day_by_its_distance():
    assert MODEL.discounted_purchases(TWO, 365, 0.0) == pytest.approx(MODEL.expected_purchases(TWO, 365), rel=1e-9)
    assert MODEL.discounted_purchases(TWO, 365, 0.2) == pytest.approx(by_day(MODEL, 365, 0.2), rel=1e-5)


def test_squares_and_pairs_make_up_the_second_moment_of_the_count():
    rng, many = np.random.default_rng(7), 400_000
    rate = rng.gamma(MODEL.r + 4, 1 / (MODEL.alpha + 270), many)
    end = rng.exponential(1 / rng.gamma(MODEL.s, 1 / (MODEL.beta + 270), many))
    count = rng.poisson(rate * np.minimum(end, 365))
    moments = MODEL.moments(TWO, 365, yearly_rate=0.0)
    second = (moments.squares + moments.pairs)[1] / MODEL.p_alive(TWO)[1]
    assert second == pytest.approx(np.mean(count.astype(float) ** 2), rel=0.02)


def test_a_fit_finds_the_rates_that_made_the_cohort():
    fitted = fit_pareto_nbd(*cohort(40_000, seed=1))
    assert fitted.r == pytest.approx(0.55, rel=0.05)
    assert fitted.r / fitted.alpha == pytest.approx(0.55 / 74, rel=0.05)
    assert fitted.s == pytest.approx(0.61, rel=0.12)


def test_a_covariate_that_doubles_both_rates_gets_their_factor_of_two():
    x, t_x, T = cohort(20_000, seed=2)
    z = np.where(np.arange(20_000) % 2 == 0, 10.0, 30.0)
    # The second half lives twice as fast: rates double when every time is counted in half days.
    fast = np.where(z > 20, 2.0, 1.0)
    fitted = fit_pareto_nbd(x, t_x / fast, T / fast, covariates=z[:, None])
    # Standardised z is -1 and 1, so a factor of two between them is log(2) / 2 per unit.
    assert fitted.purchase_effects[0] == pytest.approx(np.log(2) / 2, abs=0.05)
    assert fitted.dropout_effects[0] == pytest.approx(np.log(2) / 2, abs=0.12)
    assert fitted.centre == pytest.approx((20.0,))


def test_weights_count_customers():
    once = fit_pareto_nbd([0, 0, 0, 2, 5], [0, 0, 0, 90, 200], [300, 300, 300, 200, 250])
    counted = fit_pareto_nbd([0, 2, 5], [0, 90, 200], [300, 200, 250], weights=[3, 1, 1])
    assert once.alpha == pytest.approx(counted.alpha, rel=1e-9)


def test_the_order_of_customers_changes_no_estimate():
    x, t_x, T = cohort(500, seed=3)
    assert fit_pareto_nbd(x, t_x, T) == fit_pareto_nbd(x[::-1], t_x[::-1], T[::-1])


DEGENERATE = {
    "one-time buyers": ([0] * 50, [0] * 50, [300] * 50),
    "age zero": ([0] * 5, [0] * 5, [0] * 5),
    "daily regulars": ([2000] * 50, [2000] * 50, [2001] * 50),
    "one customer": ([3], [200], [300]),
    "nobody leaves": ([4] * 50, [300] * 50, [300] * 50),
}


@pytest.mark.parametrize("history", DEGENERATE.values(), ids=DEGENERATE.keys())
def test_a_fit_ends_with_chances_on_degenerate_histories(history):
    model, seen = fit_pareto_nbd(*history), Transactions(*history)
    for answer in (model.p_alive(seen), model.p_purchase(seen, 90)):
        assert np.all((answer >= 0) & (answer <= 1))
    assert np.all(np.isfinite(model.expected_purchases(seen, 90)))


def test_daily_regulars_are_expected_every_day():
    history = [2000] * 50, [2000] * 50, [2001] * 50
    assert fit_pareto_nbd(*history).expected_purchases(Transactions(*history), 90)[0] == pytest.approx(90, rel=0.01)


def test_one_robot_leaves_the_rates_of_the_others_alone():
    x, t_x, T = cohort(3000, seed=4)
    before = fit_pareto_nbd(x, t_x, T)
    after = fit_pareto_nbd([*x, 1e6], [*t_x, 400], [*T, 400])
    assert after.r == pytest.approx(before.r, rel=0.15)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2000), st.floats(0, 1), st.floats(0, 3000), st.lists(st.floats(0, 2000), min_size=2, max_size=2))
def test_a_longer_horizon_never_lowers_an_answer(x, share, T, horizons):
    customer = Transactions([x], [share * T if x else 0], [T])
    for answer in (MODEL.p_purchase, MODEL.expected_purchases):
        short, long = (answer(customer, horizon)[0] for horizon in sorted(horizons))
        assert 0 <= short <= long * (1 + 1e-6) + 1e-9
    chance, expected = (f(customer, max(horizons))[0] for f in (MODEL.p_purchase, MODEL.expected_purchases))
    assert chance <= min(1.0, expected + 1e-6)


def test_a_stored_model_gives_the_same_model():
    fitted = fit_pareto_nbd([0, 2, 5], [0, 90, 200], [300, 200, 250], covariates=[[1], [2], [4]])
    for model in (fitted, MODEL, Spend(2.0, 5.0, 50.0)):
        assert type(model).from_json(json.loads(json.dumps(model.to_json()))) == model


def test_numbers_of_another_model_are_refused_by_name():
    with pytest.raises(ScoreError, match=r"not a stored ParetoNBD\. Got the names \['mean', 'p', 'q'\]"):
        ParetoNBD.from_json(Spend(2.0, 5.0, 50.0).to_json())


def test_questions_out_of_range_are_refused_with_what_was_got():
    with pytest.raises(QuestionError, match=r"'horizon' must be 0 or more\. Got -90"):
        MODEL.p_purchase(TWO, -90)
    with pytest.raises(QuestionError, match=r"'horizon' must be one number.* Got shape \(3,\) for 2"):
        MODEL.p_purchase(TWO, [1, 2, 3])
    with pytest.raises(QuestionError, match=r"discount rate must be 0 or more\. Got -0.1"):
        MODEL.discounted_purchases(TWO, 90, -0.1)
    with pytest.raises(HistoryError, match=r"weights count no customer\. Got a sum of 0 over 1"):
        fit_pareto_nbd([0], [0], [30], weights=[0])


def test_covariates_must_be_those_of_the_fit():
    with pytest.raises(ScoreError, match=r"fitted with 0 covariates\. The histories to score have 1"):
        MODEL.p_alive(Transactions([0], [0], [30], covariates=[[1.0]]))


def test_a_prior_decides_what_a_short_history_leaves_open_and_yields_to_a_long_one():
    prior = DropoutPrior(0.35, 0.6)
    few, many = ([part[:n] for part in cohort(20_000, seed=1)] for n in (100, 20_000))
    assert abs(np.log(fit_pareto_nbd(*few, prior=prior).s / 0.35)) < abs(np.log(fit_pareto_nbd(*few).s / 0.35))
    assert fit_pareto_nbd(*many, prior=prior).s == pytest.approx(fit_pareto_nbd(*many).s, rel=0.02)


def cdnow():
    """Weekly x, t_x, T of the calibration and the purchases of the holdout, one purchase per customer and day."""
    parquet = pytest.importorskip("pyarrow.parquet")
    path = DATA / "cdnow_tenth_events.parquet"
    if not path.exists():
        pytest.skip("the CDNOW sample is not here: put cdnow_tenth_events.parquet into ../shared/data")
    rows = parquet.read_table(path, columns=["customer_id", "ts"])
    customer = np.unique(rows["customer_id"].to_numpy(), return_inverse=True)[1]
    day = rows["ts"].to_numpy().astype("datetime64[D]").astype(int)
    customer, day = np.unique(np.stack([customer, day]), axis=1)
    end = np.datetime64("1997-09-30").astype(int)
    past, first = day <= end, np.full(customer.max() + 1, 10**6)
    np.minimum.at(first, customer, day)
    last = first.copy()
    np.maximum.at(last, customer[past], day[past])
    x, later = np.bincount(customer[past]) - 1.0, np.bincount(customer[~past], minlength=len(first))
    return x, (last - first) / 7, (end - first) / 7, later


def test_cdnow_gives_the_published_parameters_and_correlation():
    x, t_x, T, later = cdnow()
    model = fit_pareto_nbd(x, t_x, T)
    assert [round(v, 2) for v in (model.alpha, model.beta)] == [10.58, 11.67]
    assert [round(v, 3) for v in (model.r, model.s)] == [0.553, 0.606]
    expected = model.expected_purchases(Transactions(x, t_x, T), 39)
    assert round(np.corrcoef(expected, later)[0, 1], 3) == 0.630
