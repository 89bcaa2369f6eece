"""Measured: what each customer of a decision did before it and within the horizon after it, as the engine counts it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
from ibis.expr.types import Table

from patron.decisions.outcomes.decision_tables import CARRIED_OUT, CHANGED, CONTROL, SKIPPED, TREAT
from patron.decisions.uplift.campaigns import OUTCOMES, without_offers
from patron.features import purchases
from patron.features.compute.generic import feature_table
from patron.features.measures import Feature
from patron.history.history import History
from patron.history.offers import OFFERS, are_treated
from patron.history.point_in_time import in_window
from patron.periods import Span
from patron.questions.kinds import Tier
from patron.questions.profit import CostModel
from patron.questions.question import Question

__all__ = ["DONE", "Window"]

DONE = "done"
TIES, OTHER = ("ties", "referrals"), "other"  # event tables of pairs: customer, and the other one
YES, OTHERWISE = ("true", "yes", "y", "1", "1.0", "t", "done", "carried out"), ("changed", "other", "replaced")
Events = Callable[[str, Span], Table]


@dataclass(frozen=True, eq=False)
class Window:
    """The time after one cutoff in which outcomes are counted: the horizon, or as much of it as has passed.

    Args:
        history: the checked event tables.
        cutoff: of the decisions.
        question: what an offer should keep from happening, with the whole horizon.
        costs: what is left of money that comes in; None where profit is not counted.
    """

    history: History
    cutoff: datetime
    question: Question
    costs: CostModel | None

    @cached_property
    def is_over(self) -> bool:
        """Whether the whole horizon has passed."""
        return bool(in_window(self.history.ends, self.question.horizon.after(self.cutoff)))

    @cached_property
    def days(self) -> int:
        """How many days of the horizon have passed; 0 where none has."""
        if self.is_over:
            return self.question.horizon.days_after(self.cutoff)
        return max((self.history.ends - self.cutoff).days, 0)

    @property
    def span(self) -> Span:
        """What has passed of the horizon."""
        return self.question.horizon if self.is_over else Span(self.days)

    def measure(self, decided: pd.DataFrame) -> pd.DataFrame:
        """Return the decisions of the cutoff with what came of each, and what was known before.

        Args:
            decided: the decisions of this cutoff, each customer once.

        Returns:
            Besides the columns of the decisions: `kept` (1 where the customer bought, or no contract ended, within
            the window), `orders_before`, and where profit is counted `before` (profit over a horizon before the
            cutoff), `gross` (profit within the window, whatever offers cost) and `earned` (after what they cost).
            Without costs the profit is the `value` of the decision where the customer stayed.
        """
        spine = ibis.memtable(pa.table({"customer": pa.array(decided.customer, pa.string())}))
        spine = spine.mutate(cutoff=ibis.literal(self.cutoff))
        after, before = self._after(spine), self._before(spine)
        result = decided.assign(**{name: _aligned(after[name], decided.customer) for name in after})
        result = result.assign(**{name: _aligned(before[name], decided.customer) for name in before})
        _, raised = OUTCOMES[self.question.name]
        result["kept"] = raised(result.kept.to_numpy())
        if self.costs is None and "value" in result:
            result["gross"] = result.kept * result.value.fillna(0.0)
        if "gross" in result:
            result["earned"] = self._earned(spine, result)
        return result

    @cached_property
    def reached(self) -> pd.DataFrame | None:
        """Who got which offer within the window, and who was held out, by the table of offers; None without it.

        Its columns are `customer`, `offer`, `got` (whether they got it) and `accepted` (share of the contacts; null
        where the table does not say it).
        """
        if OFFERS not in self.history.tables:
            return None
        rows = self._rows(OFFERS)
        treated = are_treated(rows)
        rows = rows.mutate(got=ibis.literal(True) if treated is None else treated.fill_null(False))
        offer = rows.offer if "offer" in rows.columns else ibis.literal(OFFERS)
        taken = (
            rows.accepted.cast("float64").mean(where=rows.got) if "accepted" in rows.columns else ibis.null("float64")
        )
        by_customer = rows.group_by(customer=rows.customer.cast("string"), offer=offer)
        return by_customer.aggregate(got=rows.got.any(), accepted=taken).to_pandas()

    def carried_out(self) -> pd.DataFrame | None:
        """Return what was really done by the table `done`, a row for each report, in time; None without it.

        Returns:
            `customer`, `at`, `how` (carried out, changed or skipped), and `offer`, `why` and `team` where the table has
            them.
        """
        if DONE not in self.history.tables or DONE not in self.history[DONE].columns:
            return None
        rows = self._rows(DONE)
        named = [name for name in ("offer", "why", "team") if name in rows.columns]
        word = rows[DONE].cast("string").strip().lower()
        how = ibis.cases((word.isin(YES), CARRIED_OUT), (word.isin(OTHERWISE), CHANGED), else_=SKIPPED)
        frame = rows.select("at", *named, customer=rows.customer.cast("string"), how=how).to_pandas()
        return frame.sort_values("at", kind="stable", ignore_index=True)

    def tied_to_treated(self, decided: pd.DataFrame) -> pd.Series | None:
        """Return the held out who are tied to somebody to be treated at this cutoff; None where no table tells ties.

        Args:
            decided: the decisions of this cutoff.
        """
        tables = [self.history[name] for name in TIES if name in self.history.tables]
        pairs = [rows.select(a=rows.customer, b=rows[OTHER]) for rows in tables if OTHER in rows.columns]
        if not pairs:
            return None
        pair = ibis.union(*(each.cast({"a": "string", "b": "string"}) for each in _both_ways(pairs)))
        arms = {name: decided.customer[decided.group == name] for name in (TREAT, CONTROL)}
        treated, held = (ibis.memtable(pa.table({"key": pa.array(arm, pa.string())})) for arm in arms.values())
        tied = pair.semi_join(treated, pair.b == treated.key)
        return tied.semi_join(held, tied.a == held.key).select("a").distinct().to_pandas().a

    @property
    def _offers_cost(self) -> bool:
        """Whether the tables say what offers cost, so that the ledger has it already."""
        per_event = self.costs.cost_per_event if self.costs else {}
        return OFFERS in self.history.tables and ("cost" in self.history[OFFERS].columns or OFFERS in per_event)

    def _after(self, spine: Table) -> pd.DataFrame:
        """Return the label of the question, and the profit whatever offers cost, within the window."""
        question, bare = without_offers(replace(self.question, horizon=self.span), self.history)
        labels = {"kept": question.label(bare)}
        if self.costs is not None:
            labels["gross"] = without_offers(Tier(self.span, costs=self.costs), self.history)[0].label(bare)
        return _columns(spine, self._future(bare), labels, self.span)

    def _before(self, spine: Table) -> pd.DataFrame:
        """Return orders and profit over a horizon before the cutoff, as far as the tables tell them."""
        horizon = self.question.horizon
        _, bare = without_offers(self.question, self.history)
        known: dict[str, Feature] = {"orders_before": purchases.orders.over(horizon)} if "orders" in bare.tables else {}
        if self.costs is not None:
            known["before"] = without_offers(Tier(horizon, costs=self.costs), self.history)[0].label(bare)
        return _columns(spine, self._past(bare), known, horizon)

    def _earned(self, spine: Table, rows: pd.DataFrame) -> pd.Series:
        """Return the profit within the window after what offers cost: as recorded, of other offers as planned."""
        planned = np.where(rows.group == TREAT, rows.cost.fillna(0.0) if "cost" in rows else 0.0, 0.0)
        if self.costs is None or not self._offers_cost:
            return rows.gross - planned
        profit = {"earned": Tier(self.span, costs=self.costs).label(self.history)}
        table = _columns(spine, self._future(self.history), profit, self.span)
        recorded = rows.offer.isin([] if self.reached is None else self.reached.offer)
        return _aligned(table.earned, rows.customer) - np.where(recorded, 0.0, planned)

    def _future(self, history: History) -> Events:
        return lambda name, horizon: history.future(name, self.cutoff, horizon)

    def _past(self, history: History) -> Events:
        return lambda name, window: history.past(name, self.cutoff, window)

    def _rows(self, name: str) -> Table:
        return self.history.future(name, self.cutoff, self.span)


def _both_ways(pairs: Sequence[Table]) -> list[Table]:
    """Return tables of pairs with each pair the other way round as well."""
    return [*pairs, *(each.select(a=each.b, b=each.a) for each in pairs)]


def _columns(spine: Table, events: Events, features: Mapping[str, Feature], window: Span) -> pd.DataFrame:
    """Return features of the customers under names of their own, by customer; one query."""
    if not features:
        return pd.DataFrame(index=pd.Index([], name="customer"))
    table = feature_table(spine, events, tuple(features.values()))
    named = {name: table[feature.column(window)] for name, feature in features.items()}
    return table.select("customer", **named).to_pandas().set_index("customer")


def _aligned(column: pd.Series, customers: pd.Series) -> np.ndarray:
    """Return a column in the order of the customers."""
    return column.loc[customers].to_numpy(dtype=np.float64)
