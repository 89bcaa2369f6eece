"""Response to contacts: advice where it is true and clear, and 'unknown' where selection or noise could be it."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

import patron as pt
from patron.errors import QuestionError
from patron.history.history import History
from patron.history.sources import events

START = datetime(2023, 1, 2)
DAY = timedelta(days=1)


def history(contacts: pd.DataFrame, answered: np.ndarray) -> History:
    """Return a history in which the given contacts were answered by an order a day later."""
    first = pd.DataFrame({"customer": contacts.customer.unique(), "at": START - 90 * DAY})
    end = pd.DataFrame({"customer": ["end"], "at": [contacts["at"].max() + 30 * DAY]})
    bought = contacts.loc[answered, ["customer", "at"]].assign(at=lambda rows: rows["at"] + DAY)
    orders = pd.concat([first, bought, end], ignore_index=True).assign(amount=1.0)
    return History.of(orders=events(orders), contacts=events(contacts.assign(direction="out")))


def bursts(customers: int, sizes) -> pd.DataFrame:
    """Return six bursts of contacts for each customer, three days apart; `sizes` says how many each has."""
    rows = [
        (f"c{c}", START + 60 * burst * DAY + 3 * k * DAY, "mail", k + 1, c)
        for c in range(customers)
        for burst in range(6)
        for k in range(sizes(c, burst) if burst else 1)
    ]
    return pd.DataFrame(rows, columns=["customer", "at", "channel", "number", "c"])


def drawn(chances: np.ndarray) -> np.ndarray:
    return np.random.default_rng(5).random(len(chances)) < chances


def declared(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[["customer", "at", "channel"]]


@pytest.fixture(scope="module")
def saturating():
    rows = bursts(240, lambda c, burst: 1 + (c + burst) % 5)
    chances = np.array([0.1, 0.3, 0.5, 0.5, 0.5])[rows.number - 1]
    return pt.contact_response(history(declared(rows), drawn(chances)), horizon=2)


def test_the_number_beyond_which_one_more_contact_brings_nothing_is_recovered(saturating):
    assert saturating.enough.contacts == 3
    curve = saturating.lately.set_index("group")
    assert (curve.low < [0.1, 0.3, 0.5, 0.5, 0.5]).all()
    assert (curve.high > [0.1, 0.3, 0.5, 0.5, 0.5]).all()
    assert any("after 3 one more brings nothing beyond noise" in line for line in saturating.sentences)


def test_what_is_not_clear_is_unknown_in_words(saturating):
    assert dict(saturating.best) == {"channel": None, "hour": None, "weekday": None}
    assert saturating.sentences[:2] == (
        "channel: unknown; all contacts have the same channel",
        "hour: unknown; no contact tells its hour",
    )
    assert "evidence: observational" in saturating.sentences[-1]


def test_good_customers_who_get_more_contacts_do_not_pass_for_contacts_that_work():
    rows = bursts(240, lambda c, burst: 1 + c % 5 if burst % 2 else 1 + (c + 1) % 5)
    answers = drawn(np.where(rows.c % 5 > 2, 0.6, 0.1))
    response = pt.contact_response(history(declared(rows), answers), horizon=2)
    naive = response.lately.set_index("group").answered
    assert naive[5] > naive[1] + 0.2
    assert response.enough.contacts is None


def by_two_channels(turns: int) -> History:
    """Return six contacts of each customer, by a channel that is another each time, or (no turns) always the same."""
    rows = [
        (f"c{c}", START + 40 * k * DAY, "letter" if (c + k * turns) % 2 else "mail")
        for c in range(120)
        for k in range(6)
    ]
    contacts = pd.DataFrame(rows, columns=["customer", "at", "channel"])
    return history(contacts, drawn(np.where(contacts.channel == "mail", 0.5, 0.2)))


def test_a_channel_is_best_only_where_the_same_customers_answer_it_more():
    assert pt.contact_response(by_two_channels(turns=1), horizon=2).best["channel"] == "mail"
    apart = by_two_channels(turns=0)
    assert pt.contact_response(apart, horizon=2).best["channel"] is None
    assert pt.contact_response(apart, horizon=2, assignment="randomised").best["channel"] == "mail"


def test_shares_and_their_intervals_of_few_contacts_can_be_counted_by_hand():
    rows = pd.DataFrame({"customer": list("abcd"), "at": START, "channel": "mail"})
    response = pt.contact_response(history(rows, np.array([True, False, False, False])), horizon=2)
    line = response.channel.iloc[0]
    assert (line.contacts, line.customers, line.answered) == (4, 4, 0.25)
    assert (round(line.low, 3), round(line.high, 3)) == (0.046, 0.699)  # Wilson, 1 of 4
    assert np.isnan(line.share)
    assert all("unknown" in line for line in response.sentences[:4])


def test_contacts_after_the_cutoff_do_not_count():
    response = pt.contact_response(by_two_channels(turns=1), horizon=2, until=START + 50 * DAY)
    assert (response.contacts, dict(response.left_out)) == (240, {"horizon not over": 480})


def test_a_history_without_contacts_and_words_that_are_none_are_refused_with_what_to_write():
    bare = History.of(orders=events(pd.DataFrame({"customer": ["a"], "at": [START], "amount": [1.0]})))
    with pytest.raises(QuestionError, match=r"has neither: orders\. Declare one: contacts = pt\.events"):
        pt.contact_response(bare)
    known = by_two_channels(turns=1)
    with pytest.raises(QuestionError, match=r"got 'visits'; .*Write answer=\"orders\""):
        pt.contact_response(known, answer="visits")
    with pytest.raises(QuestionError, match=r"got 'random'.* Write assignment=\"observational\""):
        pt.contact_response(known, assignment="random")
