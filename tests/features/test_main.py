"""The page of built-in features, and their number on the bundled data."""

from pathlib import Path

from patron.datasets import online_retail
from patron.features import available, contacts, social
from patron.features.__main__ import page
from patron.features.compute.paths import explain_plan
from patron.features.compute.plan import ExecutionPlan
from patron.features.compute.populations import ActiveIn
from patron.features.definitions import columns
from patron.periods import monthly

DOCS = Path(__file__).parents[2] / "docs" / "features.md"


def test_the_page_of_features_is_what_the_code_says():
    assert DOCS.read_text(encoding="utf-8") == page(), "run: python -m patron.features > docs/features.md"


def test_the_bundled_data_get_about_a_hundred_features_all_from_the_fold():
    history = online_retail()
    kept, left_out = available(history)
    assert 90 <= len(columns(kept)) <= 110
    assert set(left_out) == {feature.name for feature in (*contacts.ALL, *social.ALL)}  # the shop has no such tables
    assert {path.path for path in explain_plan(kept, history.tables)} == {"fold", "combination", "cutoff"}
    assert not ExecutionPlan(history, ActiveIn(), kept, monthly("2010-06", "2010-07")).generic_measures
