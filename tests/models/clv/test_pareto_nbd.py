import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import betaln, gammaln, hyp2f1

from patron.errors import HistoryError, QuestionError, ScoreError
from patron.models.clv.numerics import decay
from patron.models.clv.pareto_nbd import (
    BGNBD,
    ParetoNBD,
    Spend,
    Transactions,
    fit_bg_nbd,
    fit_pareto_nbd,
    fit_spend,
    worth,
)

DATA = Path(__file__).parents[4] / "shared" / "data"
MODEL = ParetoNBD(r=0.55, alpha=74.0, s=0.61, beta=82.0)
BG = BGNBD(r=0.243, alpha=30.9, a=0.793, b=2.426)
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


@pytest.mark.parametrize(
    ("power_a", "a", "power_b", "b"), [(0.5, 3.0, 1.6, 3.0), (2000.0, 2100.0, 1.6, 2050.0), (0.1, 1e-3, 1.1, 1e4)]
)
def test_the_chance_to_have_left_is_its_integral_whatever_the_powers(power_a, a, power_b, b):
    ours = decay(np.array([300.0]), np.array([power_a]), np.array([a]), power_b, np.array([b])).weight.sum()
    exact = quad(lambda u: (1 + u / a) ** -power_a * (1 + u / b) ** -power_b, 0, 300, points=[1, 10], limit=200)
    assert ours == pytest.approx(exact[0], rel=1e-7)


def test_the_likelihood_is_the_published_closed_form():
    x, t_x, T = [0, 2, 7], [0, 30.43, 20], [38.86, 38.86, 50]
    fitted = fit_pareto_nbd(x, t_x, T, weights=[40, 30, 5])
    numbers = [closed_form(fitted.r, fitted.alpha, fitted.s, fitted.beta, *c) for c in zip(x, t_x, T, strict=True)]
    assert fitted.log_likelihood == pytest.approx(np.dot([40, 30, 5], numbers), rel=1e-9)


def test_no_nearby_bg_nbd_explains_the_histories_better():
    x, t_x, T = (np.array(v, dtype=float) for v in ([0, 1, 3, 9], [0, 20, 100, 250], [300, 300, 200, 260]))
    counts = np.array([50.0, 20.0, 20.0, 10.0])
    fitted = fit_bg_nbd(x, t_x, T, weights=counts)
    best = np.log([fitted.r, fitted.alpha, fitted.a, fitted.b])

    def explained(theta):
        r, alpha, a, b = np.exp(theta)
        left = np.where(x > 0, a / np.maximum(b + x - 1, b) * ((alpha + T) / (alpha + t_x)) ** (r + x), 0.0)
        rates = gammaln(r + x) - gammaln(r) + r * np.log(alpha) - (r + x) * np.log(alpha + T)
        return counts @ (rates + betaln(a, b + x) - betaln(a, b) + np.log(1 + left))

    assert explained(best) == pytest.approx(fitted.log_likelihood, rel=1e-9)
    steps = 0.02 * np.concatenate([np.eye(4), -np.eye(4)])
    assert all(explained(best + step) < explained(best) for step in steps)


def test_answers_equal_a_brute_force_average_over_the_unknown_rates():
    # Both rates of each customer summed over a grid of 3000 x 3000 from e^-45 to e^4, without this package.
    assert MODEL.p_alive(TWO) == pytest.approx([0.2961272, 0.7956697], abs=1e-7)
    assert MODEL.p_purchase(TWO, 90) == pytest.approx([0.0332260, 0.4907135], abs=1e-7)
    assert MODEL.expected_purchases(TWO, 90) == pytest.approx([0.0396800, 0.8820131], abs=1e-7)
    assert MODEL.discounted_purchases(TWO, 365, 0.1) == pytest.approx([0.1307855, 2.9071185], abs=1e-7)


@pytest.mark.parametrize("model", [MODEL, BG])
def test_discounting_weighs_each_day_by_its_distance(model):
    assert model.discounted_purchases(TWO, 365, 0.0) == pytest.approx(model.expected_purchases(TWO, 365), rel=1e-9)
    assert model.discounted_purchases(TWO, 365, 0.2) == pytest.approx(by_day(model, 365, 0.2), rel=1e-5)


@pytest.mark.parametrize("model", [MODEL, BG])
def test_squares_and_pairs_make_up_the_second_moment_of_the_count(model):
    rng, many = np.random.default_rng(7), 400_000
    rate = rng.gamma(model.r + 4, 1 / (model.alpha + 270), many)
    if model is MODEL:
        end = rng.exponential(1 / rng.gamma(model.s, 1 / (model.beta + 270), many))
        count = rng.poisson(rate * np.minimum(end, 365))
    else:
        count = np.minimum(rng.poisson(rate * 365), rng.geometric(rng.beta(model.a, model.b + 4, many)))
    found = model.moments(TWO, 365, yearly_rate=0.0)
    second = (found.squares + found.pairs)[1] / model.p_alive(TWO)[1]
    assert second == pytest.approx(np.mean(count.astype(float) ** 2), rel=0.02)


