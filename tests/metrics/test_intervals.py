"""What intervals promise: customers are drawn whole, and neither row order nor names matter."""

import math

import numpy as np
import pytest

from patron import metrics
from patron.errors import PatronError
from patron.metrics.intervals import Estimate, bootstrap, estimate, paired_difference


@pytest.fixture
def rows() -> dict[str, np.ndarray]:
    """Three rows for each of forty customers, with scores that help a little."""
    rng = np.random.default_rng(7)
    actual = rng.integers(2, size=120)
    ours = np.round(0.3 * actual + 0.7 * rng.random(120), 2)
    return {"customer": np.arange(120) // 3, "actual": actual, "ours": ours, "theirs": rng.random(120)}


def columns(rows: dict[str, np.ndarray], *names: str) -> list[np.ndarray]:
    return [rows[name] for name in names]


def average(values: np.ndarray, *, weight: np.ndarray | None = None) -> float:
    return float(np.average(values, weights=weight))


def test_an_estimate_prints_its_doubt() -> None:
    assert str(Estimate(0.7641, 0.7468, 0.7812)) == "0.764 [0.747, 0.781]"
    assert f"{Estimate(1, math.nan, math.nan)}" == "1.000 [nan, nan]"


def test_the_value_is_the_metric_on_all_rows(rows: dict[str, np.ndarray]) -> None:
    result = estimate(metrics.auc, *columns(rows, "customer", "actual", "ours"))
    assert result.value == metrics.auc(rows["actual"], rows["ours"])
    assert result.low < result.value < result.high


def test_shuffled_rows_give_the_same_bounds_to_the_last_bit(rows: dict[str, np.ndarray]) -> None:
    order = np.random.default_rng(1).permutation(120)
    shuffled = {name: column[order] for name, column in rows.items()}
    names = ("customer", "actual", "ours", "theirs")
    assert estimate(metrics.log_loss, *columns(rows, *names[:3])) == estimate(
        metrics.log_loss, *columns(shuffled, *names[:3])
    )
    assert paired_difference(metrics.auc, *columns(rows, *names)) == paired_difference(
        metrics.auc, *columns(shuffled, *names)
    )


def test_renamed_customers_give_the_same_bounds_to_the_last_bit(rows: dict[str, np.ndarray]) -> None:
    pseudonyms = np.array([f"p{name}" for name in np.random.default_rng(2).permutation(40)], dtype=object)
    for names in (rows["customer"] * -1.5, pseudonyms[rows["customer"]], rows["customer"].astype("M8[D]")):
        renamed = estimate(metrics.log_loss, names, *columns(rows, "actual", "ours"))
        assert renamed == estimate(metrics.log_loss, *columns(rows, "customer", "actual", "ours"))


def test_the_seed_decides_the_bounds(rows: dict[str, np.ndarray]) -> None:
    arrays = columns(rows, "customer", "actual", "ours")
    assert estimate(metrics.auc, *arrays, seed=3) == estimate(metrics.auc, *arrays, seed=3)
    assert estimate(metrics.auc, *arrays, seed=3).low != estimate(metrics.auc, *arrays, seed=4).low


def test_customers_are_drawn_whole() -> None:
    # Two customers, two draws: both are drawn (mean 5), or one twice (mean 0 or 10); rows alone would mix.
    means: list[float] = []

    def noted(values: np.ndarray, *, weight: np.ndarray | None = None) -> float:
        means.append(average(values, weight=weight))
        return means[-1]

    estimate(noted, ["a", "b", "a", "b"], [0, 10, 0, 10], repeats=50)
    assert set(means) == {0, 5, 10}


def test_bounds_are_as_wide_as_theory_says() -> None:
    values = np.random.default_rng(5).normal(size=400)
    result = estimate(average, np.arange(400), values, repeats=2000)
    assert result.high - result.low == pytest.approx(2 * 1.96 * values.std() / math.sqrt(400), rel=0.05)


def test_rows_written_twice_for_a_customer_give_no_more_certainty() -> None:
    values = np.random.default_rng(5).normal(size=50)
    once = estimate(average, np.arange(50), values)
    twice = estimate(average, np.repeat(np.arange(50), 2), np.repeat(values, 2))
    assert (twice.low, twice.high) == pytest.approx((once.low, once.high))


def test_a_lower_level_gives_narrower_bounds(rows: dict[str, np.ndarray]) -> None:
    arrays = columns(rows, "customer", "actual", "ours")
    wide, narrow = estimate(metrics.auc, *arrays), estimate(metrics.auc, *arrays, level=0.5)
    assert wide.low < narrow.low < narrow.high < wide.high


def test_many_metrics_share_the_draws_of_one(rows: dict[str, np.ndarray]) -> None:
    arrays = columns(rows, "customer", "actual", "ours")
    result = bootstrap({"auc": metrics.auc, "brier": metrics.brier}, *arrays)
    assert result == {"auc": estimate(metrics.auc, *arrays), "brier": estimate(metrics.brier, *arrays)}


def test_a_metric_of_ones_own_is_measured_on_the_draws_of_the_others(rows: dict[str, np.ndarray]) -> None:
    def own(actual: np.ndarray, predicted: np.ndarray, *, weight: np.ndarray | None = None) -> float:
        return average((actual - predicted) ** 2, weight=weight)

    arrays = columns(rows, "customer", "actual", "ours")
    mine, theirs = (estimate(metric, *arrays) for metric in (own, metrics.brier))
    assert (mine.low, mine.high) == pytest.approx((theirs.low, theirs.high))


def test_the_customers_of_more_rows_than_others_are_drawn_whole_too() -> None:
    # The sum over two customers of three rows and one: 3 or 1 twice, or both once.
    @metrics.by_draw
    def total(values: np.ndarray, *, weight: np.ndarray | None = None) -> np.ndarray | float:
        return 4.0 if weight is None else values @ weight

    result = estimate(total, ["a", "b", "a", "a"], [1.0] * 4, repeats=50)
    assert (result.low, result.value, result.high) == (2.0, 4.0, 6.0)


def test_a_pair_has_no_doubt_where_the_difference_is_fixed() -> None:
    # Both predictions err more for customer b, yet ours is always nearer by two.
    result = paired_difference(metrics.mean_absolute_error, ["a", "b"], [10, 20], [11, 30], [13, 32])
    assert (result.value, result.low, result.high) == (-2, -2, -2)


def test_a_score_paired_with_itself_differs_by_nothing(rows: dict[str, np.ndarray]) -> None:
    assert paired_difference(metrics.auc, *columns(rows, "customer", "actual", "ours", "ours")) == Estimate(0, 0, 0)


def test_a_pair_takes_as_many_columns_as_its_metric() -> None:
    days, bought = [1, 2, 3, 4], [1, 1, 1, 0]
    result = paired_difference(metrics.concordance, list("abcd"), days, bought, [1, 2, 3, 4], [4, 3, 2, 1], repeats=50)
    assert result.value == 1


def test_tiers_in_words_can_be_judged() -> None:
    def kappa(actual: np.ndarray, predicted: np.ndarray, *, weight: np.ndarray | None = None) -> float:
        return metrics.quadratic_kappa(actual, predicted, ["lead", "gold"], weight=weight)

    true = np.array(["lead", "gold", "gold", "lead"], dtype=object)
    assert estimate(kappa, [1, 2, 3, 4], true, true).value == 1


def test_draws_without_an_answer_are_left_out() -> None:
    # One event among eight customers: about a third of the draws have no event, and no AUC.
    result = estimate(metrics.auc, range(8), [1] + [0] * 7, [9, 1, 2, 3, 4, 5, 6, 7])
    assert result == Estimate(1, 1, 1)


def test_bounds_are_unknown_where_most_draws_have_no_answer() -> None:
    def rarely(_: np.ndarray, *, weight: np.ndarray | None = None) -> float:
        return 1.0 if weight is None or weight[0] > 1 else math.nan

    result = estimate(rarely, range(30), np.arange(30))
    assert result.value == 1
    assert math.isnan(result.low)
    assert math.isnan(result.high)


def test_one_customer_gives_a_value_and_no_bounds() -> None:
    result = estimate(average, ["a", "a"], [1, 3])
    assert result.value == 2
    assert math.isnan(result.low)


def test_no_customers_give_no_estimate() -> None:
    assert str(estimate(metrics.auc, [], [], [])) == "unknown"


def test_rows_without_a_customer_are_refused_with_their_count() -> None:
    with pytest.raises(PatronError, match=r"lack their customer: 1 of 3 in `groups`\. Leave such rows out"):
        estimate(metrics.auc, ["a", None, "b"], [0, 1, 1], [0.1, 0.2, 0.3])


def test_a_column_of_another_length_is_refused_with_its_place() -> None:
    with pytest.raises(PatronError, match=r"Column 2 of the metric has shape \(1,\), where `groups` has 2 rows"):
        estimate(metrics.auc, ["a", "b"], [0, 1], [0.1])


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"repeats": 0}, r"got repeats=0\. Give one or more"), ({"level": 95}, r"got level=95\. Give one as")],
)
def test_settings_out_of_range_are_refused_with_the_value(settings: dict[str, int], words: str) -> None:
    for ask in (estimate, paired_difference):
        with pytest.raises(PatronError, match=words):
            ask(metrics.auc, ["a", "b"], [0, 1], [0.1, 0.2], [0.2, 0.1], **settings)
