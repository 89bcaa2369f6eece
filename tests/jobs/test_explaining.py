"""What explaining promises: another version of the model is compared with the champion on today's customers."""

from datetime import datetime
from types import SimpleNamespace

import pandas as pd
import pytest

from patron.engines.outputs import write
from patron.errors import QuestionError
from patron.jobs import explain_version
from patron.jobs import explaining as module
from patron.jobs.job import Job
from patron.questions.kinds import churn
from worlds.explained import people, straight, trained


def job(folder, told):
    """A job of one part, whose champion is version 3; its other versions answer by the recency alone."""
    settings = SimpleNamespace(
        name="shop", out=folder, currency="", question=lambda name: churn(90), questions=(churn(90),)
    )
    model = trained("churn")

    def kept(name, number):
        return SimpleNamespace(bundle=None, name=name, version=number)

    part = SimpleNamespace(
        settings=settings, now=datetime(2024, 5, 2), tell=told.append, today=people(), explained="churn",
        explained_model=type(model)(model.spec | {"question": "churn"}, model.booster),
        champions={"churn": SimpleNamespace(name="shop_churn", version="3")},
        registry=SimpleNamespace(opened_version=kept),
        write=lambda name, frame: write(frame, folder / f"{name}.parquet"),
    )  # fmt: skip
    part.keeping_refused = lambda: Job.keeping_refused(part)
    part.parts = (part,)
    return part


def test_another_version_is_compared_on_the_same_customers(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "opened", lambda *of: straight())
    told = []
    summary = explain_version(job(tmp_path, told), "2")
    assert (summary["customers"], summary["others"]) == (300, 300)
    assert "for version 3 (300\N{NO-BREAK SPACE}customers) and" in told[-1]
    table = pd.read_parquet(tmp_path / "drivers_version.parquet").set_index("feature")
    assert table.other_change["country"] == 0.0
    assert (tmp_path / "version.html").exists()


def test_the_champion_is_not_compared_with_itself(tmp_path):
    with pytest.raises(QuestionError, match="Version 3 is the champion, so there is nothing to compare"):
        explain_version(job(tmp_path, []), "3")
