"""Loading: an engine's values are read to the last digit."""

from datetime import timedelta
from decimal import Decimal

import ibis
import pytest

from patron.features.compute.fold.loading import EventLoader
from worlds.histories import (
    CUTOFF,
)


@pytest.mark.parametrize("whole", [Decimal("12345678901234.5678"), Decimal("0.0001"), Decimal("-0.0001")])
def test_money_is_read_to_the_last_digit(whole):
    table = ibis.memtable({"customer": ["a"], "at": [CUTOFF], "amount": [whole]})
    table = table.mutate(amount=table.amount.cast("decimal(38, 4)"))
    column = EventLoader(table, {"m": table.amount}, CUTOFF + timedelta(days=1)).load().columns["m"]
    assert column.values[0] == int(whole * 10_000)
