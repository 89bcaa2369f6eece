"""What verbs say to machines is published: a schema for each verb, by which a key too many or too few is a mistake."""

import pytest
from jsonschema import ValidationError
from typer.main import get_command

from patron.cli import app
from patron.errors import QuestionError
from patron.jobs.schemas import SUMMARIES, schema
from worlds.command_line import check_fits, check_summary


def test_every_verb_that_speaks_to_machines_has_a_schema_and_no_other():
    commands = get_command(app).commands
    speaking = {name for name, command in commands.items() if any("--json" in p.opts for p in command.params)}
    assert speaking == set(SUMMARIES)


def test_a_renamed_or_a_missing_key_does_not_fit():
    check_summary("report", {"files": ["report.html"]})
    for wrong in ({}, {"file": []}, {"files": [], "page": ""}, {"files": [1]}):
        with pytest.raises(ValidationError):
            check_summary("report", wrong)


def test_a_number_that_json_lacks_does_not_fit():
    with pytest.raises(ValueError, match="no JSON: NaN"):
        check_fits('{"verb": "report", "run": "", "files": [NaN]}')


def test_the_schema_tells_what_a_key_means():
    keys = schema("score")["properties"]
    assert keys["verb"] == {"type": "string", "description": "what ran", "const": "score"}
    assert keys["unchanged"] == {"type": "boolean", "description": "whether the scores of an earlier run stand"}
    assert set(keys["shifts"]["items"]["required"]) > {"feature", "moved", "grows"}


def test_where_a_verb_does_one_of_several_things_each_has_its_keys():
    ways = [set(way["properties"]) - {"verb", "run", "files"} for way in schema("explain")["anyOf"]]
    assert ways[:2] == [{"reasons", "of_levers"}, {"pseudonym", "answer", "reasons"}]


def test_a_verb_without_json_is_refused_with_those_that_have_it():
    with pytest.raises(QuestionError, match=r"No verb 'scor' prints JSON\..*Did you mean 'score'"):
        schema("scor")
