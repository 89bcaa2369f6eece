"""The README's settings and Python run as they stand there, on a small shop."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from patron.settings import load

README = (Path(__file__).parents[1] / "README.md").read_text()


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", README, re.S)
    assert found
    return found[1]


@pytest.fixture
def shop(tmp_path, monkeypatch) -> Path:
    """Two years of a shop with 200 customers, under the README's names."""
    rng = np.random.default_rng(1)
    customer = np.repeat(np.arange(200), 12)
    start, gap = rng.uniform(0, 400, 200), rng.gamma(2, 25, 200)
    at = start[customer] + np.tile(np.arange(12), 200) * gap[customer] * rng.uniform(0.5, 1.5, 2400)
    table = pd.DataFrame(
        {"cust_id": [f"k{c}" for c in customer], "ts": pd.Timestamp("2022-06-01") + pd.to_timedelta(at, "D")}
    )
    table["paid"] = rng.gamma(2, 40, 2400).round(2)
    table = table[table.ts < "2024-04-15"].astype({"ts": "datetime64[us]"})
    table.to_parquet(tmp_path / "orders.parquet")
    table.to_csv(tmp_path / "orders.csv", index=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_settings_of_the_readme_are_settings(shop):
    (shop / "shop.toml").write_text(block("toml"))
    settings = load(shop / "shop.toml")
    assert [q.name for q in settings.questions] == ["churn", "next_purchase", "tier"]
    assert settings.history().receipts[0].used == len(pd.read_csv(shop / "orders.csv"))


def test_the_python_of_the_readme_runs(shop):
    names = {}
    exec(block("python"), names)
    assert set(names["scores"]) >= {"customer", "cutoff", "churn_probability"}
    assert names["plan"].summary["spent"] <= 600
    assert "large_orders_30d" in names["today"].X
    assert (names["worth"].value_low <= names["worth"].value_high).all()
    assert names["gone"].model.spec["answer"]["horizon"] == 730
    joint, answers = (names[name].set_index("customer") for name in ("joint", "answers"))
    chance = 1 - answers.churn_probability
    assert (joint.purchase_probability.loc[chance.index] - chance).abs().max() < 1e-9


def test_every_command_of_the_readme_exists():
    from typer.main import get_command

    from patron.cli import app

    said = set(re.findall(r"\.venv/bin/patron (\w+)", README))
    assert said
    assert said <= set(get_command(app).commands)
