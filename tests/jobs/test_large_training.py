"""What large training promises: in one part the model of training in memory, in more parts the rows of everybody."""

import pytest

import patron as pt
from patron.errors import QuestionError
from patron.jobs.large_training import train_in_parts
from worlds.shop import SPLIT, shop
from worlds.shop_models import trained


def grown(model) -> str:
    """Return the trees of a model as text, without its parameters."""
    return model.booster.model_to_string().partition("end of trees")[0]


def test_customers_in_one_part_give_the_model_of_training_in_memory(tmp_path):
    large = train_in_parts(pt.churn(60), shop(), SPLIT, tmp_path, parts=1, candidate="hybrid")
    assert grown(large.model) == grown(trained("churn").bundles["hybrid"])
    assert large.sampled == 400


def test_trees_grow_on_all_customers_and_the_card_is_of_the_sample(tmp_path):
    large = train_in_parts(pt.churn(60), shop(), SPLIT, tmp_path, parts=3, candidate="hybrid")
    assert large.examples == 1600, "400 customers at four known cutoffs"
    assert 100 < large.sampled < 170, "a third of 400"
    assert large.card.rows == large.sampled, "one test cutoff"


def test_a_candidate_without_trees_is_refused_before_all_customers_are_read(tmp_path):
    with pytest.raises(QuestionError, match="'parametric' for 'churn' has no trees"):
        train_in_parts(pt.churn(60), shop(), SPLIT, tmp_path, parts=3, candidate="parametric")
    with pytest.raises(QuestionError, match=r"no candidate 'forest'\. The sample has: activity, blend"):
        train_in_parts(pt.churn(60), shop(), SPLIT, tmp_path, parts=3, candidate="forest")
