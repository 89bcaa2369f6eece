"""What a settings file means, and what each mistake in one is told."""

import json
import re
from dataclasses import fields, replace
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as law
from hypothesis import strategies as st

from patron.decisions import Offer, Rules
from patron.engines.spark import Spark
from patron.errors import HistoryError, QuestionError, SettingsError
from patron.explanations.tested_levers import TestedLever
from patron.features import purchases
from patron.history.attribute_tables import ABOUT
from patron.history.event_tables import ROLES
from patron.history.identities.matching import Matching
from patron.history.joins import Join
from patron.history.tolerance import Tolerance
from patron.periods import Split
from patron.questions.kinds import Tier, churn, next_purchase, tier
from patron.questions.profit import CostModel
from patron.settings import Attributes, Identity, Settings, Table, describe, load, template
from patron.settings.keys import KNOWN

TEXT = """\
name = "grocer"
[tables.orders]
path = "events.parquet"
customer = "customer_id"
at = "ts"
amount = "paid"
returns = { event_type = "return" }
where = { line_kind = ["product"] }
[questions]
active_in = 365
churn = { horizon = 90 }
next_purchase = { horizon = 90, within = [30] }
tier = { horizon = 90, tiers = { platinum = 0.05, gold = 0.20 } }
[costs]
margin_rate = 0.35
cost_per_order = 3.0
[cutoffs]
train = ["2010-06-16", "2010-09-14"]
valid = "2011-06-11"
test = ["2011-09-09"]
score = "2011-12-10"
[decisions]
budget = 2000
holdout = 0.2
value = 30.0
[offers.voucher]
contact_cost = 0.5
incentive_cost = 10.0
accepted = 0.4
effect = 0.1
"""


def loaded(folder: Path, text: str) -> Settings:
    file = folder / "settings.toml"
    file.write_text(text, encoding="utf-8")
    return load(file)


def refused(folder: Path, old: str, new: str) -> str:
    assert TEXT.count(old) == 1
    with pytest.raises(SettingsError) as caught:
        loaded(folder, TEXT.replace(old, new))
    return str(caught.value)


def test_spans_of_months_and_rows_of_cutoffs_are_read(tmp_path):
    row = 'train = { first = "2010-03-31", last = "2010-05-31", every = "1 month" }'
    text = TEXT.replace("active_in = 365", 'active_in = "1 year"').replace(
        "churn = { horizon = 90", 'churn = { horizon = "1 quarter"'
    )
    text = text.replace('train = ["2010-06-16", "2010-09-14"]', row).replace(
        'valid = "2011-06-11"', 'valid = "2011-06-09"'
    )
    settings = loaded(tmp_path, text)
    assert settings.question("churn") == churn("3 months", active_in="12 months")
    assert [f"{cutoff:%m-%d}" for cutoff in settings.split.train] == ["03-31", "04-30", "05-31"]
    assert describe(settings)["questions.churn.horizon"] == "3mo"
    with pytest.raises(SettingsError, match=re.escape("[cutoffs.train] lacks 'every'")):
        loaded(tmp_path, text.replace(', every = "1 month"', ""))
    with pytest.raises(
        SettingsError, match=re.escape('horizon must be a whole number of days, 1 to 36500, or months such as "3')
    ):
        loaded(tmp_path, text.replace("1 quarter", "1 lustrum"))


def test_a_file_says_the_same_as_python(tmp_path):
    costs = CostModel(margin_rate=0.35, cost_per_order=3.0)
    assert loaded(tmp_path, TEXT) == Settings(
        name="grocer",
        tables={
            "orders": Table(
                path=tmp_path / "events.parquet",
                roles={"customer": "customer_id", "at": "ts", "amount": "paid"},
                where={"line_kind": ["product"]},
                returns={"event_type": "return"},
            )
        },
        questions=(
            churn(horizon=90, active_in=365),
            next_purchase(horizon=90, within=(30,), active_in=365),
            tier(horizon=90, costs=costs, tiers={"platinum": 0.05, "gold": 0.20}, active_in=365),
        ),
        split=Split.of(["2010-06-16", "2010-09-14"], ["2011-06-11"], ["2011-09-09"]),
        root=tmp_path,
        out=tmp_path / "patron-out" / "grocer",
        score_at=datetime(2011, 12, 10),
        offers=(Offer(name="voucher", contact_cost=0.5, incentive_cost=10.0, accepted=0.4, effect=0.1),),
        budget=2000.0,
        holdout=0.2,
        value=30.0,
        seed=0,
        top_reasons=3,
    )


def test_what_is_left_out_has_the_default_of_python(tmp_path):
    settings = loaded(tmp_path, TEXT[: TEXT.index("[decisions]")].replace('score = "2011-12-10"\n', ""))
    bare = Settings("grocer", settings.tables, settings.questions, settings.split, settings.root, settings.out)
    assert settings == bare


def test_toml_dates_mean_the_same_as_texts(tmp_path):
    dated = TEXT.replace('"2011-09-09"', "2011-09-09").replace('"2011-12-10"', "2011-12-10T00:00:00")
    assert loaded(tmp_path, dated) == loaded(tmp_path, TEXT)


