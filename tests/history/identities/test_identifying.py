"""Identifying: keys that share an e-mail or a phone are one customer; what is doubtful is left apart and reported."""

import pandas as pd
import pytest

from patron.errors import HistoryError
from patron.history.history import History
from patron.history.identities.identifiers import PLACEHOLDER, email, readers
from patron.history.identities.identifying import identify
from patron.history.identities.matching import Matching
from patron.history.sources import attributes, events

SECRET = b"of the tests"
AT = pd.Timestamp("2024-05-01")


def table(keys, **columns) -> pd.DataFrame:
    return pd.DataFrame({"customer": list(keys), "at": AT, **columns})


def identified(frames: dict, match: dict, **rules):
    tables = {name: events(frame) for name, frame in frames.items()}
    return identify(tables, Matching(match, **rules), SECRET)


def groups(result) -> list[list[str]]:
    """The keys of each customer of several, as the history would call them."""
    keys = result.table.table.fillna("").str.cat(result.table.key, sep=":").str.removeprefix(":")
    return sorted(sorted(part) for _, part in keys.groupby(result.table.customer))


def by_mail(keys, mails, **rules):
    return identified({"orders": table(keys, mail=mails)}, {"orders": {"email": "mail"}}, **rules)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        (" Anna@X.fr ", "anna@x.fr"),
        ('"Anna B." <Anna@x.fr>', "anna@x.fr"),
        ("mailto:anna@x.fr", "anna@x.fr"),
        ("anna@x.fr.", "anna@x.fr"),
        ("anna+shop@gmail.com", "anna+shop@gmail.com"),
        ("anna", ""),
        ("anna@x", ""),
        ("a@x.fr, b@x.fr", ""),
        ("INFO@x.fr", PLACEHOLDER),
        ("anna@example.com", PLACEHOLDER),
    ],
)
def test_an_email_has_one_way_of_writing(text, same):
    assert email(text) == same


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("A.n.n.a+shop@googlemail.com", "anna@gmail.com"),
        ("an.na+shop@outlook.com", "an.na@outlook.com"),
        ("an.na+shop@firm.fr", "an.na+shop@firm.fr"),
        ("+@gmail.com", "+@gmail.com"),
    ],
)
def test_tags_and_dots_are_ignored_at_free_providers_where_that_is_asked(text, same):
    assert email(text, "ignore") == same


@pytest.mark.parametrize(
    ("text", "country", "same"),
    [
        ("020 7946 0018", "GB", "+442079460018"),
        ("(0)20-7946-0018", "GB", "+442079460018"),
        ("+44 20 7946 0018", "", "+442079460018"),
        ("020 7946 0018", "", ""),
        ("12", "GB", ""),
        ("not known", "GB", ""),
        ("000000", "GB", ""),
        ("99999999999", "GB", PLACEHOLDER),
    ],
)
def test_a_phone_number_has_one_way_of_writing(text, country, same):
    assert readers(Matching({"orders": {"phone": "tel"}}, country))["phone"](text) == same


def test_keys_that_share_an_email_are_one_customer_with_the_name_of_the_first():
    result = by_mail("badc", ["x@y.fr", "X@Y.fr ", "z@y.fr", None])
    assert result.table[["key", "customer", "probability", "why"]].values.tolist() == [
        ["a", "a", 1.0, "email"],
        ["b", "a", 1.0, "email"],
    ]
    assert (result.keys, result.customers) == (4, 3)


def test_keys_are_linked_through_others_over_tables_and_kinds():
    frames = {
        "orders": table("abc", mail=["x@y.fr", "v@y.fr", "w@y.fr"]),
        "calls": table("mn", mails=["X@y.fr", ""], tel=["020 7946 0018", "+442079460018"]),
    }
    match = {"orders": {"email": "mail"}, "calls": {"email": ["mails"], "phone": "tel"}}
    result = identified(frames, match, country="GB")
    assert groups(result) == [["a", "m", "n"]]
    assert dict(zip(result.table.key, result.table.why, strict=True)) == {"a": "email", "m": "email", "n": "phone"}
    assert set(result.table.customer) == {"a"}


def test_the_customers_key_itself_may_be_the_email():
    frames = {"orders": table(["X@y.fr", "v@y.fr"]), "crm": table("a", mail=["x@Y.fr"])}
    result = identified(frames, {"crm": {"email": "mail"}, "orders": {"email": "customer"}})
    assert groups(result) == [["X@y.fr", "a"]]
    assert set(result.table.customer) == {"a"}


def test_the_history_counts_what_was_identified_and_features_need_no_other_code():
    orders = events(table("aab", mail=["x@y.fr", "x@y.fr", "X@y.fr"]))
    people = attributes(pd.DataFrame({"id": ["a", "b"], "plan": ["small", "small"]}), customer="id")
    result = identify({"orders": orders}, Matching({"orders": {"email": "mail"}}), SECRET)
    read = History.of(identities=result.identities, orders=orders, people=people)
    assert [receipt.customers for receipt in read.receipts] == [1, 1]


