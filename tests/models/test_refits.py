"""What refits promise: the same kind of model from other customers, the same for the same seed."""

import numpy as np
import pytest

from patron.models.refits import _draw, refits
from patron.questions.matrices import row_source
from worlds.shop import SPLIT, shop
from worlds.shop_models import known, trained, unseen


def again(name: str, candidate: str, seed: int = 0):
    model, question = trained(name).bundles[candidate], trained(name).question
    return refits(model, question, row_source(shop()), *known(name), SPLIT, seed, 1)[0]


@pytest.mark.parametrize(
    ("name", "candidate"),
    [
        *(("churn", c) for c in ("constant", "activity", "hybrid", "blend")),
        ("next_purchase", "hybrid"),
    ],
)
def test_a_refit_is_the_same_kind_of_model_and_answers_a_little_otherwise(name, candidate):
    model, refit = trained(name).bundles[candidate], again(name, candidate)
    assert refit.spec["estimator"]["kind"] == model.spec["estimator"]["kind"]
    assert refit.spec["features"] == model.spec["features"]
    before, after = (bundle.predict(unseen(name)[0].X).iloc[:, 0].to_numpy(float) for bundle in (model, refit))
    assert not np.array_equal(before, after)
    assert abs(before.mean() - after.mean()) < 0.25 * abs(before).mean() + 0.1


def test_refits_depend_on_the_seed_alone():
    X = unseen("churn")[0].X
    first, same, other = (again("churn", "hybrid", seed).predict(X).to_numpy() for seed in (0, 0, 1))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def test_customers_are_drawn_with_all_of_their_rows():
    rows = known("churn")[0]
    drawn = rows.key.customer.iloc[_draw(rows, np.random.default_rng(0))].value_counts()
    times = drawn / rows.key.customer.value_counts()[drawn.index]
    assert (times % 1 == 0).all()
    assert times.max() > 1
    assert len(drawn) < rows.key.customer.nunique()
