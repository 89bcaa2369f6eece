"""The verb identify: it writes the table that the next verbs read, and no e-mail or phone anywhere."""

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from patron import cli
from patron.errors import HistoryError, SettingsError
from patron.settings import load
from worlds.command_line import patron

TEXT = """
name = "shop"
[tables.orders]
path = "orders.csv"
customer = "id"
at = "ts"
[attributes.people]
path = "people.csv"
customer = "id"
leave_out = ["mail"]
[questions]
churn = { horizon = 30 }
[cutoffs]
train = "2024-01-02"
valid = "2024-03-01"
test = "2024-05-01"
[identity]
path = "identities.parquet"
country = "GB"
never = [["k5", "k6"]]
[identity.match.people]
email = "mail"
[identity.match.orders]
phone = "tel"
"""
DAYS = ["2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01", "2024-05-01", "2024-06-01"]
TELS = ["02079460018", "", "020 7946 0018", "", "", ""]
ORDERS = pd.DataFrame({"id": [f"k{i}" for i in range(1, 7)], "ts": DAYS, "tel": TELS})
MAILS = ["anna@y.fr", "Anna@y.fr", "cara@y.fr", "dan@y.fr", "eve@y.fr", "eve@y.fr"]
PEOPLE = pd.DataFrame({"id": ORDERS.id, "plan": ["small", "large"] * 3, "mail": MAILS})


@pytest.fixture
def file(tmp_path):
    ORDERS.to_csv(tmp_path / "orders.csv", index=False)
    PEOPLE.to_csv(tmp_path / "people.csv", index=False)
    (tmp_path / "shop.toml").write_text(TEXT)
    return tmp_path / "shop.toml"


def test_the_table_is_written_and_read_and_names_no_identifier(file):
    ended = CliRunner().invoke(cli.app, ["identify", str(file)])
    assert ended.exit_code == 0, ended.output
    table = pd.read_parquet(file.parent / "identities.parquet")
    assert table[["key", "customer"]].values.tolist() == [["k1", "k1"], ["k2", "k1"], ["k3", "k1"]]
    assert "6 keys are 4 customers: 3 keys are 1 of them" in ended.output
    assert "look at   1 groups that would join keys that are never one person, taken apart" in ended.output
    history = load(file).history()
    assert [receipt.customers for receipt in history.receipts] == [4, 4]
    written = [path for path in file.parent.rglob("*") if path.suffix not in (".toml", ".key", "") and path.is_file()]
    texts = [path.read_bytes().lower() for path in written if path.name not in ("orders.csv", "people.csv")]
    assert len(texts) >= 2
    for secret in ("anna@", "7946", "k5@", "eve@"):
        assert secret not in ended.output
        assert not any(secret.encode() in text for text in texts)


def test_machines_are_told_counts_and_files(file):
    ended = patron("identify", file, "--json")
    told = json.loads(ended.stdout)
    assert (told["keys"], told["customers"], told["merged_keys"], told["merged_customers"]) == (6, 4, 3, 1)
    assert [path.rpartition("/")[2] for path in told["files"]] == ["identities.parquet", "identity_collisions.csv"]


def test_before_it_ran_other_verbs_are_refused_with_the_command(file):
    with pytest.raises(HistoryError, match=r"no file 'identities.parquet' yet. .* patron identify SETTINGS"):
        load(file).history()


def test_settings_that_match_nothing_are_refused_with_what_to_add(file):
    from patron.jobs import Job, identify

    file.write_text(TEXT[: TEXT.index("[identity]")])
    with pytest.raises(SettingsError, match=r"by what keys are matched. Add for example:\n\[identity\]\npath"):
        identify(Job(load(file), pd.Timestamp("2024-07-01", tz="UTC")))
    file.write_text(TEXT[: TEXT.index("[identity.match.people]")])
    with pytest.raises(SettingsError, match=r"\[identity\].*No column identifies a person"):
        load(file)


def test_a_table_that_somebody_else_wrote_is_not_replaced_and_its_own_is(file):
    own = file.parent / "identities.parquet"
    pd.DataFrame({"key": ["k2"], "customer": ["k1"]}).to_parquet(own)
    ended = CliRunner().invoke(cli.app, ["identify", str(file)])
    assert isinstance(ended.exception, SettingsError)
    assert "'identities.parquet' was not written by patron identify" in str(ended.exception)
    assert len(pd.read_parquet(own)) == 1
    own.unlink()
    exits = [CliRunner().invoke(cli.app, ["identify", str(file)]).exit_code for _ in range(2)]
    assert exits == [0, 0]


def test_the_log_has_no_key_that_a_rule_names(file):
    from patron.settings import describe

    plain = describe(load(file))
    assert plain["identity.matching.never"] == 1
    assert plain["identity.matching.match.people.email"] == "mail"
