"""Other people's tables: a public data set from one settings file, judged by its own events; goldens are another."""

from pathlib import Path

import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score
from typer.testing import CliRunner

from patron.cli import app

DATA = Path(__file__).parents[3] / "shared" / "data"
DECIDE = "[decisions]\nbudget = 500\nvalue = 30.0\n[offers.voucher]\ncontact_cost = 0.5\neffect = 0.1\n"
GROCERY = """
name = "grocery"
[tables.orders]
path = "{path}"
customer = "customer_id"
at = "ts"
[questions]
active_in = 365
churn = {{ horizon = 90 }}
[cutoffs]
train = ["2006-10-06", "2007-01-04", "2007-04-04"]
valid = "2007-07-03"
test = "2007-10-01"
"""


@pytest.mark.skipif(not DATA.exists(), reason="the public data sets are not beside this repository")
def test_fifteen_lines_lead_from_a_public_data_set_to_decisions(tmp_path, monkeypatch):
    path = DATA / "grocery_elog_events.parquet"
    (tmp_path / "own.toml").write_text(GROCERY.format(path=path) + DECIDE)
    monkeypatch.chdir(tmp_path)
    for verb in ("train", "score", "explain", "decide"):
        ended = CliRunner().invoke(app, [verb, "own.toml"])
        assert ended.exit_code == 0, ended.output
    out = next((tmp_path / "patron-out").iterdir())
    told = pd.read_parquet(out / "predictions_churn.parquet").query("champion")
    events = pd.read_parquet(path)
    buyers = set(events.customer_id[(events.ts >= "2007-10-01") & (events.ts < "2007-12-30")])
    left = ~told.customer.isin(buyers)
    assert (told.actual == left).all()
    assert roc_auc_score(left, told.churn_probability) > 0.84
    assert len(pd.read_parquet(out / "decisions.parquet")) > 0
