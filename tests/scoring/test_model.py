"""Scoring: a model is refused before any work where this release cannot read it, or features mean something else."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from patron.errors import RegistryError, ScoreError
from patron.models.serving import Bundle
from patron.models.training import train
from patron.questions.kinds import churn, tier
from patron.questions.matrices import matrix
from patron.questions.profit import CostModel
from patron.scoring.model import _difference, check_definitions, opened
from worlds.shop import CUTOFFS, HORIZON, SPLIT, coin


@pytest.fixture(scope="module")
def spec() -> dict:
    return train(churn(HORIZON), coin(80), SPLIT).bundles["constant"].spec


def test_what_answering_needs_is_missed_before_any_work(spec, tmp_path):
    stripped = {k: v for k, v in spec["estimator"].items() if k == "kind"}
    with pytest.raises(RegistryError, match=r"version 3 was saved by another release.*lacks '(\w+)'\. Train"):
        opened(saved(spec | {"estimator": stripped}, tmp_path), "shop-churn", "3")


def saved(spec: dict, folder: Path) -> Path:
    (folder / "spec.json").write_text(json.dumps(spec))
    return folder


@pytest.mark.parametrize("content", ["", "[1]", "{"])
def test_a_spec_that_cannot_be_read_is_refused(tmp_path, content):
    (tmp_path / "spec.json").write_text(content)
    with pytest.raises(RegistryError, match=r"'shop-churn' version 3 cannot be read: .*Put them back from a copy"):
        opened(tmp_path, "shop-churn", "3")


def test_a_folder_or_pipe_in_the_place_of_a_spec_is_refused(tmp_path):
    (tmp_path / "spec.json").mkdir()
    with pytest.raises(RegistryError, match=r"version 3 cannot be read: spec.json is not there, or no file\. Put"):
        opened(tmp_path, "shop-churn", "3")


def test_a_model_of_this_release_is_opened(spec, tmp_path):
    assert opened(saved(spec, tmp_path), "shop-churn", "3").spec["question"] == "churn"


@pytest.mark.parametrize("key", ["active_in", "outputs", "calibration"])
def test_a_model_of_another_release_is_refused_with_what_it_lacks(spec, tmp_path, key):
    old = {name: value for name, value in spec.items() if name != key}
    with pytest.raises(RegistryError, match=f"'shop-churn' version 3 was saved by another release.*lacks '{key}'. Tra"):
        opened(saved(old, tmp_path), "shop-churn", "3")


def test_what_an_answer_or_a_feature_lacks_is_named_with_its_place(spec, tmp_path):
    bare = [{k: v for k, v in feature.items() if k != "source"} for feature in spec["features"]]
    old = spec | {"answer": {"kind": "churn"}, "features": bare}
    with pytest.raises(RegistryError, match=r"lacks 'answer.horizon', 'features.source'\. Train again"):
        opened(saved(old, tmp_path), "shop-churn", "3")


def test_a_ranking_of_baskets_by_another_release_is_refused(spec, tmp_path):
    old = spec | {"baskets": [{"by": "item", "half_life": 180.0, "weight": 2.0, "top": 10}]}
    with pytest.raises(RegistryError, match=r"lacks 'baskets.active_in', .*'baskets.way'\. Train again"):
        opened(saved(old, tmp_path), "shop-churn", "3")


def test_a_model_of_another_format_is_refused(spec, tmp_path):
    with pytest.raises(RegistryError, match="has format 0, where this one reads format 1"):
        opened(saved(spec | {"format": 0}, tmp_path), "shop-churn", "3")


def test_a_changed_cost_is_told_by_what_it_was_and_is():
    was, now = (tier(HORIZON, CostModel(margin_rate=rate)).on(coin(80)) for rate in (0.4, 0.5))
    learned = matrix(was, coin(80), [CUTOFFS[1]]).definitions
    model = Bundle({"question": "tier", "features": [asdict(d) | {"dtype": "float64"} for d in learned]})
    with pytest.raises(ScoreError) as told:
        check_definitions(model, matrix(now, coin(80), [CUTOFFS[1]]))
    assert str(told.value) == (
        "The feature 'profit_60d' (Profit after costs in the last 60 days) of the model for 'tier' is computed "
        "otherwise now: 0.4 became 0.5. Train again: patron train, or undo the change of costs, tables or features."
    )


def test_a_formula_that_changed_throughout_is_not_spelt_out():
    assert _difference("SUM(amount) over 30d", "MAX(price) over 30d") == "SUM became MAX, amount became price"
    assert _difference("a b c d e f g", "SELECT b FROM d WHERE f NOW") == "it is made of other columns or steps"
