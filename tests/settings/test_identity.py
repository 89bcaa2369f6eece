"""The section of the identity table: read with the history, and refused with its own name."""

import pandas as pd
import pytest

from patron.errors import HistoryError, SettingsError
from patron.settings import Identity, Settings, describe, load

TEXT = """\
name = "shop"
[tables.orders]
path = "orders.csv"
customer = "client"
at = "when"
[identity]
path = "who.csv"
key = "silo key"
[questions]
churn = { horizon = 30 }
[cutoffs]
train = "2024-01-01"
valid = "2024-03-01"
test = "2024-05-01"
"""
ORDERS = pd.DataFrame({"client": ["a", "b", "c"], "when": ["2024-01-01", "2024-01-02", "2024-01-03"]})
WHO = pd.DataFrame({"silo key": ["b"], "customer": ["a"]})


@pytest.fixture
def folder(tmp_path):
    ORDERS.to_csv(tmp_path / "orders.csv", index=False)
    WHO.to_csv(tmp_path / "who.csv", index=False)
    return tmp_path


def loaded(folder, text: str = TEXT) -> Settings:
    (folder / "shop.toml").write_text(text)
    return load(folder / "shop.toml")


def test_the_identity_table_is_read_with_the_history(folder):
    settings = loaded(folder)
    assert settings.identity == Identity(folder / "who.csv", key="silo key")
    assert settings.history().receipts[0].customers == 2
    assert loaded(folder, TEXT.replace('[identity]\npath = "who.csv"\nkey = "silo key"\n', "")).identity is None


def test_an_identity_table_that_cannot_be_read_is_refused_by_its_section(folder):
    WHO.rename(columns={"silo key": "key"}).to_csv(folder / "who.csv", index=False)
    with pytest.raises(HistoryError, match=r"The identity table \(\[identity\]\): .* lacks the column 'silo key'"):
        loaded(folder).history()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('path = "who.csv"\n', "", "[identity] lacks 'path'"),
        ('who.csv"', 'who.xlsx"\ncountry = "GB"', "identify writes Parquet or CSV, and [identity] path is 'who.xlsx'"),
        ("key = ", 'country = "uk"\nkey = ', "country must be a country's code of two capital letters, got text 'uk'"),
        (
            "key = ",
            'never = [["a"]]\nmatch.orders.email = "client"\nkey = ',
            "Keys that are never one person are given in pairs, got 1 keys",
        ),
        ("key = ", 'country = "GB"\nkey = ', "[identity] is not possible. No column identifies a person"),
        ("[questions]", '[identity.match.orders]\nemial = "mail"\n[questions]', "no key 'emial'. Did you mean 'email'"),
        (
            "[identity]",
            '[tables.identities]\npath = "a.csv"\n[identity]',
            "[tables.identities] has the name of the identity",
        ),
        ("key = ", "kez = ", "[identity] has no key 'kez'. Did you mean 'key'?"),
        ('key = "silo key"', "largest = 0", "[identity] largest must be a whole number, 1 or more, got number 0"),
    ],
)
def test_a_mistake_in_the_section_is_refused_with_its_key(folder, old, new, words):
    with pytest.raises(SettingsError) as refused:
        loaded(folder, TEXT.replace(old, new))
    assert words in str(refused.value)


def test_the_log_has_the_name_of_the_table_and_no_key(folder):
    plain = describe(loaded(folder))
    assert (plain["identity.path"], plain["identity.key"]) == ("who.csv", "silo key")
