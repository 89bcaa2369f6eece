"""Reporting: people read names, tables keep codes."""

from types import SimpleNamespace

import pandas as pd

from models.baskets.shops import BOUGHT, shop
from patron.jobs.reporting import _named
from patron.models.baskets import item_names

SCORES = pd.DataFrame({"next_item_1": ["tea", "hat", None], "next_category_1": ["tea", "tea", "tea"]})


def scored(history):
    """What reporting looks at of a job: what was kept of the tables."""
    return SimpleNamespace(scored=SimpleNamespace(facts=SimpleNamespace(item_names=item_names(history, "item"))))


def test_the_report_says_names_of_items_where_the_lines_give_them():
    history = shop(item_name=[f"a {thing}" for _, _, thing in BOUGHT])
    named = _named(scored(history), SCORES)
    assert named.next_item_1.tolist()[:2] == ["a tea", "hat"]
    assert named.next_category_1.tolist() == ["tea", "tea", "tea"]


def test_without_names_the_report_says_the_codes():
    assert _named(scored(shop()), SCORES).next_item_1.tolist()[:2] == ["tea", "hat"]