def test_dotted_keys_mean_the_same_as_sections(tmp_path):
    costs = "[costs]\nmargin_rate = 0.35\ncost_per_order = 3.0\n"
    dotted = "costs.margin_rate = 0.35\ncosts.cost_per_order = 3.0\n" + TEXT.replace(costs, "")
    assert loaded(tmp_path, dotted) == loaded(tmp_path, TEXT)


def test_every_setting_of_a_tier_can_be_said(tmp_path):
    new = 'tier = { horizon = 90, tiers = { top = 0.1 }, thresholds = [9], rest = "mid", unprofitable = "low" }'
    text = TEXT.replace("tier = { horizon = 90, tiers = { platinum = 0.05, gold = 0.20 } }", new)
    asked = loaded(tmp_path, text).question("tier")
    assert isinstance(asked, Tier)
    assert (asked.names, asked.thresholds) == (("low", "mid", "top"), (9,))


def test_repeated_rows_are_set_aside_where_the_file_says_so(tmp_path):
    made = loaded(tmp_path, TEXT.replace('amount = "paid"', 'duplicates = "drop"'))
    assert made.tables["orders"].duplicates == "drop"


def test_events_of_other_tables_can_cost_money(tmp_path):
    asked = loaded(tmp_path, TEXT.replace("[cutoffs]", "cost_per_event = { tickets = 4.0 }\n[cutoffs]")).question(
        "tier"
    )
    assert isinstance(asked, Tier)
    assert asked.costs.cost_per_event == {"tickets": 4.0}


def test_places_are_seen_from_the_folder_of_the_file(tmp_path):
    settings = loaded(tmp_path, 'root = ".."\nout = "results"\n' + TEXT)
    assert (settings.root, settings.out) == (tmp_path / "..", tmp_path / "results")


def test_the_top_of_the_file_sets_chance_reasons_and_currency(tmp_path):
    settings = loaded(tmp_path, 'seed = 7\ntop_reasons = 2\ncurrency = "£"\n' + TEXT)
    assert (settings.seed, settings.top_reasons, settings.currency) == (7, 2, "£")


def test_a_lever_is_words_or_words_with_what_its_trial_showed(tmp_path):
    tested = '[levers.calls]\nwords = "a call"\ntested = { effect = -0.04, source = "May" }\n'
    settings = loaded(tmp_path, f'{TEXT}[levers]\ntickets = "answered"\n{tested}[drivers]\nrefits = 4\n')
    assert settings.levers == {"tickets": "answered", "calls": TestedLever("a call", -0.04, "May")}
    assert (settings.refits, loaded(tmp_path, TEXT).refits) == (4, None)


