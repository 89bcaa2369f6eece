"""Whatever a settings file or a value in Python says, it is taken, or refused by a sentence of Patron's own."""

import json
from contextlib import suppress
from copy import deepcopy
from datetime import date, datetime, time
from decimal import Decimal

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given
from hypothesis import settings as law
from hypothesis import strategies as st

import patron as pt
from patron.errors import PatronError, SettingsError
from patron.settings import load

FUZZ = {"deadline": None, "derandomize": True, "database": None, "suppress_health_check": list(HealthCheck)}
CONTENT = {
    "name": "grocer",
    "seed": 3,
    "top_reasons": 2,
    "currency": "EUR",
    "out": "results",
    "tables": {
        "orders": {
            "path": "events.csv",
            "customer": "customer_id",
            "at": "ts",
            "amount": "paid",
            "currency": "cur",
            "rates": {"EUR": 1.0, "USD": 0.9},
            "where": {"kind": ["order", 3, True]},
            "returns": {"kind": "return"},
            "since": "2010-01-01",
            "until": date(2012, 1, 1),
            "not_customers": ["0"],
            "fill_down": ["ts"],
            "joins": [
                {"path": "headers.csv", "on": {"no": "id"}},
                {"path": "people.csv", "on": "person", "sheet": "A"},
            ],
            "at_format": "%d/%m/%Y",
            "encoding": "cp1252",
        }
    },
    "attributes": {
        "people": {"path": "people.csv", "customer": "id", "leave_out": ["status"], "formats": {"born": "%d/%m/%Y"}}
    },
    "questions": {
        "active_in": 365,
        "churn": {"horizon": 90},
        "next_purchase": {"horizon": 90, "within": [30]},
        "tier": {"horizon": 90, "tiers": {"platinum": 0.05, "gold": 0.2}, "thresholds": [50.0, 10.0], "rest": "iron"},
    },
    "costs": {"margin_rate": 0.35, "cost_per_order": 3.0, "cost_per_event": {"tickets": 4.0}},
    "cutoffs": {
        "train": ["2010-06-16", "2010-09-14"],
        "valid": "2011-06-11",
        "test": [date(2011, 9, 9)],
        "score": "2011-12-10",
    },
    "decisions": {"budget": 2000, "holdout": 0.2, "exploration": 0.05, "value": 30.0},
    "offers": {"voucher": {"contact_cost": 0.5, "accepted": 0.4, "effect": 0.1, "words": "a call"}},
}
TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["", " ", "0", "%d", "2024-02-30", "9999-12-31", "keep", "UTC", "a\0b", "..", "/", "$HOME"]),
)
PLAIN = st.one_of(
    TEXTS,
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.just(10**400),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.times(),
)
VALUES = st.recursive(
    PLAIN, lambda below: st.lists(below, max_size=3) | st.dictionaries(TEXTS, below, max_size=3), max_leaves=5
)
KEYS = st.one_of(
    TEXTS, st.sampled_from(["horizon", "path", "on", "customer", "amount", "status", "rates", "effect_low", "rows"])
)