def test_bg_nbd_expects_what_its_published_formula_expects():
    r, alpha, a, b, x, t = BG.r, BG.alpha + 270, BG.a, BG.b, TWO.x, 90.0
    gauss = hyp2f1(r + x, b + x, a + b + x - 1, t / (alpha + t))
    published = (a + b + x - 1) / (a - 1) * (1 - (alpha / (alpha + t)) ** (r + x) * gauss)
    assert BG.expected_purchases(TWO, t) == pytest.approx(published * BG.p_alive(TWO), rel=1e-9)


def test_a_one_time_buyer_is_alive_for_bg_nbd_and_still_unlikely_to_buy():
    assert BG.p_alive(TWO)[0] == 1.0
    assert BG.p_purchase(TWO, 90)[0] == pytest.approx(1 - (300.9 / 390.9) ** 0.243)


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


@pytest.mark.parametrize("fit", [fit_pareto_nbd, fit_bg_nbd])
@pytest.mark.parametrize("history", DEGENERATE.values(), ids=DEGENERATE.keys())
def test_a_fit_ends_with_chances_on_degenerate_histories(fit, history):
    model, seen = fit(*history), Transactions(*history)
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
    one = Transactions([x], [share * T if x else 0], [T])
    for model in (MODEL, BG):
        for answer in (model.p_purchase, model.expected_purchases):
            short, long = (answer(one, h)[0] for h in sorted(horizons))
            assert 0 <= short <= long * (1 + 1e-6) + 1e-9
        assert model.p_purchase(one, max(horizons))[0] <= min(
            1.0, model.expected_purchases(one, max(horizons))[0] + 1e-6
        )


def test_a_stored_model_gives_the_same_model():
    fitted = fit_pareto_nbd([0, 2, 5], [0, 90, 200], [300, 200, 250], covariates=[[1], [2], [4]])
    for model in (fitted, BG, Spend(2.0, 5.0, 50.0)):
        assert type(model).from_json(json.loads(json.dumps(model.to_json()))) == model


def test_numbers_of_another_model_are_refused_by_name():
    with pytest.raises(ScoreError, match=r"not a stored BGNBD\. Got the names \['mean', 'p', 'q'\]"):
        BGNBD.from_json(Spend(2.0, 5.0, 50.0).to_json())


def test_an_order_value_is_shrunk_as_if_two_more_orders_were_seen():
    # (20 + 2 * 50) / 3 and (800 + 2 * 50) / 10; a prospect takes the mean
    assert Spend(p=2.0, q=5.0, mean=50.0).order_value([1, 8, 0], [20, 800, 0]) == pytest.approx([40, 90, 50])


def test_the_weight_of_the_prior_comes_from_the_data():
    rng = np.random.default_rng(5)
    n = rng.integers(1, 9, 5000)
    level = rng.gamma(4.0, 1 / 40.0, 5000)
    orders = [rng.gamma(3.0, 1 / rate, k) for rate, k in zip(level, n, strict=True)]
    fitted = fit_spend(n, [o.sum() for o in orders], [(o**2).sum() for o in orders])
    # within shape 3, between shape 4: (4 - 1) / 3 = 1 order, with mean 3 / (4 - 1) * 40 = 40
    assert fitted.prior_orders == pytest.approx(1.0, rel=0.1)
    assert fitted.mean == pytest.approx(40.0, rel=0.05)


def test_returns_and_a_whale_leave_the_value_of_the_others_usable():
    total = [20.0, 30.0, 25.0, 40.0, 30.0, 0.0, -15.0, 1e6]
    assert 15 < fit_spend([1, 1, 1, 2, 1, 1, 1, 1], total).order_value([1], [25.0])[0] < 500
    assert fit_spend([1, 2], [0.0, -10.0]).order_value([1], [0.0])[0] <= 0


