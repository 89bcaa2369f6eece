"""Recent level: what is bought of late says where the level went since the labels of the known cutoffs."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from patron.models.recent_level import recent_level
from patron.questions.kinds import churn
from patron.questions.matrices import row_source
from patron.questions.panels import panel
from worlds.shop import CUTOFFS, HORIZON, of

START, KNOWN, END = datetime(2023, 1, 1), (150, 210, 270), 330


def trade(late: float) -> pd.DataFrame:
    """Three hundred customers who buy once a month, of whose orders from day 310 on a share *late* is left."""
    rng, rows = np.random.default_rng(0), []
    for i in range(300):
        day = float(rng.uniform(0, 30))
        while day < END + 60:
            if day < 310 or rng.uniform() < late:
                rows.append((f"c{i}", START + timedelta(days=day), 10.0))
            day += float(rng.exponential(30.0))
    return pd.DataFrame(rows, columns=["customer", "at", "amount"])


def off(late: float) -> float:
    known = [START + timedelta(days=day) for day in KNOWN]
    return recent_level(churn(60), row_source(of(trade(late))), known, START + timedelta(days=END))


def test_a_shop_that_sells_less_of_late_is_expected_to_sell_less():
    assert off(0.4) < -0.2


def test_a_shop_that_sells_as_before_keeps_its_level():
    assert abs(off(1.0)) < 0.15


def lull(*starts: int) -> float:
    """Return what is off on day 710 of a shop that sells two fifths as much for 20 days from some days on."""
    rng = np.random.default_rng(0)
    orders = pd.DataFrame({"customer": np.repeat([f"c{i}" for i in range(300)], 40), "amount": 10.0})
    orders["day"] = rng.exponential(30.0, (300, 40)).cumsum(axis=1).ravel()
    idle = np.any([orders.day.between(start, start + 20) for start in starts], axis=0)
    kept = orders[~idle | (rng.uniform(size=len(orders)) < 0.4)]
    shop = row_source(of(kept.assign(at=START + pd.to_timedelta(kept.day, unit="D")).drop(columns="day")))
    known = [START + timedelta(days=day) for day in range(170, 710, 60)]
    return recent_level(churn(60), shop, known, START + timedelta(days=710))


def test_a_lull_of_every_year_is_no_news():
    once = lull(690)
    assert once < -0.4
    assert lull(690 - 364, 690) > 0.5 * once


def test_a_panel_and_a_shop_of_few_customers_keep_their_level():
    rows = pd.DataFrame({"customer": ["a", "b"], "cutoff": CUTOFFS[0], "orders": [1, 2], "label": [0, 1]})
    few = of(trade(1.0).query("customer in ['c1', 'c2']"))
    known, end = [START + timedelta(days=day) for day in KNOWN], START + timedelta(days=END)
    assert recent_level(churn(HORIZON), panel(rows, HORIZON, label="label"), [CUTOFFS[0]], CUTOFFS[1]) == 0.0
    assert recent_level(churn(60), row_source(few), known, end) == 0.0


def test_nothing_from_the_end_of_the_last_labels_on_is_looked_at():
    known, end = [START + timedelta(days=day) for day in KNOWN], START + timedelta(days=END)
    frame = trade(0.4)
    before = of(frame[frame["at"] < end])
    assert recent_level(churn(60), row_source(before), known, end) == pytest.approx(off(0.4))
