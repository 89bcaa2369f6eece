"""Plan facts: what is known of the scored customers beside their answers, as far as offers and rules look at it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import ibis
import pandas as pd
import pyarrow.parquet
from ibis.expr.types import Table

from patron.decisions import FormerContacts
from patron.errors import SettingsError
from patron.history.business_contacts import CONTACTS, begun_by_business
from patron.history.history import History
from patron.history.offers import OFFERS
from patron.jobs.kept import ScoredRun, read_kept, rows_name
from patron.periods import EVER

__all__ = ["OF_CONTACTS", "plan_facts"]

OF_CONTACTS = (CONTACTS, OFFERS)


def plan_facts(
    needed: Sequence[str], run: ScoredRun, history: Callable[[], History] | None, lacking: Callable[..., str]
) -> pd.DataFrame | None:
    """Return a row for each scored customer with the columns that a plan looks at; None where it looks at none.

    Features and attributes are those of the scored rows. Former contacts are those that the business began, from the
    event tables `contacts` and `offers` (but for its control), where there are any.

    Args:
        needed: names of the columns.
        run: the scoring run.
        history: returns the event tables, where they have contacts.
        lacking: returns the message about a column that nothing tells of, and the columns that there are.

    Raises:
        SettingsError: nothing tells of a column.
    """
    of_contacts = FormerContacts.among(needed) if history else FormerContacts()
    of_rows = [name for name in needed if name not in of_contacts.columns and name not in run.columns]
    answers = [name for name in needed if name in run.columns]
    if not needed:
        return None
    facts = run.scores(["customer", *answers])
    if of_rows:
        facts = facts.merge(_of_rows(of_rows, run, lacking), "left", "customer")
    if history and of_contacts.columns:
        facts = facts.merge(_former(history(), run.cutoff, of_contacts), "left", "customer")
    return facts


def _of_rows(names: list[str], run: ScoredRun, lacking: Callable[..., str]) -> pd.DataFrame:
    """Features and attributes of the customers, from the first kind of rows that has them."""
    paths = [run.staging.paths(rows_name(number)) for number in range(len(run.facts.definitions))]
    known = [name for kind in paths for name in pyarrow.parquet.read_schema(kind[0]).names]
    for name in names:
        if name not in known:
            raise SettingsError(lacking(name, [*run.columns, *known]))
    rows = pd.concat([_read(path, names, run.cutoff) for kind in paths for path in kind], ignore_index=True)
    return rows.groupby("customer", sort=False, as_index=False).first() if len(paths) > 1 else rows


def _read(path: Path, names: Sequence[str], cutoff: datetime) -> pd.DataFrame:
    there = [name for name in names if name in pyarrow.parquet.read_schema(path).names]
    frame = read_kept(path, ["customer", "cutoff", *there])
    return frame[frame.cutoff == cutoff].drop(columns="cutoff")


def _former(history: History, cutoff: datetime, wanted: FormerContacts) -> pd.DataFrame:
    """How long ago the business last contacted each customer, and how often it did within some days."""
    tables = [_begun(history.past(name, cutoff, EVER)) for name in (CONTACTS, OFFERS) if name in history.tables]
    rows = ibis.union(*tables) if len(tables) > 1 else tables[0]
    counts = {name: (rows.days_ago <= days).sum().cast("float64") for name, days in wanted.windows.items()}
    last = {wanted.last: rows.days_ago.min()} if wanted.last else {}
    customers = rows.group_by("customer").aggregate(**last, **counts)
    frame = customers.to_pandas()
    return frame.assign(**{name: frame[name].astype(float) for name in wanted.columns})


def _begun(rows: Table) -> Table:
    """Whom the business contacted how long ago."""
    rows = begun_by_business(rows)
    return rows.select(customer=rows.customer.cast("string"), days_ago=rows.days_ago)
