"""Contract checks: rows that cannot be contracts are set aside, and what looks otherwise than usual is counted."""

from dataclasses import replace

import ibis
from ibis.expr.types import Table

from patron.history.event_tables import Events

__all__ = ["UNREAD", "contract_notes", "outside_notes", "without_faults"]

UNREAD = "end_not_read"
NO_END, BACKWARDS, AGAIN = "end that cannot be read", "end before its start", "another row of the same contract"
DAY = 86_400_000_000
FAR = "2199-01-01"
SOON = 31


def without_faults(declared: Events) -> Events:
    """Set aside contracts that end before they start or whose end cannot be read, and rows of a contract but the last.

    Of several rows of one number and start that counts which has an end, of these the one recorded last.
    """
    rows = declared.table
    reasons = [(rows[UNREAD].fill_null(False), NO_END)] if UNREAD in rows.columns else []
    reasons.append(((rows.end < rows["at"]).fill_null(False), BACKWARDS))
    marked = rows.mutate(set_aside=ibis.coalesce(rows.set_aside, ibis.cases(*reasons, else_=ibis.null("string"))))
    if "contract" in rows.columns:
        far = ibis.literal(FAR).cast("timestamp(6)")
        written = ibis.coalesce(marked.recorded, marked.end, far) if "recorded" in rows.columns else marked.end
        order = [marked.end.isnull(), written.desc(), marked.end.desc()]
        key = [marked.set_aside, marked.customer, marked.contract, marked["at"]]
        place = ibis.row_number().over(ibis.window(group_by=key, order_by=order))
        again = marked.set_aside.isnull() & marked.contract.notnull() & (place > 0)
        marked = marked.mutate(set_aside=again.ifelse(AGAIN, marked.set_aside))
    marked = marked.cache()
    return replace(declared, table=marked, used=marked.filter(marked.set_aside.isnull()).drop("set_aside"))


def contract_notes(rows: Table, grace: int) -> tuple[str, ...]:
    """Count what a reader of the receipt should know of the contracts, each with the line that changes it; one query.

    Args:
        rows: the contracts that are used.
        grace: days after which an end counts.
    """
    end = rows.end - ibis.interval(days=grace) if grace else rows.end
    covered = ibis.coalesce(end, ibis.literal(FAR).cast("timestamp(6)"))
    order = ibis.window(group_by=rows.customer, order_by=[rows["at"], end])
    before = covered.max().over(ibis.cumulative_window(group_by=rows.customer, order_by=[rows["at"], end]))
    counted = rows.mutate(reached=before).mutate(reached_before=lambda t: t.reached.lag().over(order))
    gap = counted["at"].delta(counted.reached_before, unit="microsecond") / DAY
    figures = {
        "open": counted.end.isnull().sum(),
        "overlaps": (gap < 0).sum(),
        "goes_on": ((gap >= 0) & (gap <= grace)).sum(),
        "soon": ((gap > grace) & (gap <= grace + SOON)).sum(),
        "back": (gap > grace).sum(),
        "late": (counted.recorded > counted.end).sum() if "recorded" in rows.columns else ibis.literal(0),
        "early": (counted.recorded < counted.end).sum() if "recorded" in rows.columns else ibis.literal(0),
    }
    n = {name: int(value or 0) for name, value in counted.aggregate(**figures).to_pyarrow().to_pylist()[0].items()}
    return tuple(note for name, note in _notes(n, grace).items() if n[name])


def outside_notes(rows: Table, contracts: Table) -> tuple[str, ...]:
    """Count the events of another table before a customer's first contract and after the last has ended; one query.

    Args:
        rows: the events.
        contracts: the contracts as they are declared, each with `at` and `end`.
    """
    far = ibis.literal(FAR).cast("timestamp(6)")
    spans = contracts.group_by("customer").aggregate(
        first=contracts["at"].min(), last=ibis.coalesce(contracts.end, far).max()
    )
    joined = rows.select("customer", time=rows["at"]).join(spans, "customer")
    counts = joined.aggregate(before=(joined.time < joined["first"]).sum(), after=(joined.time > joined["last"]).sum())
    n = {name: int(value or 0) for name, value in counts.to_pyarrow().to_pylist()[0].items()}
    notes = {
        "before": f"{n['before']:,} rows are of customers before their first contract, and count as any other",
        "after": f"{n['after']:,} rows are of customers after their last contract ended, and count as any other; where "
        "that is a day at most, the end is the last day of the contract: name the day after it",
    }
    return tuple(note for name, note in notes.items() if n[name])


def _notes(n: dict[str, int], grace: int) -> dict[str, str]:
    return {
        "open": f"{n['open']:,} contracts are open",
        "overlaps": f"{n['overlaps']:,} contracts begin while another of the same customer runs; the customer is under "
        "contract until the last of them ends",
        "goes_on": f"{n['goes_on']:,} contracts go on with one that ended before",
        "back": f"{n['back']:,} contracts are of customers who had left and came back",
        "soon": f"{n['soon']:,} of these began within {SOON} days after the end; where that is a renewal, say after "
        f"how many days an end counts (grace = {grace + SOON})",
        "late": f"{n['late']:,} ends were recorded after they came; until then the customer counts as under contract",
        "early": f"{n['early']:,} ends were recorded before they came, and count as notices given from then on",
    }
