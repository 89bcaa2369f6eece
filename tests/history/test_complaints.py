"""Complaints: which kinds of contact they are, whatever the business calls them, for features and portfolio alike."""

import pandas as pd
import pytest

from patron.errors import HistoryError
from patron.features import ALL, as_trained, contacts
from patron.features.definitions import definitions
from patron.history.complaints import is_complaint
from patron.history.history import History
from patron.history.sources import events
from patron.periods import days
from patron.portfolio.interaction import ContactKinds, interactions_at
from worlds.histories import CUTOFF, ago, features_at

ORDERS = pd.DataFrame({"customer": "ann", "at": [ago(300), ago(1)], "amount": 10.0})
SHARE = next(measure for measure in ALL if measure.name == "contact_complaints")


def history(*kinds, name="contacts", **said):
    moments = [ago(10 + i) for i in range(len(kinds))]
    frame = pd.DataFrame({"customer": "ann", "at": moments, "kind": kinds, "direction": "in"})
    return History.of(orders=events(ORDERS), **{name: events(frame, **said)})


def share(known):
    return features_at(known, CUTOFF, SHARE).contact_complaints.iloc[0]


def notes(known):
    return " ".join(known.receipts[-1].notes)


def test_a_complaint_counts_whatever_it_is_called_and_the_receipt_says_so():
    word = "Kundenbeschwerde"
    known = history(word, "question", "question", None)
    assert share(known) == 1 / 4
    assert known["contacts"].kind.to_pandas().fillna("").tolist() == [word, "question", "question", ""]
    assert [each.change for each in known.receipts[-1].assumed if "complaints" in each.what] == [
        f'complaints = ["{word}"]'
    ]
    facets = interactions_at(known, [CUTOFF], ContactKinds())
    assert facets.tone.tolist() == [-1 / 4]


@pytest.mark.parametrize(
    "word",
    ["complaint", "COMPLAINTS", "service_complaint", "Claim", "Beschwerde", "Reklamation", "réclamation", "queja",
     "Reclamación", "klagomål", "Klachten", "reclamo", "Reclamação"],
)  # fmt: skip
def test_a_complaint_is_known_by_its_usual_names_in_eight_languages(word):
    assert is_complaint(word)


@pytest.mark.parametrize("word", ["question", "Reklam", "disclaimer", "no complaint", "Keine Beschwerde", "returns"])
def test_what_only_looks_like_a_complaint_is_none(word):
    assert not is_complaint(word)


def test_complaints_can_be_named_and_then_nothing_else_counts_for_features_and_portfolio():
    known = history("anger", "anger", "complaint", "other", complaints="anger")
    assert share(known) == 2 / 4
    assert interactions_at(known, [CUTOFF], ContactKinds()).tone.tolist() == [-2 / 4]
    assert share(history("complaint", "other", complaints=[])) == 0


def test_a_table_without_any_known_complaint_says_so_until_it_is_said_that_there_is_none():
    assert "no kind is known for a complaint" in notes(history("question", "praise"))
    assert "no kind is known for a complaint" in notes(history("question", "praise", name="tickets"))
    assert "complaint" not in notes(history("question", "praise", complaints=[]))
    assert "complaint" not in notes(history("question", "praise", name="visits"))


def test_a_name_that_no_kind_has_and_one_without_a_column_are_refused():
    with pytest.raises(HistoryError, match=r"named angry, which is no kind.* kinds are: 'anger', 'other'"):
        history("anger", "other", complaints="angry")
    with pytest.raises(HistoryError, match=r"\(anger\), but no column of kinds"):
        events(ORDERS, complaints="anger")


def test_a_model_of_an_earlier_release_gets_the_feature_that_it_was_trained_on():
    known, former = history("Complaint", "question"), contacts.FORMER[0].over(*days(90))
    formulas = {meant.name: meant.formula for meant in definitions(known.tables, (former,))}
    now = SHARE.over(*days(90))
    assert features_at(known, CUTOFF, *as_trained((now,), formulas, known)).contact_complaints_90d.tolist() == [0]
    assert as_trained((now,), {}, known) == (now,)
    plain = history("complaint", "question")
    assert definitions(plain.tables, (SHARE,)) == definitions(plain.tables, (contacts.FORMER[0],))


def test_of_many_kinds_the_word_complaint_alone_is_read_and_others_are_asked_for():
    many = [f"topic {letter}{number}" for letter in "abcdefgh" for number in range(9)]
    known = history("complaint", "Beschwerde", *many)
    assert share(known) == 1 / 74
    assert "complaint" not in notes(known)
    assert "the kinds are more than 60" in notes(history("Beschwerde", *many))
