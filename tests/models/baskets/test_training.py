"""Training: trees rank where the rhythm of each item tells more than its share, and neighbours where it does not."""

import subprocess
import sys
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from models.baskets.shops import PLAIN, bought
from patron.errors import QuestionError
from patron.history.history import History
from patron.history.sources import events
from patron.models.baskets import what
from patron.models.baskets.calibration import fit_chances
from patron.models.baskets.candidates import COLUMNS, candidates
from patron.models.baskets.judging import judge_ranking
from patron.models.baskets.lines import next_baskets
from patron.models.baskets.market import buyers_of, market_at
from patron.models.baskets.reading import read_lines
from patron.models.baskets.training import examples_at, fit_ranking
from patron.models.serving import Bundle, candidate_chances, candidate_scores, standalone
from patron.periods import EVER, Span
from patron.registry.mlflow_import import mlflow
from patron.registry.packaging import spec_of, stage
from worlds.histories import CUTOFF, ago

HORIZON = Span(15)
KNOWN = [CUTOFF - timedelta(days=days) for days in (60, 45, 30, 15)]
ITEMS, CUSTOMERS, VISITS = 40, 220, 14
ANSWERING = {
    "format": 1,
    "features": [{"name": "orders", "dtype": "float64", "levels": []}],
    "outputs": [{"name": "churn_probability", "dtype": "float64"}],
    "estimator": {"kind": "rates", "input": None, "edges": [], "table": [[[0.0]]]},
    "calibration": None,
    "answer": {"kind": "churn"},
}


def visits(basket) -> History:
    """Customers who come every ten days for 140 days, and what they take at each visit."""
    rng = np.random.default_rng(1)
    rows = [
        (f"c{customer:03}", 10 * visit + rng.uniform(0, 2) - 15, item)
        for customer in range(CUSTOMERS)
        for visit in range(VISITS)
        for item in basket(rng, customer, visit)
    ]
    frame = pd.DataFrame(rows, columns=["customer", "days", "item"])
    frame["at"] = [ago(days) for days in frame.days]
    return History.of(lines=events(frame.drop(columns="days").assign(amount=1.0)))


def in_turn(rng, customer: int, visit: int) -> list[str]:
    """Of eight items of their own, two at each visit, one after the other."""
    return [f"i{(customer * 7 + 5 * n) % ITEMS:02}" for n in (visit % 4, visit % 4 + 4)]


def at_random(rng, customer: int, visit: int) -> list[str]:
    return [f"i{n:02}" for n in rng.choice(ITEMS, 2, replace=False)]


@pytest.fixture(scope="module")
def turns():
    return read_lines(visits(in_turn), "item")


@pytest.fixture(scope="module")
def ranking(turns):
    return fit_ranking(turns, KNOWN, EVER, HORIZON)


def test_trees_rank_where_items_are_bought_in_turn(turns, ranking):
    card = judge_ranking(turns, [CUTOFF], EVER, HORIZON, ranking)
    assert ranking.spec["way"] == "ranker"
    assert card.rows == CUSTOMERS
    assert card.beyond_neighbours["ndcg_10"].low > 0.1
    assert "trees rank" in card.reason


def test_neighbours_rank_where_there_is_nothing_more_to_learn():
    ranking = fit_ranking(read_lines(visits(at_random), "item"), KNOWN, EVER, HORIZON)
    assert (ranking.spec["way"], ranking.ranker) == ("neighbours", None)


def test_a_ranking_is_the_same_whenever_it_is_trained(turns, ranking):
    again = fit_ranking(turns, KNOWN, EVER, HORIZON)
    assert again.spec == ranking.spec
    assert again.ranker.model_to_string() == ranking.ranker.model_to_string()


def test_chances_come_about_as_often_as_they_say(turns, ranking):
    card = judge_ranking(turns, [CUTOFF], EVER, HORIZON, ranking)
    assert card.chance["predicted"] == pytest.approx(card.chance["came"], abs=0.02)


def test_where_patron_is_not_installed_the_bundle_ranks_as_it_does_here(turns, ranking, tmp_path):
    market = market_at(turns, CUTOFF, EVER, HORIZON, seed=0)
    X = candidates(market, buyers_of(turns, CUTOFF, market.active[:5], market.items)).X
    bundle = Bundle({"format": 1, "baskets": [ranking.spec]}, rankers={"item": ranking.ranker})
    bundle.save(tmp_path / "bundle")
    X[sorted(COLUMNS)].to_parquet(tmp_path / "candidates.parquet")
    (tmp_path / "served.py").write_text(standalone(), encoding="utf-8")
    code = (
        "import sys, pandas as pd; sys.modules['patron'] = None; from served import Bundle; "
        "Bundle.load('bundle').rank('item', pd.read_parquet('candidates.parquet')).to_parquet('ranks.parquet')"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "ranks.parquet"), bundle.rank("item", X))