def toml(value: object) -> str:
    """A value as TOML writes it within a line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{toml(str(key))} = {toml(below)}" for key, below in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f") if isinstance(value, str) else repr(value)


def sections(value: object) -> list:
    """Every mapping and list of a content, itself first."""
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return ([value] if isinstance(value, dict | list) else []) + [inner for item in below for inner in sections(item)]


@st.composite
def edited(draw) -> str:
    """A valid file of which one to three values were changed, taken away or added."""
    content = deepcopy(CONTENT)
    for _ in range(draw(st.integers(1, 3))):
        section = draw(st.sampled_from([s for s in sections(content) if s]))
        key = draw(st.sampled_from(list(section) if isinstance(section, dict) else list(range(len(section)))))
        change = draw(st.sampled_from(["change", "change", "remove", "add"]))
        if change == "change":
            section[key] = draw(VALUES)
        elif change == "remove":
            del section[key]
        elif isinstance(section, dict):
            section[draw(KEYS)] = draw(VALUES)
        else:
            section.append(draw(VALUES))
    return "\n".join(f"{toml(key)} = {toml(value)}" for key, value in content.items())


def test_the_content_that_is_edited_is_valid(tmp_path):
    file = tmp_path / "settings.toml"
    file.write_text("\n".join(f"{toml(key)} = {toml(value)}" for key, value in CONTENT.items()), encoding="utf-8")
    assert load(file).name == "grocer"


@law(max_examples=200, **FUZZ)
@given(text=edited())
def test_no_edit_of_a_settings_file_raises_anything_but_a_settings_error(tmp_path_factory, text):
    file = tmp_path_factory.getbasetemp() / "settings.toml"
    file.write_text(text, encoding="utf-8", errors="replace")
    try:
        load(file)
    except SettingsError as error:
        assert str(error).startswith(("settings.toml, line ", "settings.toml: The file lacks "))


ANYTHING = st.one_of(
    PLAIN,
    VALUES,
    st.sampled_from(
        [
            None,
            pd.NA,
            pd.NaT,
            np.nan,
            np.float32(0.5),
            np.int64(3),
            np.array([1.0, 2.0]),
            np.array(["2024-01-01"]),
            1j,
            b"x",
        ]
    ),
    st.sampled_from(
        [Decimal("0.5"), Decimal("NaN"), Decimal("sNaN"), object(), int, {1}, pd.Series([1]), pd.DataFrame(), 10**400]
    ),
    st.sampled_from(["2024-01-01", ["2024-01-01"], [datetime(2024, 6, 1)], pd.Timestamp("2024-01-01", tz="UTC")]),
)


def refused_by_us(call, *values, **named) -> None:
    with suppress(PatronError):
        call(*values, **named)


@law(max_examples=150, **FUZZ)
@given(
    field=st.sampled_from(
        [
            "name",
            "contact_cost",
            "incentive_cost",
            "accepted",
            "effect",
            "effect_low",
            "effect_high",
            "channel",
            "words",
        ]
    ),
    value=ANYTHING,
)
def test_an_offer_of_any_value_is_taken_or_refused_by_a_sentence(field, value):
    refused_by_us(pt.Offer, **{"name": "call", "contact_cost": 1.0, "effect": 0.2} | {field: value})


@law(max_examples=150, **FUZZ)
@given(
    field=st.sampled_from(["margin_rate", "cost_per_order", "cost_per_return", "cost_per_event", "event"]),
    value=ANYTHING,
)
def test_a_cost_model_of_any_value_is_taken_or_refused_by_a_sentence(field, value):
    refused_by_us(pt.CostModel, **({"cost_per_event": {"tickets": value}} if field == "event" else {field: value}))


@law(max_examples=150, **FUZZ)
@given(train=ANYTHING, valid=ANYTHING, build=st.sampled_from([pt.Split, pt.Split.of]))
def test_a_split_of_any_values_is_taken_or_refused_by_a_sentence(train, valid, build):
    refused_by_us(build, train, valid, ["2025-01-01"])
    refused_by_us(build, [train, "2024-06-01"], [valid], [datetime(2025, 1, 1)])


@law(max_examples=150, **FUZZ)
@given(
    value=ANYTHING,
    other=ANYTHING,
    call=st.sampled_from([pt.churn, pt.next_purchase, pt.tier, pt.days, pt.cutoffs, pt.monthly]),
)
def test_a_question_about_any_time_is_taken_or_refused_by_a_sentence(value, other, call):
    if call in (pt.cutoffs, pt.monthly):
        refused_by_us(call, "2024-01-01", value, *([30] if call is pt.cutoffs else []))
        refused_by_us(call, value, other, *([30] if call is pt.cutoffs else []))
    else:
        refused_by_us(call, value)
        refused_by_us(call, 90, other)