def test_keys_are_those_of_the_values_they_become():
    assert set(KNOWN["offers.*"]) == {field.name for field in fields(Offer)} - {"name"}
    assert set(KNOWN["costs"]) == {field.name for field in fields(CostModel)}
    assert set(KNOWN["tables.*"]) == {field.name for field in fields(Table)} - {"roles"} | set(ROLES)
    assert set(KNOWN["attributes.*"]) == {field.name for field in fields(Attributes)} - {"roles"} | set(ABOUT)
    own = {field.name for field in (*fields(Identity), *fields(Matching))} - {"matching"}
    assert set(KNOWN["identity"]) == own


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("test =", "tset =", 20, "[cutoffs] has no key 'tset'. Did you mean 'test'? It knows: score, test, "),
        ("[costs]", "[cost]", 14, "The file has no key 'cost'. Did you mean 'costs'? It knows: attributes, channels"),
        ("amount =", "amuont =", 6, "[tables.orders] has no key 'amuont'. Did you mean 'amount'? It knows: "),
        ("churn =", "chrun =", 11, "[questions] has no key 'chrun'. Did you mean 'churn'? It knows: active_in"),
        ("churn = { hor", "churn = { h", 11, "[questions.churn] has no key 'hizon'. Did you mean 'horizon'? It"),
        ("within =", "in =", 12, "[questions.next_purchase] has no key 'in'."),
        ("tiers =", "tires =", 13, "[questions.tier] has no key 'tires'. Did you mean 'tiers'? It knows: hori"),
        ("margin_rate", "margin", 15, "[costs] has no key 'margin'. Did you mean 'margin_rate'? It knows: cost_"),
        ("holdout", "hold", 24, "[decisions] has no key 'hold'. Did you mean 'holdout'? It knows: budget, cont"),
        ("accepted", "acepted", 29, "[offers.voucher] has no key 'acepted'. Did you mean 'accepted'? It knows"),
        ("budget = 2000", "seed = 1", 23, "[decisions] has no key 'seed'. Write seed at the top of the file, ab"),
    ],
)
def test_an_unknown_key_is_told_with_its_line_and_the_nearest(tmp_path, old, new, line, told):
    assert refused(tmp_path, old, new).startswith(f"settings.toml, line {line}: {told}")


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        (
            '"grocer"',
            '"a/b"',
            1,
            "name must be a name of up to 60 letters, digits, spaces, _ and -, got text 'a/b'. Write for example "
            'name = "grocer"',
        ),
        (
            '"events.parquet"',
            "3",
            3,
            '[tables.orders] path must be a path, got number 3. Write for example path = "orders.parquet"',
        ),
        (
            '"paid"',
            '["paid"]',
            6,
            "[tables.orders] amount must be the name of a column, got list ['paid']. Write for example "
            'amount = "the column"',
        ),
        (
            '{ event_type = "return" }',
            '"return"',
            7,
            "[tables.orders] returns must be columns with their values, got text 'return'. Write for "
            'example returns = { event_type = ["return"] }',
        ),
        (
            '["product"]',
            "{ a = 1 }",
            8,
            "[tables.orders] where must be columns with their values, got section {'line_kind': {'a': "
            '1}}. Write for example where = { event_type = ["return"] }',
        ),
        (
            'amount = "paid"',
            'duplicates = "first"',
            6,
            '[tables.orders] duplicates must be "keep" or "drop", got text \'first\'. Write for example '
            'duplicates = "drop"',
        ),
        (
            'amount = "paid"',
            'timezone = "Berlin"',
            6,
            "[tables.orders] timezone must be the name of a time zone, got text 'Berlin'. Write for "
            'example timezone = "Europe/Berlin"',
        ),
        (
            "365",
            "365.5",
            10,
            '[questions] active_in must be a whole number of days, 1 to 36500, or months such as "3 months", got '
            "number 365.5. Write for example active_in = 90",
        ),
        (
            "churn = { horizon = 90 }",
            "churn = 90",
            11,
            "[questions] churn must be a section (a question), got number 90. Write for example churn = "
            "{ horizon = 90 }",
        ),
        (
            "[30]",
            "30",
            12,
            '[questions.next_purchase] within must be a list of whole days, or of months such as "1 month", got '
            "number 30. Write for example within = [30]",
        ),
        (
            "platinum = 0.05",
            "platinum = true",
            13,
            "[questions.tier.tiers] platinum must be a number, got truth value True. Write for example platinum = 0.35",
        ),
        (
            "tiers =",
            'thresholds = ["9"], tiers =',
            13,
            "[questions.tier] thresholds must be a list of numbers, got list ['9']. Write for example "
            "thresholds = [50.0, 10.0]",
        ),
        (
            "0.35",
            '"35 %"',
            15,
            "[costs] margin_rate must be a number, got text '35 %'. Write for example margin_rate = 0.35",
        ),
        (
            '"2011-06-11"',
            "11:30:00",
            19,
            "[cutoffs] valid must be a date before 3000 without time zone, or a list of such, got time "
            '11:30:00. Write for example valid = ["2011-09-09"]',
        ),
        (
            '"2011-12-10"',
            '"soon"',
            21,
            "[cutoffs] score must be a date before 3000 without time zone, got text 'soon'. Write for "
            'example score = "2011-09-09"',
        ),
        (
            '"2011-12-10"',
            "2011-12-10T00:00:00Z",
            21,
            "[cutoffs] score must be a date before 3000 without time zone, got date 2011-12-10 "
            '00:00:00+00:00. Write for example score = "2011-09-09"',
        ),
        (
            "2011-06-11",
            "3000-01-01",
            19,
            "[cutoffs] valid must be a date before 3000 without time zone, or a list of such, got text "
            "'3000-01-01'. Write for example valid = [\"2011-09-09\"]",
        ),
        (
            "2000",
            "-1",
            23,
            "[decisions] budget must be an amount of money, 0 or more, got number -1. Write for example "
            "budget = 2000.0",
        ),
        (
            "0.2\n",
            "nan\n",
            24,
            "[decisions] holdout must be a share from 0 to 0.5, got number nan. Write for example holdout = 0.1",
        ),
        (
            "contact_cost = 0.5",
            'words = " "',
            27,
            "[offers.voucher] words must be a text in quotes, got text ' '. Write for example words = \"...\"",
        ),
        (
            'name = "grocer"',
            'name = "a"\nseed = -1',
            2,
            "seed must be a whole number, 0 or more, got number -1. Write for example seed = 0",
        ),
        (
            'name = "grocer"',
            'name = "a"\ntop_reasons = 0',
            2,
            "top_reasons must be a whole number, 1 or more, got number 0. Write for example top_reasons = 3",
        ),
        (
            "[offers.voucher]",
            "[registry]\napproval = 3\n[offers.voucher]",
            27,
            "[registry] approval must be 1 or 2 (persons), got number 3. Write for example approval = 2",
        ),
        (
            "[offers.voucher]",
            "[levers]\ntickets = 3\n[offers.voucher]",
            27,
            '[levers] tickets must be words for what is done, got number 3. Write for example tickets = "complaints '
            'answered"',
        ),
        (
            "[offers.voucher]",
            '[levers.tickets]\nwords = "answered"\ntested = { effect = "less", source = "May" }\n[offers.voucher]',
            28,
            "[levers.tickets.tested] effect must be a number, got text 'less'. Write for example effect = 0.35",
        ),
        (
            "[offers.voucher]",
            "[drivers]\nrefits = 0\n[offers.voucher]",
            27,
            "[drivers] refits must be a whole number, 1 or more, got number 0. Write for example refits = 3",
        ),
        (
            "[offers.voucher]",
            '[offers."a.b"]',
            26,
            "[offers] has the name 'a.b'. Write a name of up to 60 letters, digits, spaces, _ and -.",
        ),
    ],
)
def test_a_wrong_value_is_told_with_its_line_and_a_right_one(tmp_path, old, new, line, told):
    assert refused(tmp_path, old, new) == f"settings.toml, line {line}: {told}"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            'name = "grocer"\n',
            "",
            ": The file lacks 'name': a name of up to 60 letters, digits, spaces, _ and -. It has: costs, "
            'cutoffs, decisions, offers, questions, tables. Write for example name = "grocer"',
        ),
        (
            'path = "events.parquet"\n',
            "",
            ", line 2: [tables.orders] lacks 'path': a path. It has: amount, at, customer, returns, "
            'where. Write for example path = "orders.parquet"',
        ),
        (
            "churn = { horizon = 90 }",
            "churn = {}",
            ", line 11: [questions.churn] lacks 'horizon': a whole number of days, 1 to 36500, or months such as "
            '"3 months". It has: '
            "none. Write for example horizon = 90",
        ),
        (
            'test = ["2011-09-09"]\n',
            "",
            ", line 17: [cutoffs] lacks 'test': a date before 3000 without time zone, or a list of such. "
            'It has: score, train, valid. Write for example test = ["2011-09-09"]',
        ),
        (
            "effect = 0.1\n",
            "",
            ', line 26: [offers.voucher] lacks \'effect\': a share from 0 to 1, "usual" or "learned". It has: '
            "accepted, contact_cost, incentive_cost. Write for example effect = 0.1",
        ),
        (
            "[tables.orders]",
            "[tables.visits]",
            ", line 2: [tables] needs 'orders' (or 'lines'), which every question looks at. It has: "
            'visits. Write for example:\n[tables.orders]\npath = "orders.parquet"\ncustomer = '
            '"customer_id"\nat = "ts"',
        ),
        (
            "budget = 2000\n",
            "",
            ", line 25: [offers] need a budget, and what a kept customer is worth: a value, or the "
            "question tier. [decisions] has: holdout, value; [questions] asks: churn, next_purchase, "
            "tier. Write for example:\n[decisions]\nbudget = 2000.0\nvalue = 30.0",
        ),
        (
            "churn = { horizon = 90 }\n",
            "",
            ", line 25: [offers] keep customers from leaving, so churn must be asked. [questions] asks: "
            "next_purchase, tier. Write for example:\n[questions]\nchurn = { horizon = 90 }",
        ),
    ],
)
def test_what_is_missing_is_told_with_its_section_and_a_line_to_paste(tmp_path, old, new, told):
    assert refused(tmp_path, old, new) == f"settings.toml{told}"


