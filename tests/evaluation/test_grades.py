"""A grade is a word of a published rule, with the words at the ends of the figure's interval."""

from types import SimpleNamespace

import pytest

from patron.evaluation.grades import grade
from patron.metrics import Estimate


def card(**figures: Estimate) -> SimpleNamespace:
    return SimpleNamespace(champion="logit", measured={"logit": {n.replace("_", " "): f for n, f in figures.items()}})


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ({"AUC": Estimate(0.764, 0.747, 0.781)}, "acceptable: AUC 0.764 [0.747, 0.781]"),
        ({"AUC": Estimate(0.81, 0.69, 0.9)}, "excellent (poor to outstanding): AUC 0.810 [0.690, 0.900]"),
        ({"AUC": Estimate(0.7, float("nan"), float("nan"))}, "acceptable: AUC 0.700 [nan, nan]"),
        (
            {"quadratic_kappa": Estimate(0.5, 0.35, 0.6)},
            "moderate (fair to moderate): quadratic kappa 0.500 [0.350, 0.600]",
        ),
        ({"AUC": Estimate(float("nan"), 0.1, 0.2)}, "None"),
        ({"C-index": Estimate(0.7, 0.6, 0.8)}, "None"),
    ],
)
def test_a_grade_is_the_word_for_the_figure_and_those_for_its_bounds(figures, said):
    assert str(grade(card(**figures))) == said
