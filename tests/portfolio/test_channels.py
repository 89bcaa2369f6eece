"""Channels and the four C's, counted by hand on three customers."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from patron.periods import Span
from patron.portfolio.channels import channels_of
from patron.portfolio.scorecard import scorecard, service_rows
from patron.portfolio.terms import PortfolioTerms
from worlds.histories import COLUMNS, frame_of, history_from, small

AT = datetime(2024, 3, 1)


@pytest.fixture(scope="module")
def history():
    orders = [
        ("ann", "2024-01-01", 100.0, "web"),
        ("bob", "2024-01-05", 50.0, "web"),
        ("cid", "2022-01-05", 9.0, "fax"),
        ("dan", "2024-02-29", 1.0, "till"),
    ]
    contacts = [
        ("ann", "2024-01-10", "mail", "letter", 1.0, "out"),
        ("ann", "2024-02-01", "phone", "question", 4.0, "in"),
        ("ann", "2024-02-10", "chat", "question", 4.0, "in"),
        ("ann", "2024-02-12", "chat", "question", 4.0, "in"),
        ("bob", "2024-02-27", "chat", "question", 4.0, "in"),
    ]
    returns = [("ann", "2024-01-20", 25.0)]
    return history_from(
        orders=frame_of(orders, ("customer", "at", "amount", "channel")),
        contacts=frame_of(contacts, COLUMNS["contacts"]),
        returns=frame_of(returns, COLUMNS["returns"]),
    )


def test_events_of_the_last_year_are_counted_by_channel_and_table(history):
    channels = channels_of(history, AT)
    assert channels.mix.loc["web", ["contacts", "orders"]].tolist() == [0, 2]
    assert channels.mix.loc["chat", ["contacts", "orders"]].tolist() == [3, 0]
    assert "fax" not in channels.mix.index
    first, *rest = channels.records()
    assert first == {"channel": "chat", "events": {"contacts": 3, "orders": 0}, "share": 3 / 8}
    assert first["share"] + sum(row["share"] for row in rest) == 1.0


def test_contacts_that_nothing_says_a_customer_began_are_those_of_the_business_and_repeat_nothing(history):
    contacts = history["contacts"].to_pandas()
    undirected = history_from(orders=history["orders"].to_pandas(), contacts=contacts.drop(columns="direction"))
    assert channels_of(undirected, AT).repeats.empty
    assert channels_of(undirected, AT).mix.contacts["chat"] == 3
    silent = contacts.assign(direction=contacts.direction.where(contacts["at"] != "2024-02-12"))
    repeats = channels_of(history_from(orders=history["orders"].to_pandas(), contacts=silent), AT).repeats
    assert repeats.set_index("change").loc["another", ["contacts", "share"]].tolist() == [1, 0.0]


def test_hand_over_goes_from_each_event_to_the_next_of_the_customer(history):
    steps = channels_of(history, AT).hand_over
    assert steps.loc["web", "mail"] == steps.loc["mail", "phone"] == steps.loc["phone", "chat"] == 1
    assert steps.loc["chat", "chat"] == steps.loc["web", "chat"] == 1
    assert steps.to_numpy().sum() == 5


def test_a_contact_by_another_channel_that_was_repeated_within_a_week_counts_and_the_last_week_waits(history):
    repeats = channels_of(history, AT).repeats.set_index("change")
    assert repeats.loc["another", ["contacts", "share"]].tolist() == [1, 1.0]
    assert repeats.loc["same", ["contacts", "share"]].tolist() == [1, 0.0]


def test_orders_without_a_channel_have_no_channels():
    assert channels_of(small(("ann", "2024-01-05", 10.0)), AT).mix.empty


def test_the_scorecard_of_a_segment_is_a_ratio_of_sums(history):
    frame = pd.DataFrame(
        {
            "segment": ["new", "new", "old", "old"],
            "tier": ["lead", "gold", "gold", "gold"],
            "contacts_profit": 0.0,
            "contacts_profit_lately": [-13.0, -4.0, 0.0, 0.0],
        }
    )
    rows = service_rows(history, [AT], [frame], Span(90), PortfolioTerms(acquisition_cost=7.0))
    card = scorecard(rows, "segment")
    new = card[card.segment == "new"].set_index("figure")
    assert new.value["kept"] == pytest.approx(125.0 / 150.0)
    assert new.value["serve"] == pytest.approx(17.0 / 150.0)
    assert new.value["begun"] == pytest.approx(4.0)
    assert new.value["win"] == 7.0
    assert "requests" not in new.index
    assert new.before.isna().all()
    old = card[card.segment == "old"].set_index("figure")
    assert old.value["kept"] == 1.0
    assert np.isnan(old.value["begun"])
    tiers = scorecard(rows, "tier").set_index(["tier", "figure"])
    assert tiers.customers.groupby("tier").first().to_dict() == {"gold": 3, "lead": 1}
    assert scorecard(rows, "cohort").empty