@pytest.mark.parametrize("section", ["tables", "questions", "cutoffs"])
def test_a_missing_section_is_told_with_how_to_write_it(tmp_path, section):
    kept = [part for part in re.split(r"(?m)^(?=\[)", TEXT) if not part.startswith(f"[{section}")]
    with pytest.raises(SettingsError, match=rf"(?s)The file lacks '{section}': a section .*\n\[{section}"):
        loaded(tmp_path, "".join(kept))


def test_at_least_one_question_is_asked(tmp_path):
    asked = TEXT[TEXT.index("churn =") : TEXT.index("[costs]")]
    assert refused(tmp_path, asked, "") == (
        "settings.toml, line 9: [questions] asks nothing. Write for example:\n[questions]\nchurn = { horizon = 90 }"
    )


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "within = [30]",
            "within = [99]",
            "line 12: [questions.next_purchase] is not possible. Next purchase is asked within (99,) "
            "days, but its horizon is 90d.",
        ),
        ("gold = 0.20", "gold = 0.95", "line 13: [questions.tier] is not possible. The shares of the tiers must"),
        ("0.35", "35", "line 14: [costs] is not possible. The margin rate is a share above 0 and up to 1, got 35."),
        ("2010-09-14", "2010-06-16", "line 17: [cutoffs] is not possible. The train cutoff 2010-06-16 stands twice."),
        ('["2011-09-09"]', "[]", "line 17: [cutoffs] is not possible. The split has no test cutoff."),
        (
            "2011-06-11",
            "2011-06-12",
            "line 17: [cutoffs] is not possible. Labels of the valid cutoff 2011-06-12 end 2011-09-10, "
            "after the test cutoff 2011-09-09 begins",
        ),
        ("effect = 0.1", "effect = 10", "line 26: [offers.voucher] is not possible. "),
    ],
)
def test_a_value_that_the_code_below_refuses_is_told_with_its_section(tmp_path, old, new, told):
    assert refused(tmp_path, old, new).startswith(f"settings.toml, {told}")


@pytest.mark.parametrize(
    ("old", "new", "line", "got"),
    [
        ('name = "grocer"', "name grocer", 1, "name grocer"),
        ("margin_rate = 0.35", "margin_rate = 35 %", 15, "margin_rate = 35 %"),
        ("cost_per_order = 3.0", "margin_rate = 0.4", 16, "margin_rate = 0.4"),
        ("effect = 0.1", "effect = [0.1", 30, "effect = [0.1"),
    ],
)
def test_what_is_no_toml_is_told_with_its_line(tmp_path, old, new, line, got):
    told = refused(tmp_path, old, new)
    assert told.startswith(f"settings.toml, line {line}: this is no TOML (")
    assert f"), got: {got}. Write keys as key = value" in told


