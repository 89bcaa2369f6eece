"""Who began a contact: read in the words of the business, or asked about."""

import pandas as pd
import pytest

from patron.errors import HistoryError
from patron.history.sources import events


def contacts(*directions, name="direction", **said):
    frame = pd.DataFrame({"customer": "ann", "at": "2024-05-01", name: directions})
    return events(frame, **said)


def directions(declared):
    return declared.used.direction.to_pandas().fillna("").tolist()


@pytest.mark.parametrize("word", ["Inbound", "INCOMING_EMAIL", "eingehend", "Entrant", "received"])
def test_what_customers_began_is_in_whatever_it_is_called_and_the_receipt_says_so(word):
    read = contacts(word, "Else", None, direction="direction")
    assert directions(read) == ["in", "Else", ""]
    assert [each.change for each in read.assumed if "began" in each.what] == [f'incoming = ["{word}"]']


def test_directions_that_need_no_reading_are_as_they_were_and_nothing_is_assumed():
    read = contacts("in", "out", direction="direction")
    assert directions(read) == ["in", "out"]
    assert not any("began" in each.what for each in read.assumed)


def test_what_customers_began_can_be_named_and_then_nothing_else_counts():
    assert directions(contacts("A", "B", "in", name="way", direction="way", incoming="A")) == ["in", "B", "in"]


def test_directions_that_do_not_say_who_began_are_refused_with_what_would_say_it():
    with pytest.raises(HistoryError, match=r"directions are: 'A', 'B'.*incoming = \[.*direction = \"\""):
        contacts("A", "B", name="way", direction="way")


def test_a_column_called_direction_that_does_not_say_who_began_is_one_of_the_business():
    read = contacts("north", "south")
    assert "direction" not in read.used.columns
    assert read.used.own_direction.to_pandas().tolist() == ["north", "south"]
    assert any("own_direction" in note for note in read.notes)
    assert not any("direction" in each.change for each in read.assumed)


def test_a_name_that_no_direction_has_and_one_without_a_column_are_refused():
    with pytest.raises(HistoryError, match="'out', 'x'"):
        contacts("x", "out", direction="direction", incoming="inn")
    with pytest.raises(HistoryError, match="no column of directions"):
        contacts("x", name="way", incoming="x")


def test_messages_that_were_only_sent_tell_that_customers_began_nothing():
    assert directions(contacts("sent", "Outbound", direction="direction")) == ["sent", "Outbound"]
