"""What a plan looks at beside the answers: the type of a relationship and its broken rules, where tables tell them."""

from datetime import datetime
from types import SimpleNamespace

import pandas as pd
import pytest

from patron.decisions import Offer, lacking
from patron.decisions.rules import Rules
from patron.errors import SettingsError
from patron.jobs.plan_facts import check_offer_columns, plan_facts
from patron.portfolio.terms import PortfolioTerms
from worlds.histories import history_from

CAREFUL = Offer("mail", 1.0, effect=0.1, eligible=["broken_rules == 0", "relationship_type != 'former'"])


def settings(*tables):
    return SimpleNamespace(offers=(CAREFUL,), rules=Rules(), outcomes=False, tables=dict.fromkeys(tables))


def facts(needed, **contacts):
    orders = pd.DataFrame({"customer": ["a", "b"], "at": ["2024-01-05", "2022-01-05"], "amount": 1.0})
    table = pd.DataFrame({"customer": ["a", "b"], "at": "2024-01-20", "kind": "mailing", **contacts})
    run = SimpleNamespace(
        columns=["customer"], cutoff=datetime(2024, 2, 1), scores=lambda names: pd.DataFrame({"customer": ["b", "a"]})
    )
    return plan_facts(needed, run, lambda: history_from(orders=orders, contacts=table), lacking, PortfolioTerms())


def test_a_plan_reads_the_type_and_the_broken_rules_of_the_day_that_is_scored():
    table = facts(["broken_rules", "relationship_type"], direction="out")
    assert table.relationship_type.tolist() == ["former", "exchange"]
    assert table.broken_rules.tolist() == [0, 0]


def test_a_rule_that_no_column_tells_is_refused_with_what_it_needs():
    with pytest.raises(
        SettingsError, match="looks at 'unused_channel', which the tables do not tell: it needs a channel"
    ):
        facts(["unused_channel"], direction="out")


def test_conditions_of_relationships_need_a_table_of_contacts():
    check_offer_columns(settings("orders", "contacts"))
    with pytest.raises(SettingsError, match="looks at the column 'broken_rules', which is no feature"):
        check_offer_columns(settings("orders"))