def test_a_key_after_a_list_of_several_lines_is_told_with_its_own_line(tmp_path):
    several = 'train = [\n  "2010-06-16", # [costs]\n  "2010-09-14",\n]\n\n# next\nvald = "2011-06-11"'
    told = refused(tmp_path, 'train = ["2010-06-16", "2010-09-14"]\nvalid = "2011-06-11"', several)
    assert told.startswith("settings.toml, line 24: [cutoffs] has no key 'vald'. Did you mean 'valid'?")


@law(deadline=None)
@given(blank=st.integers(0, 20), before=st.integers(0, 29))
def test_the_line_moves_with_what_stands_above_it(tmp_path_factory, blank, before):
    lines = TEXT.replace("effect =", "efect =").splitlines()
    text = "\n".join([*lines[:before], *["# more"] * blank, *lines[before:]])
    with pytest.raises(SettingsError, match=f"settings.toml, line {30 + blank}: .* has no key 'efect'"):
        loaded(tmp_path_factory.mktemp("moved"), text)


@law(deadline=None)
@given(at=st.integers(0, len(TEXT)), gone=st.integers(0, 30), typed=st.text(st.characters(codec="utf-8"), max_size=3))
def test_no_slip_of_the_keyboard_raises_anything_but_a_settings_error(tmp_path_factory, at, gone, typed):
    try:
        loaded(tmp_path_factory.mktemp("slip"), TEXT[:at] + typed + TEXT[at + gone :])
    except SettingsError as error:
        assert str(error).startswith("settings.toml")


def test_a_file_that_is_not_there_is_told_with_those_that_are(tmp_path):
    loaded(tmp_path, TEXT)
    with pytest.raises(SettingsError, match=r"no settings file '.*sets\.toml'.*in its folder: settings\.toml\."):
        load(tmp_path / "sets.toml")


