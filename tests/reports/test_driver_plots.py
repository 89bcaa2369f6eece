"""What pictures of drivers promise: words of measures and their units, and none of a model that nothing moves."""

import numpy as np
import pandas as pd
import pytest

from patron.explanations.drivers import importance
from patron.explanations.spread import push_spread, typical_of_high
from patron.jobs.tracking import driver_pictures
from patron.reports.answer_words import AnswerWords
from patron.reports.driver_plots import beeswarm_plot, waterfall_plot
from worlds.explained import people, straight, trained

pytestmark = pytest.mark.usefixtures("rendered")
RISK = AnswerWords("the risk")


def test_the_pictures_of_a_model_are_its_weightiest_measures_in_words():
    pictures = driver_pictures(trained("churn"), people(), "GBP")
    assert {"drivers/beeswarm.svg", "drivers/waterfall.svg", "drivers/dependence_recency.svg"} <= set(pictures)
    for name in ("beeswarm", "waterfall"):
        assert "Days since the last order" in pictures[f"drivers/{name}.svg"]
        assert "recency" not in pictures[f"drivers/{name}.svg"]


def test_a_model_that_nothing_moves_has_no_pictures():
    assert driver_pictures(trained("churn", "constant"), people(), "") == {}


def test_a_spread_has_a_dot_for_each_customer_from_the_lowest_value_to_the_highest():
    model, rows = straight(), people()
    spread = push_spread(model, rows, importance(model, rows), most=100)
    assert (spread.feature.unique().tolist(), len(spread)) == (["recency"], 100)
    assert spread.sort_values("push").level.is_monotonic_increasing
    assert (spread.level.min(), spread.level.max()) == (0.0, 1.0)


def test_a_kind_is_neither_low_nor_high():
    model, rows = trained("churn"), people()
    spread = push_spread(model, rows, importance(model, rows), most=100)
    assert spread.level[spread.feature == "country"].isna().all()
    assert "no number, or unknown" in beeswarm_plot(spread, RISK)


def test_the_one_customer_drawn_is_at_higher_risk_than_nine_in_ten():
    model, rows = straight(), people()
    row = typical_of_high(model, rows)
    assert len(row) == 1
    assert (rows.X.recency < row.X.recency.iloc[0]).mean() == pytest.approx(0.9, abs=0.01)


def test_a_waterfall_says_points_and_both_ends():
    line = {"feature": "x", "lever": "", "evidence": "", "push": 0.0}
    average = line | {"step": 0, "text": "Average", "points": 0.5, "before": 0.0, "after": 0.5}
    days = line | {"step": 1, "text": "Days: 3", "points": -0.1, "before": 0.5, "after": 0.4}
    steps = pd.DataFrame([average, days])
    picture = waterfall_plot(steps, RISK).replace("\N{NO-BREAK SPACE}", " ")
    assert all(
        text in picture for text in ("Days: 3", "−10.0", "the average, 50.0 %", "the answer, 40.0 %", "risk (%)")
    )


def test_dots_of_equal_pushes_lie_beside_one_another():
    spread = pd.DataFrame({"feature": "x", "words": "Days", "push": np.zeros(9), "level": np.linspace(0, 1, 9)})
    assert len(set(_heights(beeswarm_plot(spread, RISK)))) == 9


def _heights(picture: str) -> list[str]:
    dots = picture.split('id="PathCollection_1"')[1].split('id="PathCollection_2"')[0]
    return [part.split('"')[0] for part in dots.split(' y="')[1:]]
