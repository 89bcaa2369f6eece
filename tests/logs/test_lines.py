"""Lines of a log: for people as they were, for machines one JSON object each."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from patron import cli
from patron.logs.lines import JsonLines, TerminalLines, failure
from patron.logs.outcome import Outcome
from patron.logs.run_log import RunLog

NOW = datetime(2026, 1, 1, 3, tzinfo=UTC)
ENDED = Outcome("score", "r1", NOW, 0, 2.5, 512_000_000, "kiosk", {"customers": 1500}, {"scores": 2.0})


def machine() -> tuple[JsonLines, io.StringIO]:
    out = io.StringIO()
    return JsonLines("score", "r1", out, lambda: NOW), out


def test_a_sentence_becomes_one_line_of_json_with_its_step_seconds_and_counts():
    lines, out = machine()
    lines.tell("today     2024-01-01: 1,500 customers, 48 features", 1.25)
    assert json.loads(out.getvalue()) == {
        "ts": "2026-01-01T03:00:00.000+00:00",
        "level": "info",
        "verb": "score",
        "run": "r1",
        "step": "today",
        "seconds": 1.25,
        "counts": {"customers": 1500, "features": 48},
        "message": "today 2024-01-01: 1,500 customers, 48 features",
    }


def test_a_receipt_is_one_line_with_what_was_read_set_aside_and_used():
    lines, out = machine()
    lines.tell(
        "history   orders\n      read           1,473\n      set aside          7  no customer\n      used  1,466", 0
    )
    assert json.loads(out.getvalue())["counts"] == {"read": 1473, "set_aside": 7, "used": 1466}
    assert out.getvalue().count("\n") == 1


@pytest.mark.parametrize(
    ("write", "level"),
    [
        (lambda lines: lines.tell("beware    the champions come from different trainings", 0), "warning"),
        (lambda lines: lines.refuse("No."), "error"),
        (lambda lines: lines.say("promoted"), "info"),
    ],
)
def test_what_to_look_at_has_a_level(write, level):
    lines, out = machine()
    write(lines)
    assert json.loads(out.getvalue())["level"] == level


def test_the_last_line_has_what_to_alert_on():
    lines, out = machine()
    lines.end(ENDED)
    last = json.loads(out.getvalue())
    assert (last["status"], last["exit_code"], last["seconds"], last["peak_memory_mb"]) == ("done", 0, 2.5, 512.0)
    assert last["counts"] == {"customers": 1500}


@pytest.mark.parametrize(
    ("code", "status"), [(0, "done"), (1, "failed"), (3, "refused"), (6, "refused"), (143, "ended")]
)
def test_an_exit_code_has_a_status(code, status):
    assert Outcome("score", "r1", NOW, code, 2.5, None).status == status


def test_people_read_seconds_and_sentences_and_errors_beside_them():
    out, errors = io.StringIO(), io.StringIO()
    lines = TerminalLines(out, errors)
    lines.tell("scores    done", 1.25)
    lines.refuse("No.")
    lines.end(ENDED)
    assert out.getvalue() == (
        "[  1.2 s] scores    done\nscore done: exit code 0 after 2.5 s, 1,500 customers, at most 512 MB\n"
    )
    assert errors.getvalue() == "patron: No.\n"


def test_stdout_is_left_to_results_that_machines_read():
    out, errors = io.StringIO(), io.StringIO()
    lines = TerminalLines(out, errors)
    lines.aside()
    lines.say("sentence")
    assert (out.getvalue(), errors.getvalue()) == ("", "sentence\n")


def test_the_time_of_a_step_is_added_up_and_progress_is_for_who_looks_on():
    lines, out = machine()
    log = RunLog("score", "r1", lines, False)
    log.watch("rows      half")
    log.tell("rows      one part")
    log.tell("rows      another part")
    log.count({"customers": 3, "tables": [{"read": 5}, {"read": 2}], "cutoff": "x"})
    outcome = log.end(NOW, 0)
    assert list(outcome.steps) == ["rows"]
    assert outcome.counts == {"customers": 3, "rows_read": 7}
    assert "half" not in out.getvalue()
    assert outcome.memory > 1_000_000


def test_every_sentence_of_the_command_line_goes_through_the_log_and_only_results_of_machines_do_not():
    pages = [page.read_text() for page in Path(cli.__file__).parent.glob("*.py")]
    written = [line.strip() for page in pages for line in page.splitlines() if "echo(" in line or "write_line(" in line]
    assert written
    assert all(line.startswith("write_line(sys.stdout, json.dumps(") for line in written)


def test_an_error_that_nobody_foresaw_shows_the_way_and_no_value(monkeypatch):
    monkeypatch.setenv("PATRON_SHOW_VALUES", "0")
    try:
        {}["guest-007"]
    except KeyError as error:
        said = failure(error)
    assert "guest-007" not in said.replace('{}["guest-007"]', "")
    assert "test_lines.py" in said
    assert "KeyError: ‹'aaaaa-999'›" in said