def test_a_file_that_is_no_text_is_told_so(tmp_path):
    (tmp_path / "settings.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match=r"cannot be read: it is no UTF-8 text. Give the path of a TOML"):
        load(tmp_path / "settings.toml")
    with pytest.raises(SettingsError, match=r"cannot be read: it is a folder, a pipe or a device. Give a TOML"):
        load(tmp_path)


def test_a_file_saved_by_a_windows_editor_is_read(tmp_path):
    (tmp_path / "settings.toml").write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    assert load(tmp_path / "settings.toml") == loaded(tmp_path, TEXT)


def test_the_template_asks_all_three_questions(tmp_path):
    settings = loaded(tmp_path, template())
    assert [question.name for question in settings.questions] == ["churn", "next_purchase", "tier"]
    assert settings.offers[0].effect == 0.1


def test_every_line_of_the_template_that_is_turned_off_can_be_turned_on(tmp_path):
    settings = loaded(tmp_path, re.sub(r"(?m)^# (?=\w+ = |\[)", "", template()))
    assert settings.tables["orders"].where == {"line_kind": ["product"]}
    assert settings.attributes["customers"].leave_out == ("status",)
    assert settings.identity is not None and settings.identity.largest == 50
    assert settings.identity.matching.match == {
        "orders": {"email": "Email", "phone": ["Phone", "Mobile"], "name": "Name", "postcode": "Postcode"}
    }
    assert (settings.score_at, settings.value) == (datetime(2024, 9, 1), 30.0)
    assert settings.spark == Spark("local[4]", {"spark.executor.memory": "4g", "spark.sql.shuffle.partitions": 64})


PEOPLE = (
    '[attributes.customers]\npath = "people.csv"\ncustomer = "id"\nat = "since"\nleave_out = ["status"]\n[questions]\n'
)


def test_attributes_are_read_from_a_section_of_their_own(tmp_path):
    (tmp_path / "people.csv").write_text("id,since,plan,status\n1,2024-01-01,small,gone\n")
    told = loaded(tmp_path, TEXT.replace("[questions]\n", PEOPLE)).attributes["customers"]
    assert told == Attributes(tmp_path / "people.csv", {"customer": "id", "at": "since"}, leave_out=("status",))
    assert told.open().attributes == ("plan",)


@pytest.mark.parametrize(
    ("new", "told"),
    [
        (PEOPLE.replace("at =", "amount ="), "[attributes.customers] has no key 'amount'"),
        (PEOPLE.replace('["status"]', '"status"'), "[attributes.customers] leave_out must be a list of columns"),
        (PEOPLE.replace('path = "people.csv"\n', ""), "[attributes.customers] lacks 'path'"),
        (PEOPLE.replace("attributes.customers", "attributes.orders"), "[attributes.orders] has the name of an event"),
    ],
)
def test_attributes_that_cannot_be_read_are_told_with_their_section(tmp_path, new, told):
    assert told in refused(tmp_path, "[questions]\n", new)


def test_a_missing_file_of_attributes_is_told_with_its_section(tmp_path):
    table = Attributes(tmp_path / "none.csv", {"customer": "id"})
    settings = replace(loaded(tmp_path, TEXT), tables={}, attributes={"people": table})
    with pytest.raises(HistoryError, match=r"Attribute table 'people' \(\[attributes.people\]\): There is no file"):
        settings.history()


def test_a_question_that_is_not_asked_is_told_with_those_that_are(tmp_path):
    settings = loaded(tmp_path, TEXT)
    assert settings.question("churn") == churn(horizon=90, active_in=365)
    with pytest.raises(QuestionError, match=r"ask no question 'teir'\. Did you mean 'tier'. They ask: churn, next"):
        settings.question("teir")


def test_the_history_has_the_rows_that_the_file_declares(tmp_path):
    kinds = ["purchase", "purchase", "return"]
    rows = {"customer_id": ["a", "b", "a"], "ts": ["2011-01-01"] * 3, "paid": [9.0, 5.0, 9.0], "event_type": kinds}
    pd.DataFrame({**rows, "line_kind": ["product", "postage", "product"]}).to_parquet(tmp_path / "events.parquet")
    history = loaded(tmp_path, TEXT).history()
    assert {name: table.count().to_pyarrow().as_py() for name, table in history.tables.items()} == {
        "orders": 1,
        "returns": 1,
    }


def test_a_table_that_cannot_be_opened_is_told_by_its_section(tmp_path):
    with pytest.raises(HistoryError, match=r"Event table 'orders' \(\[tables\.orders\]\): There is no file"):
        loaded(tmp_path, TEXT).history()


def test_the_log_has_plain_values_without_folders_or_customers(tmp_path):
    text = TEXT.replace("line_kind = [", 'customer_id = ["c-4711", ')
    settings = loaded(tmp_path, text)
    offers = [replace(offer, eligible=("customer != 'c-4711'", "recency > 90")) for offer in settings.offers]
    plain = describe(replace(settings, offers=tuple(offers)))
    assert json.loads(json.dumps(plain)) == plain
    assert plain["offers.voucher.eligible"] == ["customer", "recency"]
    assert plain["tables.orders.path"] == "events.parquet"
    assert plain["tables.orders.where"] == ["customer_id"]
    assert plain["questions.tier.costs.margin_rate"] == 0.35
    assert plain["offers.voucher.effect"] == 0.1
    assert "c-4711" not in str(plain)
    assert str(tmp_path) not in str(plain)


def test_the_log_tells_what_python_adds_by_name(tmp_path):
    settings = loaded(tmp_path, TEXT)
    table = Table(tmp_path / "lines.csv", {"customer": "c", "category": lambda lines: lines.item})
    asked = churn(horizon=90, features=(purchases.orders,))
    plain = describe(replace(settings, tables={"lines": table}, questions=(asked,)))
    assert plain["tables.lines.roles.category"] == "a function of the table"
    assert plain["questions.churn.features"] == ["orders"]


def pipeline(folder: Path, *lines: str) -> Path:
    file = folder / "shop.py"
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def test_the_pipeline_of_the_readme_loads():
    settings = load(Path(__file__).parents[2] / "pipelines" / "retailer" / "business.py")
    assert settings.name == "online-retail-own"
    assert [f.name for f in settings.question("churn").own] == ["large_orders"]


def test_functions_of_a_pipeline_still_see_its_names_after_it_has_run(tmp_path):
    begin = ("from dataclasses import replace", "from pathlib import Path", "from patron.jobs import demo", "BIG = 500")
    table = "table = replace(asked.tables['orders'], roles={'amount': lambda orders: BIG})"
    file = pipeline(
        tmp_path, *begin, "asked = demo.settings(Path())", table, "settings = replace(asked, tables={'orders': table})"
    )
    assert load(file).tables["orders"].roles["amount"](None) == 500


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("price = 1", "_own = 2"), "shop.py has no 'settings'. It has: price. Write at its end: settings = patron.S"),
        (("settings = {'name': 'c-4711'}",), "shop.py: 'settings' must be Settings, got dict. Write at its end: sett"),
        (("", "price = 1 / 0"), "shop.py, line 2: the pipeline fails with ZeroDivisionError: division by zero. Mend"),
        (("price = 1", "price = = 2"), "shop.py, line 2: the pipeline fails with SyntaxError: invalid syntax"),
        (("import patron", "", "patron.churn(horizon=0)"), "shop.py, line 3: the pipeline fails with QuestionError: "),
        (("def f():", "  raise KeyError('k')", "f()"), "shop.py, line 2: the pipeline fails with KeyError: 'k'. Mend"),
    ],
)
def test_a_pipeline_that_gives_no_settings_is_told_with_its_line(tmp_path, lines, told):
    with pytest.raises(SettingsError) as caught:
        load(pipeline(tmp_path, *lines))
    assert str(caught.value).startswith(told)


def test_a_pipeline_that_is_not_there_is_told_with_those_that_are(tmp_path):
    pipeline(tmp_path)
    with pytest.raises(SettingsError, match=r"no settings file '.*ship\.py'.*in its folder: shop\.py\. Check the path"):
        load(tmp_path / "ship.py")


def test_a_folder_is_no_pipeline(tmp_path):
    (tmp_path / "shop.py").mkdir()
    with pytest.raises(SettingsError, match=r"shop\.py is a folder, a pipe or a device, and a pipeline is"):
        load(tmp_path / "shop.py")


JOINED = TEXT.replace(
    'path = "events.parquet"\n',
    'path = "items.csv"\njoins = [\n  { path = "orders.csv", on = "order_id" },\n'
    '  { path = "people.csv", on = { cust = "id" }, encoding = "cp1252" },\n]\n',
)


