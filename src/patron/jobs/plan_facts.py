"""Plan facts: what is known of the scored customers beside their answers, as far as offers and rules look at it."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import ibis
import pandas as pd
import pyarrow.parquet
from ibis.expr.types import Table

from patron.decisions import TIES, FormerContacts, columns_needed, lacking
from patron.errors import SettingsError
from patron.history.business_contacts import CONTACTS, begun_by_business
from patron.history.history import History
from patron.history.offers import OFFERS
from patron.history.ties import REFERRALS
from patron.jobs.kept import ScoredRun, read_kept, rows_name
from patron.periods import EVER
from patron.portfolio.broken_rules import RULES
from patron.portfolio.guardrails import GUARDRAILS, guardrails
from patron.portfolio.terms import PortfolioTerms
from patron.settings import Settings

__all__ = ["OF_CONTACTS", "check_offer_columns", "plan_facts"]

OF_CONTACTS = (CONTACTS, OFFERS)
OF_TIES = (TIES, REFERRALS)
ANSWER = re.compile(
    r"(churn|cancellation|win_back)_(probability|days_expected|within_\w+|by_\w+)|purchase_within_\w+|days_\w+"
    r"|expected_profit|profit_\w+|probability_\w+|(present_|settled_)?tier|value(_low|_high)?|next_(category|item)_\d+"
)


def check_offer_columns(settings: Settings, *known: Callable[[], Sequence[str]]) -> None:
    """Refuse an offer or a rule that looks at a column of which nothing will tell, long before a plan needs it.

    A name that answers have is left to the plan, which knows them.

    Args:
        settings: offers, rules, and the tables that there are.
        known: each returns columns of the rows; asked in turn, as long as one is missing.

    Raises:
        SettingsError: nothing tells of a column.
    """
    names = [*columns_needed(settings.offers, settings.rules)]
    if TIES in names and {*OF_TIES} & {*settings.tables}:
        names.remove(TIES)
    has_contacts = settings.outcomes or {*OF_CONTACTS} & {*settings.tables}
    former = (*FormerContacts.among(names).columns, *GUARDRAILS) if has_contacts else ()
    open_ = [name for name in names if name not in former and not ANSWER.fullmatch(name)]
    columns: list[str] = []
    for source in known:
        if not {*open_} <= {*columns}:
            columns += source()
    for name in open_:
        if name not in columns:
            raise SettingsError(lacking(name, columns, settings.offers))


def plan_facts(
    needed: Sequence[str],
    run: ScoredRun,
    history: Callable[[], History] | None,
    lacking: Callable[..., str],
    terms: PortfolioTerms,
) -> pd.DataFrame | None:
    """Return a row for each scored customer with the columns that a plan looks at; None where it looks at none.

    Features and attributes are those of the scored rows. Former contacts are those that the business began, from the
    event tables `contacts` and `offers` (but for its control), where there are any; of these and of tickets come the
    type of each relationship and the rules that are broken.

    Args:
        needed: names of the columns.
        run: the scoring run.
        history: returns the event tables, where they have contacts.
        lacking: returns the message about a column that nothing tells of, and the columns that there are.
        terms: which types of relationships there are.

    Raises:
        SettingsError: nothing tells of a column.
    """
    of_contacts = FormerContacts.among(needed) if history else FormerContacts()
    of_rules = [name for name in needed if history and name in GUARDRAILS and name not in run.columns]
    apart = (*of_contacts.columns, *of_rules, *run.columns)
    of_rows = [name for name in needed if name not in apart]
    answers = [name for name in needed if name in run.columns]
    if not needed:
        return None
    facts = run.scores(["customer", *answers])
    if of_rows:
        facts = facts.merge(_of_rows(of_rows, run, lacking), "left", "customer")
    if history and of_contacts.columns:
        facts = facts.merge(_former(history(), run.cutoff, of_contacts), "left", "customer")
    if history and of_rules:
        facts = facts.merge(_of_relationships(history(), run.cutoff, terms, of_rules), "left", "customer")
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


def _of_relationships(history: History, cutoff: datetime, terms: PortfolioTerms, names: list[str]) -> pd.DataFrame:
    """The type of each relationship and the rules that are broken, as far as the tables tell them."""
    known = guardrails(history, cutoff, terms)
    for name in names:
        if name not in known:
            needs = RULES[name][1] if name in RULES else "a table of contacts or offers"
            raise SettingsError(
                f"An offer looks at {name!r}, which the tables do not tell: it needs {needs}. Declare it at the door, "
                "for example [tables.contacts] direction = 'the column', or leave the condition out."
            )
    return known[["customer", *names]].astype({"customer": str})


def _begun(rows: Table) -> Table:
    """Whom the business contacted how long ago."""
    rows = begun_by_business(rows)
    return rows.select(customer=rows.customer.cast("string"), days_ago=rows.days_ago)