def test_where_nobody_is_the_same_the_table_is_empty_and_changes_nothing(tmp_path):
    result = by_mail("ab", ["x@y.fr", "z@y.fr"])
    assert result.table.empty
    orders = events(table("ab"))
    assert History.of(identities=result.identities, orders=orders).receipts[0].customers == 2


def test_the_same_key_of_a_silo_is_somebody_else():
    frames = {
        "orders": table(["17", "18"], mail=["x@y.fr", "z@y.fr"]),
        "tills": table(["17", "19", "20"], mail=["a@y.fr", "z@y.fr", "A@y.fr"]),
    }
    match = {"orders": {"email": "mail"}, "tills": {"email": "mail"}}
    result = identified(frames, match, silos=("tills",))
    assert groups(result) == [["18", "tills:19"], ["tills:17", "tills:20"]]
    read = History.of(identities=result.identities, **{name: events(frame) for name, frame in frames.items()})
    assert sorted(read["tills"].customer.to_pyarrow().to_pylist()) == ["18", "tills:17", "tills:17"]


def test_a_key_of_a_silo_that_came_after_the_table_was_written_is_nobody_elses():
    orders, tills = table(["17", "18"], mail=["x@y.fr", "z@y.fr"]), table(["19"], mail=["z@y.fr"])
    match = {"orders": {"email": "mail"}, "tills": {"email": "mail"}}
    result = identified({"orders": orders, "tills": tills}, match, silos=("tills",))
    later = pd.concat([tills, table(["17"], mail=["new@y.fr"])])
    read = History.of(identities=result.identities, orders=events(orders), tills=events(later))
    assert sorted(read["tills"].customer.to_pyarrow().to_pylist()) == ["18", "tills:17"]


def reported(result) -> dict[str, tuple[int, int]]:
    return {
        f"{line.kind} {line.what}".strip(): (line.count, line.keys)
        for line in result.collisions[result.collisions.pseudonym == ""].itertuples()
    }


def test_an_identifier_of_more_keys_than_a_person_has_links_none_and_is_reported():
    result = by_mail("abcdef", ["x@y.fr"] * 4 + ["z@y.fr"] * 2, most_keys=3)
    assert groups(result) == [["e", "f"]]
    assert reported(result) == {"email identifiers of more keys than a person has, linking none": (1, 4)}
    assert "most_keys = 4" in set(result.collisions.change)


def test_a_key_of_many_people_is_linked_by_none_of_their_emails():
    mails = [f"m{i}@y.fr" for i in range(11)]
    result = by_mail(["house"] * 11 + list("ab"), [*mails, mails[0], mails[1]])
    assert result.table.empty
    assert list(reported(result)) == ["email keys with more identifiers than a person has, not linked by them"]


def test_values_that_are_no_identifiers_are_counted_and_not_used():
    result = by_mail("abcdef", ["info@x.fr", "info@x.fr", "none", "none", "?", ""])
    assert result.table.empty
    assert {key: count for key, (count, _) in reported(result).items()} == {
        "email values that are none, and not used": 2,
        "email values that stand for nobody, and are not used": 1,
    }


def test_phones_without_a_code_are_counted_with_the_line_that_says_the_country():
    frames = {"orders": table("ab", tel=["020 7946 0018", "+44 20 7946 0018"])}
    result = identified(frames, {"orders": {"phone": "tel"}})
    assert result.collisions[["count", "change"]].values.tolist() == [[1, 'country = "GB"']]
    assert groups(identified(frames, {"orders": {"phone": "tel"}}, country="GB")) == [["a", "b"]]


def test_tables_without_any_identifier_merge_nobody():
    result = by_mail("ab", [None, None])
    assert (len(result.table), len(result.collisions), result.customers) == (0, 0, 2)


def test_a_group_joined_by_a_single_phone_number_is_reported_and_one_by_email_is_not():
    tel = ["020 7946 0018", "020 7946 0018", "", ""]
    frames = {"orders": table("abcd", mail=["", "", "x@y.fr", "x@y.fr"], tel=tel)}
    result = identified(frames, {"orders": {"email": "mail", "phone": "tel"}}, country="GB")
    assert groups(result) == [["a", "b"], ["c", "d"]]
    assert reported(result) == {
        "groups of which a part is joined only by one phone number, or by a name with less than 99%": (1, 2)
    }


def test_a_group_larger_than_usual_is_reported():
    pairs = [f"p{i // 2}@y.fr" for i in range(40)]
    result = by_mail([f"k{i:02}" for i in range(45)], [*pairs, *["big@y.fr"] * 5])
    assert reported(result) == {"groups of more than 4 keys, larger than usual": (1, 5)}


NEVER = "groups that would join keys that are never one person, taken apart"


def test_keys_that_are_never_one_person_part_at_the_weakest_link():
    """a and b share an e-mail and a phone, b and c an e-mail only; a and c are never one person."""
    mails, tels = ["x@y.fr", "x@y.fr", "w@y.fr", "w@y.fr"], ["020 7946 0018"] * 2 + [""] * 2
    frames = {"orders": table("abbc", mail=mails, tel=tels)}
    match = {"orders": {"email": "mail", "phone": "tel"}}
    assert groups(identified(frames, match, country="GB")) == [["a", "b", "c"]]
    result = identified(frames, match, country="GB", never=[["a", "c"]])
    assert groups(result) == [["a", "b"]]
    assert reported(result)[NEVER] == (1, 3)