def test_joins_are_files_seen_from_the_folder_of_the_settings(tmp_path):
    assert loaded(tmp_path, JOINED).tables["orders"].joins == (
        Join(tmp_path / "orders.csv", on="order_id"),
        Join(tmp_path / "people.csv", on={"cust": "id"}, encoding="cp1252"),
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (', on = "order_id"', "", "line 4: [tables.orders.joins] lacks 'on': the name of a column of both files"),
        ('on = "order_id"', "on = 3", "line 4: [tables.orders.joins] on must be the name of a column of both files"),
        ('on = "order_id"', 'by = "order_id"', "line 4: [tables.orders.joins] has no key 'by'"),
        ("{ cust = ", "{ cust = 7, x = ", "line 4: [tables.orders.joins] on must be the name of a column of both"),
    ],
)
def test_a_wrong_join_is_told_with_its_line(tmp_path, old, new, message):
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, JOINED.replace(old, new))
    assert message in str(caught.value)


def test_a_wrong_join_of_its_own_section_is_told_with_that_line(tmp_path):
    sections = '[[tables.orders.joins]]\npath = "a.csv"\non = "k"\n[[tables.orders.joins]]\npath = "b.csv"\nonn = "k"\n'
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, TEXT.replace("[questions]", f"{sections}[questions]"))
    assert "line 14: [tables.orders.joins] has no key 'onn'. Did you mean 'on'?" in str(caught.value)


def test_joins_are_described_by_the_names_of_their_files(tmp_path):
    plain = describe(loaded(tmp_path, JOINED))["tables.orders.joins"]
    assert [(join["source"], join["on"]) for join in plain] == [
        ("orders.csv", "order_id"),
        ("people.csv", {"cust": "id"}),
    ]
    frame = Table(tmp_path / "a.csv", {}, joins=(Join(pd.DataFrame({"k": [1]}), on="k"),))
    logged = describe(replace(loaded(tmp_path, TEXT), tables={"orders": frame}))["tables.orders.joins"]
    assert logged[0]["source"] == "a DataFrame"


def test_currencies_and_columns_are_named_as_the_data_name_them(tmp_path):
    text = TEXT.replace(
        "[questions]",
        'currency = "cur"\nrates = { "US$" = 0.9, "€" = 1.0 }\n[attributes.people]\n'
        'path = "p.csv"\nformats = { "Born (UTC)" = "%d/%m/%Y" }\n[questions]',
    )
    settings = loaded(tmp_path, text)
    assert settings.tables["orders"].rates == {"US$": 0.9, "€": 1.0}
    assert settings.attributes["people"].formats == {"Born (UTC)": "%d/%m/%Y"}


@pytest.mark.parametrize("value", ["9" * 5000, "[" * 5000 + "]" * 5000])
def test_a_value_beyond_what_python_reads_is_told_with_its_line(tmp_path, value):
    assert refused(tmp_path, 'name = "grocer"', f'name = "grocer"\nseed = {value}').startswith("settings.toml, line ")


def test_a_number_that_is_too_large_is_told_with_its_line(tmp_path):
    told = refused(tmp_path, "budget = 2000", f"budget = 1{'0' * 400}")
    assert told.startswith(
        "settings.toml, line 23: [decisions] budget must be an amount of money, 0 or more, got number 1000"
    )


@pytest.mark.parametrize(
    "line", ["sys.exit()", "sys.exit(0)", "raise SystemExit('bye')", "quit()", "import os; os._exit(0)"]
)
def test_a_pipeline_that_ends_by_itself_is_told_with_its_line_as_nothing_was_done(tmp_path, line):
    with pytest.raises(
        SettingsError, match=r"shop.py, line 2: the pipeline ends by itself \(exit .*\) and nothing is done"
    ):
        load(pipeline(tmp_path, "import sys", line))


def test_a_pipeline_that_a_scheduler_ends_is_not_blamed(tmp_path):
    with pytest.raises(SystemExit):
        load(pipeline(tmp_path, "import sys", "sys.exit(143)"))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('name = "shop"', f'name = "{"k" * 300}"', "line 2: name must be a name of up to 60 letters"),
        ('name = "shop"', f'name = "shop"\nout = "{"k" * 300}"', "line 3: out must be a path"),
        ('name = "shop"', 'name = "shop"\nout = "a\\u0000b"', "line 3: out must be a path"),
    ],
)
def test_a_name_that_no_file_can_have_is_refused_with_its_line(tmp_path, old, new, told):
    (tmp_path / "shop.toml").write_text(template().replace(old, new))
    with pytest.raises(SettingsError, match=told):
        load(tmp_path / "shop.toml")


def test_the_line_of_a_mistake_below_many_others_comes_at_once(tmp_path):
    above = "\n".join(f"# {k}" for k in range(50_000))
    (tmp_path / "shop.toml").write_text(f"{above}\n{template()}\n[crm.hubspot]\nkey = 3\n", encoding="utf-8")
    line = 50_000 + len(template().splitlines()) + 3
    with pytest.raises(SettingsError, match=f"line {line}: "):
        load(tmp_path / "shop.toml")