def test_who_loads_the_model_by_mlflow_ranks_candidates_too(turns, ranking, tmp_path):
    market = market_at(turns, CUTOFF, EVER, HORIZON, seed=0)
    X = candidates(market, buyers_of(turns, CUTOFF, market.active[:5], market.items)).X
    bundle = Bundle(ANSWERING | {"baskets": [ranking.spec]}, rankers={"item": ranking.ranker})
    saved, served = bundle.save(tmp_path / "bundle"), tmp_path / "served.py"
    served.write_text(standalone(), encoding="utf-8")
    (tmp_path / "scratch").mkdir()
    package = stage(tmp_path / "scratch", saved, served, spec_of(saved, served), ["lightgbm"])
    model = mlflow().pyfunc.load_model(str(package)).unwrap_python_model()
    assert type(model.model).__module__ != Bundle.__module__
    pd.testing.assert_frame_equal(model.rank("item", X[sorted(COLUMNS)]), bundle.rank("item", X))


def test_trees_suggest_what_is_due(turns, ranking):
    bundle = Bundle({"question": "next_purchase", "baskets": [ranking.spec]}, rankers={"item": ranking.ranker})
    listed = what(bundle, turns.history, CUTOFF, k=2)
    due = next_baskets(turns, CUTOFF, HORIZON)
    assert len(listed.merge(due, on=["customer", "item"])) > 0.6 * len(due)
    assert (listed.groupby("customer").chance.first() >= listed.groupby("customer").chance.last()).all()


def test_candidates_do_not_depend_on_who_else_is_ranked(turns):
    market = market_at(turns, CUTOFF, EVER, HORIZON, seed=0)
    few = candidates(market, buyers_of(turns, CUTOFF, market.active[7:9], market.items))
    many = candidates(market, buyers_of(turns, CUTOFF, market.active[:40], market.items))
    those = np.isin(many.row, (7, 8))
    pd.testing.assert_frame_equal(few.X, many.X[those].reset_index(drop=True))


def test_only_those_who_buy_within_the_horizon_are_learned_from():
    example = examples_at(bought(), CUTOFF, EVER, Span(30), seed=0, most=10)
    assert example.candidates.customers.tolist() == ["ann", "bob"]
    assert (example.sizes.tolist(), example.repeats.tolist()) == ([1, 1], [1, 1])


def test_a_handful_of_baskets_is_ranked_by_neighbours_without_chances_of_their_own():
    ranking = fit_ranking(bought(), [CUTOFF], EVER, Span(30))
    assert (ranking.spec["way"], ranking.spec["chance"]) == ("neighbours", None)
    assert "too few past baskets" in ranking.reason


def test_suggestions_are_judged_by_the_first_basket_of_the_horizon():
    categories = bought(by="category")
    card = judge_ranking(categories, [CUTOFF], EVER, Span(30), fit_ranking(categories, [CUTOFF], EVER, Span(30)))
    assert (card.rows, card.hit["ours"].value, card.recall["own past"].value) == (2, 1.0, 1.0)


def test_what_nobody_ever_bought_before_is_counted_apart():
    lines = bought([("ann", 9, "tea"), ("bob", 9, "jam"), ("ann", -2, "tea"), ("ann", -2, "hat"), ("bob", -40, "jam")])
    card = judge_ranking(lines, [CUTOFF], EVER, Span(30), fit_ranking(lines, [CUTOFF], EVER, Span(30)))
    assert card.unseen == 0.5  # ann's hat, of her two


def test_a_label_whose_horizon_has_not_passed_is_refused():
    with pytest.raises(QuestionError, match=r"A label at 2024-07-01 looks 90 days ahead"):
        fit_ranking(bought(), [CUTOFF], EVER, Span(90))


def test_of_one_customer_the_higher_score_never_has_the_lower_chance():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({name: np.repeat(rng.uniform(1, 9, 200), 10) for name in ("size", "size_5", "visits", "recency")})
    scores = rng.normal(size=2000)
    chance = fit_chances(scores, X, rng.uniform(size=2000) < 1 / (1 + np.exp(2 - scores)))
    order = np.argsort(scores[:10])
    assert (np.diff(candidate_chances(chance, scores[:10], X[:10])[order]) >= 0).all()


def test_a_ranking_refuses_candidates_that_lack_a_column_and_a_folder_without_its_trees():
    X = pd.DataFrame({name: [1.0] for name in COLUMNS})
    with pytest.raises(ValueError, match=r"trained on gap, which these candidates lack"):
        candidate_scores(PLAIN, None, X.drop(columns="gap"))
    with pytest.raises(ValueError, match=r"ranks by trees, but the folder has no next_item.txt"):
        candidate_scores({**PLAIN, "way": "ranker"}, None, X)