def test_where_no_link_is_weaker_than_another_the_keys_are_left_apart():
    result = by_mail("abbc", ["x@y.fr", "x@y.fr", "w@y.fr", "w@y.fr"], never=[["a", "c"]])
    assert result.table.empty
    assert reported(result)[NEVER] == (1, 3)


def test_rules_come_from_a_file_too_and_one_of_an_unknown_key_is_counted(tmp_path):
    pd.DataFrame({"one": ["a", "a"], "other": ["b", "gone"]}).to_csv(tmp_path / "never.csv", index=False)
    result = by_mail("abc", ["x@y.fr", "x@y.fr", "z@y.fr"], never=tmp_path / "never.csv")
    assert result.table.empty
    assert reported(result)["rules of keys that are never one person, with a key that no table has"] == (1, 0)
    pd.DataFrame({"one": ["a"]}).to_csv(tmp_path / "never.csv", index=False)
    with pytest.raises(HistoryError, match=r"'never.csv' has pairs .* first two columns, but it has: one. Write"):
        by_mail("ab", ["x@y.fr", "x@y.fr"], never=tmp_path / "never.csv")


def test_no_identifier_is_in_the_table_or_the_report_and_pseudonyms_hang_on_the_secret():
    frame = table("abcdef", mail=["anna@y.fr"] * 4 + ["bob@y.fr"] * 2)
    match = Matching({"orders": {"email": "mail"}}, most_keys=3)
    results = [identify({"orders": events(frame)}, match, secret) for secret in (b"one", b"two")]
    texts = [f"{result.table.to_csv()} {result.collisions.to_csv()}" for result in results]
    assert all("@" not in text and "anna" not in text for text in texts)
    assert results[0].table.equals(results[1].table)
    named = [set(result.collisions.pseudonym) - {""} for result in results]
    assert len(named[0]) == len(named[1]) == 1 and named[0] != named[1]


def test_the_order_of_rows_changes_nothing():
    frame = table("abcdef", mail=["x@y.fr", "z@y.fr", "x@y.fr", "w@y.fr", "z@y.fr", "x@y.fr"])
    results = [identified({"orders": f}, {"orders": {"email": "mail"}}) for f in (frame, frame[::-1])]
    assert results[0].table.equals(results[1].table)


REFUSED = {
    "a kind that is not known": (
        {"orders": {"emial": "mail"}},
        {},
        r"no kind of identifier 'emial'. Did you mean 'email'",
    ),
    "no kind": ({"orders": {}}, {}, r"No column identifies a person.* \[identity.match.orders\] email = \"Email\""),
    "a country": ({"orders": {"email": "mail"}}, {"country": "uk"}, r"two capital letters, got 'uk'. Write country"),
    "tags": ({"orders": {"email": "mail"}}, {"plus_tags": "drop"}, r"got 'drop'. Write plus_tags = \"ignore\""),
    "most keys": ({"orders": {"email": "mail"}}, {"most_keys": 1}, r"from 2 to 100, got 1. Write most_keys = 5"),
    "a rule of one key": ({"orders": {"email": "mail"}}, {"never": [["a"]]}, r"in pairs, got 1 keys. Write never"),
    "a rule that is a text": ({"orders": {"email": "mail"}}, {"never": ["ab"]}, r"in pairs, got a str"),
    "a rule of the same key": (
        {"orders": {"email": "mail"}},
        {"never": [["a", "a "]]},
        r"1 pairs .* the same key twice",
    ),
    "a table": ({"ordrs": {"email": "mail"}}, {}, r"no table 'ordrs' .* Did you mean 'orders'"),
    "a silo": ({"orders": {"email": "mail"}}, {"silos": ("tills",)}, r"no table 'tills' .* There are: orders"),
    "a column": (
        {"orders": {"email": "mial"}},
        {},
        r"no column 'mial' .* Did you mean 'mail'. It has: at, customer, mail",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_matched_by_is_refused_with_the_line_that_mends_it(case):
    match, rules, message = REFUSED[case]
    with pytest.raises(HistoryError, match=message):
        identified({"orders": table("ab", mail=["x@y.fr", "z@y.fr"])}, match, **rules)


def test_a_shared_key_written_like_that_of_a_silo_is_refused():
    frames = {"orders": table(["tills:1"], mail=["x@y.fr"]), "tills": table(["1"], mail=["x@y.fr"])}
    with pytest.raises(HistoryError, match=r"1 keys that tables share are written like keys of the silos tills"):
        identified(frames, {name: {"email": "mail"} for name in frames}, silos=("tills",))


def test_phones_without_their_library_are_refused_with_how_to_install_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "phonenumbers", None)
    with pytest.raises(
        HistoryError, match=r"phonenumbers, which is not installed. .* pip install 'patron\[identity\]'"
    ):
        identified({"orders": table("a", tel="1")}, {"orders": {"phone": "tel"}})