def test_a_line_that_is_no_toml_is_shown_by_its_beginning(tmp_path):
    (tmp_path / "shop.toml").write_text("a = [" + "[" * 100_000)
    with pytest.raises(SettingsError) as refused:
        load(tmp_path / "shop.toml")
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('range = "loose"', "[contract] range must be one of 'hard', 'soft', 'off', got text 'loose'"),
        ("freshness = -1", "[contract] freshness must be a number of days, 0 or more, got number -1"),
        ('on_bad_rows = "drop"', '[contract] on_bad_rows must be "fail" or "quarantine", got text \'drop\''),
        ("max_bad_share = 2", "[contract] max_bad_share must be a share from 0 to 1, got number 2"),
        ('ranges = "soft"', "[contract] has no key 'ranges'. Did you mean 'range'?"),
    ],
)
def test_what_the_contract_cannot_say_is_told_with_its_line(tmp_path, line, shown):
    assert shown in refused(tmp_path, "[costs]", f"[contract]\n{line}\n\n[costs]")


def test_the_contract_of_the_settings_is_a_tolerance(tmp_path):
    text = TEXT.replace("[costs]", '[contract]\nfreshness = 2\nrange = "off"\n\n[costs]')
    assert loaded(tmp_path, text).contract == Tolerance(freshness=2, range="off")


@pytest.mark.parametrize(
    ("keys", "shown"),
    [
        ({"rows": "maybe"}, "The check rows of [contract] is one of 'hard', 'off', 'soft', got 'maybe'."),
        ({"on_bad_rows": "drop"}, "Rows that cannot be used 'fail' a run or go to 'quarantine', got 'drop'."),
        ({"max_bad_share": 2}, "a number from 0 to 1, got max_bad_share = 2."),
        ({"freshness": "new"}, "The freshness is a number of days from 0 on, got 'new'."),
    ],
)
def test_a_tolerance_that_cannot_be_meant_is_refused(keys, shown):
    with pytest.raises(SettingsError) as error:
        Tolerance(**keys)
    assert shown in str(error.value)


PLANNED = """
[channels.mail]
capacity = 1000
[offers.mail]
contact_cost = 0.5
effect = "usual"
kind = "service"
channel = "mail"
rest = 30
consent = "mail_consent"
eligible = ["recency > 90", "country == 'UK'"]
fatigue = 0.2
fatigue_days = 60
"""


def test_offers_and_rules_of_a_file_are_those_of_python(tmp_path):
    file = tmp_path / "settings.toml"
    rules = "budget = 2000\nrobust = true\ncontacts = 900\nmost_contacts = 2\ncontact_days = 60\n"
    file.write_text(TEXT.replace("budget = 2000\n", rules) + PLANNED)
    settings = load(file)
    assert settings.rules == Rules({"mail": 1000}, contacts=900, most_contacts=2, contact_days=60, robust=True)
    offer = settings.offers[1]
    assert (offer.effects, offer.rest, offer.consent) == ((0.0, 0.11, 0.22), 30, "mail_consent")
    assert offer.conditions == ("recency > 90", "country == 'UK'")


def test_an_offer_is_learned_where_a_table_has_its_arms(tmp_path):
    contacts = '[tables.offers]\npath = "sent.parquet"\ncustomer = "who"\nat = "day"\narm = "arm"\ncontrol = "none"\n'
    settings = loaded(tmp_path, TEXT.replace("effect = 0.1", 'effect = "learned"') + contacts)
    assert (settings.offers[0].is_learned, settings.tables["offers"].control) == (True, "none")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "[channels.mail]",
            "[channels.mial]",
            "[channels] is not possible. Channel 'mial' has a capacity, but no offer goes",
        ),
        ("capacity = 1000", "capacity = -1", "[channels.mail] capacity must be a whole number, 0 or more, got number"),
        ("capacity = 1000\n", "", "[channels.mail] lacks 'capacity': a whole number, 0 or more. It has: none. Write"),
        ('kind = "service"', 'kind = "gift"', "kind must be one of 'discount', 'service', 'content', got text 'gift'."),
        (
            'effect = "usual"',
            'effect = "much"',
            'effect must be a share from 0 to 1, "usual" or "learned", got text \'much\'.',
        ),
        (
            'effect = "usual"',
            'effect = "learned"',
            '[offers.mail] has effect = "learned", and no campaign tells it: [tables.offers] has none. Add past',
        ),
        ('kind = "service"\n', "", "its kind is 'not said'. Write kind = 'discount'"),
        ("rest = 30", "rest = -30", "[offers.mail] rest must be a whole number, 0 or more, got number -30. Write"),
        ("fatigue = 0.2", "fatigue = -0.2", "fatigue must be an amount of money, 0 or more, got number -0.2."),
    ],
)
def test_a_plan_that_cannot_be_meant_is_refused_with_its_line(tmp_path, old, new, said):
    file = tmp_path / "settings.toml"
    file.write_text(TEXT + PLANNED.replace(old, new))
    with pytest.raises(SettingsError) as refused_at:
        load(file)
    assert said in str(refused_at.value)
    assert ", line " in str(refused_at.value)


def test_complaints_in_the_kinds_of_a_portfolio_are_refused_with_where_they_are_named_now(tmp_path):
    with pytest.raises(SettingsError, match=r"'complaint' any more.*\[tables.contacts\] complaints = \[\"claim\"\]"):
        loaded(tmp_path, TEXT + '\n[portfolio.kinds]\ncomplaint = ["claim"]\n')
