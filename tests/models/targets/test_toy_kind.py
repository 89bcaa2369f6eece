"""A kind of question that is added from outside: two orders or more within the horizon."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from patron.errors import QuestionError
from patron.evaluation.backtests import backtest, judge
from patron.explanations.drivers import drivers
from patron.features.measures import Feature, measure
from patron.history.history import History
from patron.models.extrapolation import train_beyond
from patron.models.selection import ALL_FEATURES, ORDER
from patron.models.serving import Bundle, standalone
from patron.models.targets import BinaryTarget, known, register, target_for
from patron.models.training import Trained, train
from patron.periods import Span, Split
from patron.questions.kinds import churn
from patron.questions.matrices import labels, matrix
from patron.questions.question import Question
from patron.scoring.model import check_asked, score
from worlds.shop import CUTOFFS, HORIZON, SPLIT, of, shop


@dataclass(frozen=True)
class TwoOrders(Question):
    """Will this customer order at least twice within the horizon."""

    name = "two_orders"

    def label(self, history: History) -> Feature:
        """Return 1 where two orders or more came within the horizon, else 0."""

        @measure(windows=(self.horizon,), empty=0)
        def two_orders(orders):
            """Two orders or more within the horizon."""
            return (orders.count() >= 2).cast("int8")

        return two_orders


QUESTION = TwoOrders(Span(HORIZON))
TARGET = BinaryTarget("two_orders", "two_orders_probability", "two orders", "the chance of two orders")


@pytest.fixture(scope="module", autouse=True)
def registered() -> Iterator[None]:
    register(TwoOrders, TARGET)
    yield
    del known._KNOWN[TwoOrders]


@pytest.fixture(scope="module")
def trained(registered: None) -> Trained:
    return train(QUESTION, shop(), SPLIT)


def test_its_label_counts_orders():
    first, early, late = SPLIT.test[0] - pd.Timedelta(days=9), SPLIT.test[0], SPLIT.test[0] + pd.Timedelta(days=30)
    seen = {"twice": (first, early, late), "once": (first, early), "never": (first,)}
    frame = pd.DataFrame([(name, at, 1.0) for name, times in seen.items() for at in times])
    last = pd.DataFrame([("later", SPLIT.test[0] + pd.Timedelta(days=99), 1.0)])
    history = of(pd.concat([frame, last]).set_axis(["customer", "at", "amount"], axis=1))
    rows = matrix(QUESTION, history, SPLIT.test)
    label = labels(QUESTION, history, SPLIT.test)
    assert dict(zip(rows.key.customer, label, strict=True)) == {"never": 0.0, "once": 0.0, "twice": 1.0}


def test_every_candidate_is_trained(trained):
    assert set(trained.bundles) == set(ORDER) - {
        ALL_FEATURES,
        "age",
        "geometric",
        "geometric_logit",
    }  # of panels, contracts
    assert trained.model.spec["outputs"] == [{"name": "two_orders_probability", "dtype": "float64"}]


def test_it_is_judged_on_a_card(trained):
    rows = matrix(trained.question, shop(), SPLIT.test)
    label = labels(trained.question, shop(), SPLIT.test)
    card = judge(trained, rows, label)
    assert list(card.differences) == ["AUC", "average precision", "log loss", "Brier", "bias"]
    assert card.base == {"two orders rate": pytest.approx(label.mean())}
    assert card.measured["blend"]["AUC"].low > 0.6
    assert not card.suspects


def test_it_is_back_tested():
    assert backtest(QUESTION, shop(150), Split(CUTOFFS[:1], CUTOFFS[1:2], CUTOFFS[2:3])).pooled.question == "two_orders"


def test_it_is_scored_after_saving_and_loading(trained, tmp_path):
    rows = matrix(trained.question, shop(), SPLIT.test)
    scores = score(Bundle.load(trained.model.save(tmp_path)), rows)
    assert list(scores.columns) == ["customer", "cutoff", "two_orders_probability"]
    assert scores.two_orders_probability.equals(score(trained.model, rows).two_orders_probability)
    again = labels(trained.question, shop(), SPLIT.test) == 1
    assert scores.two_orders_probability[again].mean() > scores.two_orders_probability[~again].mean() + 0.1
    check_asked(trained.model, trained.question)


def test_it_is_served_where_patron_is_not_installed(trained):
    rows = matrix(trained.question, shop(), CUTOFFS[-1:])
    served: dict = {}
    exec(compile(standalone(), "served.py", "exec"), served)
    alone = served["Bundle"](trained.model.spec, trained.model.booster).predict(rows.X)
    pd.testing.assert_frame_equal(alone, trained.model.predict(rows.X), check_exact=True)


def test_it_is_explained_in_its_own_words(trained):
    reasons = drivers(trained.bundles["lightgbm"], matrix(trained.question, shop(), SPLIT.test))
    assert reasons.text.str.contains("s the chance of two orders by ").all()
    assert (np.sign(reasons.push) == np.where(reasons.side == "for", 1, -1)).all()


def test_a_purchase_process_says_nothing_of_it_far_ahead():
    with pytest.raises(QuestionError, match=r"Only churn and next purchase can be asked beyond the labels"):
        train_beyond(TwoOrders(Span(900)), shop(), SPLIT.test[0])


def test_a_kind_belongs_to_one_question():
    with pytest.raises(QuestionError, match=r"'churn' belongs to the question Churn, so TwoOrders cannot have it"):
        register(TwoOrders, target_for(churn(90)))
    assert target_for(QUESTION) is TARGET


def test_a_question_without_a_target_is_refused_with_the_line_that_adds_it():
    with pytest.raises(QuestionError, match=r"No target is registered .* register\(Question, BinaryTarget\(\.\.\.\)\)"):
        target_for(Question(Span(30)))
