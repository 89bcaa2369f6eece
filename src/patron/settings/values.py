"""Settings as Python values: what a run needs beside the code."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeAlias, TypeVar

from patron.decisions import CrmImport, Offer, Rules
from patron.engines.files import Source
from patron.engines.spark import Spark
from patron.errors import HistoryError, QuestionError, listed, nearest
from patron.explanations.tested_levers import TestedLever
from patron.history import sources
from patron.history.decided_offers import decided_offers, with_decided
from patron.history.event_tables import Events, Role
from patron.history.history import History
from patron.history.joins import Join
from patron.history.offers import OFFERS
from patron.history.tolerance import Tolerance
from patron.models.budgets import Budget
from patron.periods import Moment, Split
from patron.portfolio.terms import PortfolioTerms
from patron.questions.question import Question
from patron.settings.identity import Identity
from patron.settings.panels import PanelFile
from patron.settings.registry import RegistrySettings
from patron.settings.subscriptions import Subscriptions

__all__ = ["FOR_HISTORY", "Attributes", "Reading", "Settings", "Table", "as_it_is"]

FOR_HISTORY = "outcomes"
"""The folder, in that of the results, of the event tables that past decisions left."""

Opened = TypeVar("Opened")
Reading: TypeAlias = Callable[[Source], Source]
"""What is read in the place of a path, where an engine opens it in its own way."""


def as_it_is(source: Source) -> Source:
    """Return a source itself, which the engine of this machine opens."""
    return source


@dataclass(frozen=True)
class Table:
    """Where one event table lies, and what its columns mean.

    Args:
        path: a Parquet, CSV or Excel file, a folder of Parquet or CSV files that are one table, or a table of a
            database, such as "shop.sqlite#orders" or "$SHOP#orders", where SHOP is a variable of the environment.
        roles: the column of each role, for example {"customer": "cust_id", "at": "ts"}, or a function of the table.
        where: columns and the value (or list of values) that a row must have to be read.
        returns: columns and the value (or values) that mark a row as taking a purchase back.
        timezone: where the business lives.
        duplicates: "keep", or "drop" to set aside rows that repeat another one in every column; empty for "drop" of
            offers with their arm, "keep" of all others.
        since: the day from which events count; None where only a few events long before all others do not.
        until: the day before which events count; None where only a few events long after all others do not.
        fill_down: columns whose empty cells are filled from the first row of the same order; None where only rows
            without customer or time have those of their order.
        rows: "orders" where each row is a purchase, "lines" where those of one order, or of one customer and time,
            are one; empty where only those of one order number are.
        gaps: "missing" where weeks without events are holes in the data, "closed" where the business was closed.
        not_customers: keys that stand for nobody; None for the usual words, such as guest and n/a.
        customer_case: "keep", or "fold" where keys that differ only in capitals and blanks are one customer.
        at_format: how the times are written, for example "%d/%m/%Y", or what numbers are, for example "seconds".
        known_at_format: the same for the times at which facts became known.
        decimal: the sign before decimals in texts of numbers, "," or ".".
        rates: what one unit of each currency is worth in that of the business, where rows have several.
        encoding: how the bytes of a CSV file are read; by default UTF-8 where they are that.
        sheet: the sheet of an Excel file, or "*" for all of the same columns; by default the first, or a series.
        joins: other files whose columns the rows get, in order, each by a key that is unique there.
        control: the arms of a table of offers that got nothing; empty where they are called so.
        incoming: the directions of contacts that customers began; empty where they are called so.
        complaints: the kinds of contacts that complain; None where they are called so, empty where none does.
    """

    path: Path | str
    roles: Mapping[str, Role]
    where: Mapping[str, object] | None = None
    returns: Mapping[str, object] | None = None
    timezone: str = "UTC"
    duplicates: str = ""
    since: Moment | None = None
    until: Moment | None = None
    gaps: str = "missing"
    not_customers: tuple[str, ...] | None = None
    customer_case: str = "keep"
    at_format: str = ""
    known_at_format: str = ""
    decimal: str = ""
    rates: Mapping[str, float] | None = None
    encoding: str = ""
    sheet: str = ""
    fill_down: Sequence[str] | None = None
    rows: str = ""
    joins: tuple[Join, ...] = ()
    control: str | Sequence[str] = ()
    incoming: str | Sequence[str] = ()
    complaints: str | Sequence[str] | None = None

    def open(self, source: Reading = as_it_is) -> Events:
        """Return the declared events, ready for a history.

        Args:
            source: what is read in the place of a path.

        Raises:
            HistoryError: the file is not there, or lacks a column.
        """
        return sources.events(
            source(self.path),
            self.where,
            self.returns,
            self.timezone,
            self.duplicates,
            self.since,
            self.until,
            self.gaps,
            self.not_customers,
            self.customer_case,
            self.at_format,
            self.known_at_format,
            self.decimal,
            self.rates,
            self.encoding,
            self.sheet,
            self.fill_down,
            self.rows,
            [replace(join, source=source(join.source)) for join in self.joins],
            self.control,
            self.incoming,
            self.complaints,
            **self.roles,
        )


@dataclass(frozen=True)
class Attributes:
    """Where one table of attributes lies, and which of its columns count.

    Args:
        path: a Parquet, CSV or Excel file, a folder of Parquet or CSV files that are one table, or a table of a
            database, such as "shop.sqlite#orders" or "$SHOP#orders", where SHOP is a variable of the environment.
        roles: the column of the customer's key, and that of the time from which a row holds; without it, at any time.
        where: columns and the value (or list of values) that a row must have to be read.
        timezone: where the business lives.
        duplicates: "keep", or "drop" to set aside rows that repeat another one in every column.
        leave_out: columns that must not count.
        not_customers: keys that stand for nobody; None for the usual words, such as guest and n/a.
        customer_case: "keep", or "fold" where keys that differ only in capitals and blanks are one customer.
        at_format: how the times are written, for example "%d/%m/%Y", or what numbers are, for example "seconds".
        known_at_format: the same for the times at which facts became known.
        formats: the form of the dates of attributes that do not show it, for example {"born": "%d/%m/%Y"}.
        encoding: how the bytes of a CSV file are read; by default UTF-8 where they are that.
        sheet: the sheet of an Excel file, or "*" for all of the same columns; by default the first, or a series.
        decimal: the sign before decimals in texts of numbers, "," or ".".
    """

    path: Path | str
    roles: Mapping[str, Role]
    where: Mapping[str, object] | None = None
    timezone: str = "UTC"
    duplicates: str = "keep"
    leave_out: tuple[str, ...] = ()
    not_customers: tuple[str, ...] | None = None
    customer_case: str = "keep"
    at_format: str = ""
    known_at_format: str = ""
    formats: Mapping[str, str] | None = None
    encoding: str = ""
    sheet: str = ""
    decimal: str = ""

    def open(self, source: Reading = as_it_is) -> Events:
        """Return the declared attributes, ready for a history.

        Args:
            source: what is read in the place of a path.

        Raises:
            HistoryError: the file is not there, or lacks a column.
        """
        return sources.attributes(
            source(self.path),
            self.where,
            self.timezone,
            self.duplicates,
            self.leave_out,
            self.not_customers,
            self.customer_case,
            self.at_format,
            self.known_at_format,
            self.formats,
            self.encoding,
            self.sheet,
            self.decimal,
            **self.roles,
        )


@dataclass(frozen=True)
class Settings:
    """Where and how one business is asked: everything that a run needs beside the code.

    Args:
        name: the business, as models and folders are called.
        tables: event tables by name.
        questions: what is asked, each with its horizon.
        split: the cutoffs of training, validation and test; None where a panel tells them, or has none.
        root: the folder that holds `mlruns`.
        out: the folder for scores, reports and decisions.
        score_at: the cutoff that is scored; the midnight after the last event where it is None.
        offers: what a customer can be given.
        crm: what CRM systems import of scores and decisions.
        budget: what may be spent on offers, in the currency of the amounts.
        holdout: share of the chosen customers who are left untreated, so that the effect can be measured.
        exploration: share of the customers who may get any offer for whom a lot takes the place of the plan.
        effects: the file of effects that past campaigns showed, which take the place of the assumed ones.
        rules: capacities of channels, caps on contacts, and whether the lower bound of the gain counts.
        value: profit of a kept customer over the horizon, in currency, where no tier question tells it.
        seed: what chance starts from.
        top_reasons: the number of drivers told for each customer.
        currency: what the amounts are in, as reports write it; money stands without it where nobody said.
        attributes: tables of what is known of customers, by name.
        identity: which keys of the tables are one customer, where some are.
        panels: ready-made rows in the place of event tables, by name.
        subscriptions: the table of contracts by name, where there is one.
        tuning: how long `patron tune` tries parameters, for all questions together.
        contract: how far tables may differ from those of the training before scoring is refused.
        levers: what the business does, in words, to change a measure, by the measure (or one of its columns), beside
            those that say so themselves; or with what a trial of it showed.
        refits: how often the explained champion is fitted again to measure whether its reasons stay; as often as
            `patron.explanations.stability` does unless given.
        registry: where runs and models are kept, and how many persons must agree to a new champion.
        memory: gigabytes that scoring may take; None for a quarter of the machine.
        reasons_in_scores: whether scores have the reasons of each answer beside it, as texts.
        outcomes: whether the decisions that `patron learn` has measured are read as offers beside those of the tables.
        portfolio: how the relationship portfolio is told.
        spark: the session that `--engine spark` runs on; one of this machine where it is None.
    """

    name: str
    tables: Mapping[str, Table]
    questions: tuple[Question, ...]
    split: Split | None
    root: Path
    out: Path
    score_at: datetime | None = None
    offers: tuple[Offer, ...] = ()
    budget: float = 0.0
    holdout: float = 0.1
    exploration: float = 0.0
    rules: Rules = Rules()
    effects: Path | None = None
    value: float | None = None
    seed: int = 0
    top_reasons: int = 3
    currency: str = ""
    crm: tuple[CrmImport, ...] = ()
    attributes: Mapping[str, Attributes] = field(default_factory=dict)
    identity: Identity | None = None
    panels: Mapping[str, PanelFile] = field(default_factory=dict)
    subscriptions: Mapping[str, Subscriptions] = field(default_factory=dict)
    tuning: Budget = Budget()
    contract: Tolerance = Tolerance()
    levers: Mapping[str, str | TestedLever] = field(default_factory=dict)
    refits: int | None = None
    registry: RegistrySettings = RegistrySettings()
    memory: float | None = None
    reasons_in_scores: bool = False
    outcomes: bool = False
    portfolio: PortfolioTerms = PortfolioTerms()
    spark: Spark | None = None

    def history(self, source: Reading = as_it_is) -> History:
        """Open and check all event tables.

        Args:
            source: what is read in the place of a path of events and attributes.

        Raises:
            HistoryError: a file is not there, or a table breaks a promise.
        """
        known = _open("The identity table ([identity])", self.identity.open) if self.identity else None
        return History.of(identities=known, **self.declared(source))

    def declared(self, source: Reading = as_it_is) -> dict[str, Events]:
        """Open all event tables and attributes, with keys as their files have them.

        Args:
            source: what is read in the place of a path of events and attributes.

        Raises:
            HistoryError: a file is not there, or lacks a column.
        """
        tables = {
            name: _open(f"Event table {name!r} ([tables.{name}])", partial(table.open, source))
            for name, table in self.tables.items()
        }
        facts = {
            name: _open(f"Attribute table {name!r} ([attributes.{name}])", partial(table.open, source))
            for name, table in self.attributes.items()
        }
        contracts = {
            name: _open(f"The table of contracts {name!r} ([subscriptions.{name}])", table.open)
            for name, table in self.subscriptions.items()
        }
        past = decided_offers(self.outcomes_path) if self.outcomes_path else None
        if past is not None:
            tables[OFFERS] = with_decided(tables[OFFERS], past) if OFFERS in tables else past
        return tables | contracts | facts

    @property
    def outcomes_path(self) -> Path | None:
        """Where the offers lie that past decisions left; none where they are not read."""
        return self.out / FOR_HISTORY / f"{OFFERS}.parquet" if self.outcomes else None

    @property
    def files(self) -> dict[str, Table | Subscriptions | Attributes | PanelFile]:
        """What names a file: event tables, contracts, attributes and panels, by the name of the table."""
        return {**self.tables, **self.subscriptions, **self.attributes, **self.panels}

    def question(self, name: str) -> Question:
        """Return the question of that name, for example churn.

        Raises:
            QuestionError: the settings do not ask it.
        """
        questions = {question.name: question for question in self.questions}
        if name not in questions:
            raise QuestionError(
                f"The settings {self.name!r} ask no question {name!r}.{nearest(name, questions)} They ask: "
                f"{listed(questions)}. Add one below [questions], for example churn = {{ horizon = 90 }}."
            )
        return questions[name]


def _open(place: str, opened: Callable[[], Opened]) -> Opened:
    try:
        return opened()
    except HistoryError as error:
        raise HistoryError(f"{place}: {error}") from None