def test_the_interval_of_worth_covers_as_often_as_it_says():
    rng = np.random.default_rng(6)
    many = Transactions([12] * 4000, [360] * 4000, [365] * 4000)
    model, spend = ParetoNBD(r=2.0, alpha=40.0, s=0.5, beta=300.0), Spend(p=3.0, q=4.0, mean=40.0)
    found = worth(model, spend, many, np.full(4000, 520.0), horizon=365, yearly_rate=0.1)
    # posterior of each customer: rate Gamma(14, 405), end Gamma(.5, 665), order level Gamma(43, 560)
    alive = rng.random(4000) < model.p_alive(many)
    end = np.minimum(rng.exponential(1 / rng.gamma(0.5, 1 / 665.0, 4000)), 365)
    buys = np.where(alive, rng.poisson(rng.gamma(14, 1 / 405.0, 4000) * end), 0)
    level = rng.gamma(4 + 3 * 13, 1 / (40.0 + 520.0), 4000)
    discounted = [
        np.sum(rng.gamma(3, 1 / g, k) * 1.1 ** (-rng.random(k) * e / 365))
        for k, e, g in zip(buys, end, level, strict=True)
    ]
    assert np.mean(discounted) == pytest.approx(found.expected[0], rel=0.03)
    inside = (found.low <= discounted) & (discounted <= found.high)
    assert np.mean(inside) == pytest.approx(0.8, abs=0.03)


def test_contradictions_are_refused_with_the_row_and_the_way_out():
    with pytest.raises(HistoryError, match=r"t_x .* lies after T .* 1 of 2 customers; the first, row 1, has 40\. Mend"):
        Transactions([1, 2], [5, 40], [30, 30])
    with pytest.raises(HistoryError, match=r"positive for a customer without repeat purchase .* row 0, has 5"):
        Transactions([0], [5], [30])
    with pytest.raises(HistoryError, match=r"x \(repeat purchases\) is negative .* has -1"):
        Transactions([-1], [0], [30])
    with pytest.raises(HistoryError, match=r"t_x \(last purchase\) lies before the first .* has -2"):
        Transactions([1], [-2], [30])
    with pytest.raises(HistoryError, match=r"same customers in every array.* Got \{'x': 1, 't_x': 2, 'T': 1\}"):
        Transactions([0], [0, 0], [30])
    with pytest.raises(HistoryError, match=r"'T' is not a finite number .* has nan"):
        Transactions([0], [0], [float("nan")])
    with pytest.raises(HistoryError, match=r"'x' must hold one number per customer\. Got an array of shape \(1, 1\)"):
        Transactions([[0]], [0], [30])


def test_questions_out_of_range_are_refused_with_what_was_got():
    with pytest.raises(QuestionError, match=r"'horizon' must be 0 or more\. Got -90"):
        MODEL.p_purchase(TWO, -90)
    with pytest.raises(QuestionError, match=r"'horizon' must be one number.* Got shape \(3,\) for 2"):
        MODEL.p_purchase(TWO, [1, 2, 3])
    with pytest.raises(QuestionError, match=r"discount rate must be 0 or more\. Got -0.1"):
        MODEL.discounted_purchases(TWO, 90, -0.1)
    with pytest.raises(QuestionError, match=r"between 0 and 1\. Got 80"):
        worth(MODEL, Spend(2.0, 5.0, 50.0), TWO, [20, 300], 90, level=80)
    with pytest.raises(HistoryError, match=r"orders is negative .* has -1"):
        fit_spend([-1], [0])
    with pytest.raises(HistoryError, match=r"weights count no customer\. Got a sum of 0 over 1"):
        fit_pareto_nbd([0], [0], [30], weights=[0])


def test_covariates_must_be_those_of_the_fit():
    with pytest.raises(ScoreError, match=r"fitted with 0 covariates\. The histories to score have 1"):
        MODEL.p_alive(Transactions([0], [0], [30], covariates=[[1.0]]))
    with pytest.raises(HistoryError, match=r"one row per customer\. Got shape \(2, 1\) for 1"):
        Transactions([0], [0], [30], covariates=[[1.0], [2.0]])
    with pytest.raises(HistoryError, match="a covariate is not a finite number"):
        Transactions([0], [0], [30], covariates=[[float("inf")]])


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


def test_cdnow_gives_the_published_parameters_and_correlations():
    x, t_x, T, later = cdnow()
    pareto, bg = fit_pareto_nbd(x, t_x, T), fit_bg_nbd(x, t_x, T)
    assert [round(v, 2) for v in (pareto.alpha, pareto.beta)] == [10.58, 11.67]
    assert [round(v, 3) for v in (pareto.r, pareto.s, bg.r, bg.a, bg.b)] == [0.553, 0.606, 0.243, 0.793, 2.426]
    assert round(bg.alpha, 3) == pytest.approx(4.414, abs=1e-3)
    for model, published in ((pareto, 0.630), (bg, 0.626)):
        expected = model.expected_purchases(Transactions(x, t_x, T), 39)
        assert round(np.corrcoef(expected, later)[0, 1], 3) == published
