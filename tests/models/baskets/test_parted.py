"""Lines that are read part by part: the same answers to the last digit as of all lines at once."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from models.baskets.shops import ranking, shop
from patron.models.baskets import Suggesting
from patron.models.baskets.lines import Lines
from patron.models.baskets.market import market_at
from patron.models.baskets.parted import PartedLines
from patron.models.baskets.reading import read_lines
from patron.periods import EVER, Span
from worlds.histories import CUTOFF

TINY = 1e-5  # gigabytes: room for some fifty lines
CUSTOMERS = 30


@pytest.fixture(scope="module")
def market_day():
    """Customers who buy some of nine items at prices whose sums depend on their order."""
    rng = np.random.default_rng(0)
    rows = [(f"c{rng.integers(CUSTOMERS):02}", int(rng.integers(-20, 90)), f"i{rng.integers(9)}") for _ in range(300)]
    return shop(rows, price=np.round(rng.uniform(0.1, 9.9, 300), 2), quantity=2)


@pytest.fixture(scope="module")
def parted(market_day):
    return PartedLines.of_size(market_day, "item", 50)


def test_no_customer_is_in_two_parts_and_none_is_left_out(market_day, parted):
    parts = [part.customers.tolist() for part in parted.parts()]
    assert len(parts) > 4
    assert [customer for part in parts for customer in part] == read_lines(market_day, "item").customers.tolist()


def test_how_items_sell_is_the_same_to_the_last_digit(market_day, parted):
    whole, by_parts = (
        market_at(lines, CUTOFF, EVER, Span(15), 0) for lines in (read_lines(market_day, "item"), parted)
    )
    pd.testing.assert_frame_equal(by_parts.sales, whole.sales, check_exact=True)
    assert by_parts.active.tolist() == whole.active.tolist()
    for name in ("likeness", "recent", "earlier", "bought", "partners"):
        np.testing.assert_array_equal(getattr(by_parts, name).toarray(), getattr(whole, name).toarray())


def test_what_is_suggested_is_the_same(market_day):
    whole, tight = (Suggesting.of(ranking(), market_day, CUTOFF, "item", m) for m in (1.0, TINY))
    customers = pd.Series([f"c{n:02}" for n in range(CUSTOMERS)])
    few = replace(tight, lines=replace(tight.lines, together=12))
    for some in (tight, few):
        pd.testing.assert_frame_equal(some.likeliest(customers, 9), whole.likeliest(customers, 9))


def test_lines_are_read_part_by_part_only_where_they_do_not_fit(market_day):
    assert isinstance(Suggesting.of(ranking(), market_day, CUTOFF, "item", TINY).lines, PartedLines)
    for memory in ((1.0,), ()):
        assert isinstance(Suggesting.of(ranking(), market_day, CUTOFF, "item", *memory).lines, Lines)
