"""The terminal shows a receipt in columns, narrow enough for a screen."""

from datetime import datetime

from patron.history.event_tables import Assumption
from patron.history.receipts import Receipt, receipt_table
from patron.reports.terminal import receipt_lines

MAY = datetime(2024, 5, 1)


def test_a_receipt_is_aligned_and_wrapped_with_the_line_that_changes_what_was_assumed() -> None:
    long, assumed = "many words " * 12, Assumption("times are UTC", 'timezone = "Europe/Paris"')
    receipt = Receipt("orders", 12_345, {"no time": 5}, 12_340, 7, MAY, MAY, (long,), assumed=(assumed,))
    lines = receipt_lines(receipt_table([receipt])).splitlines()
    assert [line[20:] for line in lines[1:6]] == [
        "read            12,345",
        "set aside            5  no time",
        "used            12,340  7 customers, 2024-05-01 to 2024-05-01",
        "assumed                 times are UTC",
        '                        to change it: timezone = "Europe/Paris"',
    ]
    assert lines[0] == "history   orders"
    assert len(lines) == 8
    assert max(map(len, lines)) <= 120
