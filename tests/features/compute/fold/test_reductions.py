"""Reductions: what is asked for wrongly is refused."""

import pytest

from patron.errors import MeasureError
from patron.features.measures import measure
from worlds.histories import ago, folded, small


@pytest.mark.parametrize("share", [-0.1, 90])
def test_a_quantile_that_is_no_share_is_refused(share):
    @measure()
    def high(orders):
        """High."""
        return orders.amount.quantile(share)

    with pytest.raises(MeasureError, match=f"a share from 0 to 1, got {share}"):
        folded(small(("a", ago(1), 5.0)), high)
