"""Pipelines: the files that a scheduler runs go the whole way, each on what the one before it left."""

import runpy
import shutil
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from patron.decisions import Offer
from patron.jobs import Job
from patron.registry import Registry
from worlds.command_line import check_summary

PIPELINES = Path(__file__).parents[2] / "pipelines"
STEPS = {"train", "score", "decide", "learn", "drift"}
NOW = datetime(2024, 1, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def step(trained_job: Job, tmp_path_factory):
    """Return what runs a file of a business on the small business of these tests."""
    folder = shutil.copytree(trained_job.settings.root, tmp_path_factory.mktemp("pipelines") / "kiosk")
    Registry.relocate(folder)
    own = {"root": folder, "out": folder / "out", "offers": (Offer("call", 1.0, effect=0.5),), "value": 30.0}
    settings = replace(trained_job.settings, **own, budget=5.0)

    def run(business: str, name: str):
        return runpy.run_path(str(PIPELINES / business / f"{name}.py"))[name](NOW)

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "business", SimpleNamespace(settings=settings))
        yield run


@pytest.mark.parametrize("business", ["retailer", "subscription"])
def test_a_business_has_a_file_for_each_step_beside_what_it_asks(business):
    files = {path.stem for path in (PIPELINES / business).glob("*.py")}
    assert files == {"business", *STEPS}


@pytest.mark.parametrize("business", ["retailer", "subscription"])
def test_each_file_does_what_its_name_says(step, business):
    scored, explained, reported = step(business, "score")
    decided = step(business, "decide")
    assert scored["customers"] == decided["asked"] > 0
    assert explained["reasons"] > 0
    assert decided["spent"] + decided["withheld"] <= 5.0
    assert reported["files"][0].endswith("report.html")
    drifted = step(business, "drift")
    assert drifted["beyond"] == (drifted["kind"] != "none")


@pytest.mark.parametrize("business", ["retailer", "subscription"])
def test_what_was_decided_just_now_cannot_be_learned_from_yet_which_is_no_failure_of_a_night(step, business):
    step(business, "decide")
    learned = step(business, "learn")
    check_summary("learn", learned)
    assert learned["notes"][-1].startswith("Nothing is known yet of what came of")
    assert (learned["not_begun"], learned["campaigns"], learned["files"]) == (1, [], [])


def test_training_registers_another_version(step):
    (model,) = step("retailer", "train")["models"].values()
    assert model["version"] == "2"


def test_two_rounds_decide_act_and_learn_in_the_simulated_shop_and_keep_the_pages_of_each(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    business = runpy.run_path(str(PIPELINES / "two_rounds" / "business.py"))
    business["settings_of"].__globals__["CUSTOMERS"] = 500
    monkeypatch.setitem(sys.modules, "business", SimpleNamespace(**business))
    first, second = runpy.run_path(str(PIPELINES / "two_rounds" / "rounds.py"))["rounds"]()
    assert (first["decided"]["evidence"], second["decided"]["evidence"]) == ("assumed", "logged propensity")
    for number, line in enumerate((first, second), 1):
        check_summary("decide", line["decided"])
        check_summary("learn", line["learned"])
        assert line["learned"]["plans"] == number
        pages = {page.name: page.read_text() for page in Path(f"patron-out/two-rounds/round-{number}").iterdir()}
        assert set(pages) == {"report.html", "outcomes.html"}
        assert ("Apr 2023" in pages["outcomes.html"]) == (number == 2)
    decided = first["decided"]["chosen"] + second["decided"]["chosen"]
    assert (
        second["learned"]["decisions"]
        == decided
        == len(pd.read_parquet("patron-out/two-rounds/results/outcomes/offers.parquet"))
    )
