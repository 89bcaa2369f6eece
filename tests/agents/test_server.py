"""Every call ends in JSON or in a sentence, and no sentence repeats what was given."""

import json
import sys

import pytest

from patron.agents.results import Results
from patron.agents.server import answer, serve
from patron.agents.tools import TOOLS
from patron.errors import PatronError, SettingsError


def test_a_call_is_answered_in_json(results):
    text, is_refused = answer(results, "customers_at_risk", {"limit": 1})
    assert (is_refused, json.loads(text)["customers"][0]["risk"]) == (False, 0.9)


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("key-ann", {}, "There is no such tool. There are: customer_drivers, "),
        ("customer_scores", {"pseudonym": "key-ann"}, "Keys are not taken"),
        ("customer_scores", {"pseudonym": ["key-ann"]}, "'pseudonym' is not as it must be. customer_scores takes"),
        ("customer_scores", {"key-ann": "key-ann"}, "The arguments do not fit"),
        ("customer_scores", {}, "and needs pseudonym."),
        ("customers_at_risk", {"by": "key-ann"}, "'by' is not as it must be"),
        ("plan_rows", {"limit": 201}, '"maximum": 200'),
        ("model_card", {"question": "key-ann"}, "Have them written: patron train SETTINGS"),
    ],
)
def test_a_call_that_cannot_be_answered_is_a_sentence_without_what_was_given(results, tool, arguments, said):
    text, is_refused = answer(results, tool, arguments)
    assert (is_refused, said in text, "key-ann" in text) == (True, True, False), text


def test_what_nobody_foresaw_is_told_by_its_kind_alone(results, monkeypatch):
    def broken(results):
        raise KeyError("key-ann")

    broken.__annotations__ = {"results": Results}
    monkeypatch.setitem(TOOLS, "scoring_run", broken)
    assert answer(results, "scoring_run", {}) == (
        "scoring_run failed (KeyError). The results may be half-written: ask again.",
        True,
    )


def test_a_folder_that_holds_no_results_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(PatronError, match=r"is no folder of results beside a folder 'mlruns'\. Train and score first"):
        serve(tmp_path / "nowhere")


def test_without_the_library_it_is_named(results, monkeypatch):
    monkeypatch.setitem(sys.modules, "mcp.server.lowlevel", None)
    with pytest.raises(SettingsError, match=r"Install it: pip install 'patron\[mcp\]'"):
        serve(results.folder)
