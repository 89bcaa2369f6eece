"""Composition: the relationship portfolio of a history, from its customers at two cutoffs to all figures of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
import pandas as pd

from patron.errors import QuestionError, listed
from patron.history.history import History
from patron.periods import Moment, Span, instant
from patron.portfolio.buying_style import with_style
from patron.portfolio.cash import cash_of
from patron.portfolio.channels import NO_CHANNEL, NOBODY_BEGAN, Channels, channels_of
from patron.portfolio.classification import SCORE, class_names
from patron.portfolio.comparison import Comparison, comparison
from patron.portfolio.concentration import concentration_curve, herfindahl, top_shares
from patron.portfolio.core_alarm import Alarm, Change, core_alarm
from patron.portfolio.customers import LATELY, profit_parts
from patron.portfolio.equity import equity_bridge, equity_by, total
from patron.portfolio.headroom import Headroom, with_headroom
from patron.portfolio.letting_go import first_step, loss_reason, option_to_end
from patron.portfolio.migration import adjusted_rand, moves
from patron.portfolio.relationship_types import type_names
from patron.portfolio.result import Portfolio
from patron.portfolio.rfm import LEAST, rfm_grid
from patron.portfolio.scorecard import scorecard, service_rows, unknown_ratios
from patron.portfolio.tenure import LEAST_PAIRS, tenure_profile, tenure_rows
from patron.portfolio.terms import PortfolioTerms
from patron.questions.kinds import Tier, tier
from patron.questions.matrices import row_source
from patron.questions.profit import profit_before

__all__ = ["portfolio_at"]

YEAR = 365.25
RISK = 0.90  # level of the interval whose lower bound is the 5 % quantile
GROUPS = ("cohort", "channel", "segment", "tier", "relationship", "relationship_type", "loyalty_stage")


def portfolio_at(history: History, cutoff: Moment, question: Tier | None, terms: PortfolioTerms) -> Portfolio:
    """Return what `patron.portfolio.portfolio` does.

    Args:
        history: the checked event tables.
        cutoff: only events before it are looked at.
        question: which tiers of which profit.
        terms: what it is compared with, how far it looks ahead, and how customers are scored and named.

    Raises:
        QuestionError: as `patron.portfolio.portfolio` does.
    """
    row_source(history).check_events("A relationship portfolio")
    if "orders" not in history.tables:
        raise QuestionError(
            f"A relationship portfolio looks at 'orders', and the tables are: {listed(history.tables)}. Declare the "
            "purchases, or the payments of contracts, as orders."
        )
    at = instant(cutoff)
    history.check_cutoff(at)
    return _composed(history, comparison(history, at, question, terms), terms)


def _composed(history: History, pair: Comparison, terms: PortfolioTerms) -> Portfolio:
    at, question, left_out = pair.times[-1], pair.question, pair.left_out
    period = (question or tier(90)).horizon
    classes = class_names(question, terms) | {"relationship_type": type_names(pair.relational.types)}
    moved, stability = _moves(pair, classes)
    gaining = _gaining(pair.now, left_out)
    bridge = _bridge(pair)
    cash, unknown = cash_of(history, at, (pair.before, pair.now), bridge, question, terms)
    left_out |= unknown
    now, headroom = _with_more(history, pair, period, terms)
    served = service_rows(history, pair.times, pair.frames, period, terms)
    left_out |= unknown_ratios(served)
    return Portfolio(
        cutoff=at,
        earlier=pair.times[0] if len(pair.times) > 1 else None,
        question=question,
        terms=terms,
        customers=now,
        before=pair.before,
        grid=_grid(now),
        groups={name: _group(now, name, classes.get(name)) for name in GROUPS if name in now},
        moved=moved,
        stability=stability,
        parts=_parts(history, now, question),
        ending=_ending(moved["tier"], now, question, terms) if "tier" in moved else pd.DataFrame(),
        tenure=_tenure(history, at, question, terms, left_out),
        equity=total(now.equity.to_numpy()) if "equity" in now else None,
        at_risk=_at_risk(now) if "equity" in now else None,
        bridge=bridge,
        cash=cash,
        headroom=headroom,
        alarms=_alarms(history, at, terms.changes, period, left_out),
        channels=_channels(history, at, left_out),
        scorecard=scorecard(served, "segment"),
        tier_card=scorecard(served, "tier"),
        curves={name: concentration_curve(values) for name, values in gaining.items()},
        tops=top_shares(gaining["spend"]) if "spend" in gaining else {},
        herfindahl={name: herfindahl(values) for name, values in gaining.items()},
        ledger=_ledger(history, at, question, now) if question else {},
        relational=pair.relational,
        social=pair.social,
        left_out=left_out,
    )


def _moves(pair: Comparison, classes: Mapping[str, Sequence[str]]) -> tuple[dict[str, pd.DataFrame], dict[str, float]]:
    """Return the moves between classes that are known at both cutoffs, and how far they agree."""
    if pair.before.empty:
        return {}, {}
    names = [name for name in classes if name in pair.now and name in pair.before]
    then, now = (frame.set_index("customer")[names] for frame in (pair.before, pair.now))
    then = then.reindex(now.index)
    moved = {name: moves(then[name], now[name], classes[name]) for name in names}
    return moved, {name: adjusted_rand(then[name], now[name]) for name in names}


def _gaining(customers: pd.DataFrame, left_out: dict[str, str]) -> dict[str, np.ndarray]:
    """Return the money of each customer that all customers together bring, where it is above zero."""
    if "segment" not in customers:
        count = f"{len(customers)} customer{'s' if len(customers) > 1 else ''}"
        left_out["scores and segments"] = f"They compare customers, and there is {count}: at least {LEAST} are needed."
    money = {name: customers[name].to_numpy(np.float64) for name in _money(customers)}
    for name, values in money.items():
        if not values.sum() > 0:
            left_out[f"concentration of {name}"] = f"All customers together bring {values.sum():,.2f}."
    return {name: values for name, values in money.items() if values.sum() > 0}


def _bridge(pair: Comparison) -> pd.DataFrame:
    known = len(pair.before) and "equity" in pair.before and "equity" in pair.now
    return equity_bridge(pair.before, pair.now) if known else pd.DataFrame()


def _with_more(
    history: History, pair: Comparison, period: Span, terms: PortfolioTerms
) -> tuple[pd.DataFrame, Headroom]:
    """Return the customers of now with what they lose by, could spend and how they buy; and how that was foreseen."""
    at, now = pair.times[-1], _with_losses(history, pair.now, pair.question)
    now, headroom, untold = with_headroom(history, at, now, period, terms.outside_total)
    now, styleless = with_style(history, at, now)
    pair.left_out.update(untold | styleless)
    return now, headroom


def _alarms(
    history: History, at: datetime, changes: Sequence[Change], period: Span, left_out: dict[str, str]
) -> tuple[Alarm, ...]:
    alarms = {
        change.name: core_alarm(history, at, change, period, [other for other in changes if other != change])
        for change in changes
    }
    left_out |= {name: alarm for name, alarm in alarms.items() if isinstance(alarm, str)}
    return tuple(alarm for alarm in alarms.values() if isinstance(alarm, Alarm))


def _channels(history: History, at: datetime, left_out: dict[str, str]) -> Channels:
    channels = channels_of(history, at)
    if channels.mix.empty:
        left_out["channels"] = NO_CHANNEL
    elif channels.repeats.empty:
        left_out["repeated contacts"] = NOBODY_BEGAN
    return channels


def _money(customers: pd.DataFrame) -> list[str]:
    return [name for name in ("spend", "profit") if name in customers]


def _grid(customers: pd.DataFrame) -> pd.DataFrame:
    if "segment" not in customers:
        return pd.DataFrame()
    scores = customers.filter(like=SCORE).rename(columns=lambda name: name.removeprefix(SCORE))
    money = [*_money(customers), *(("equity",) if "equity" in customers else ())]
    return rfm_grid(scores, customers[money])


def _group(customers: pd.DataFrame, name: str, names: Sequence[str] | None) -> pd.DataFrame:
    """Return the sums of each group; classes in their order, each of them, whether or not anybody is in it."""
    frame = customers if names is None else customers.assign(**{name: pd.Categorical(customers[name], names)})
    return equity_by(frame, name)


def _parts(history: History, customers: pd.DataFrame, question: Tier | None) -> pd.DataFrame:
    """Return what each table brought over the horizon, by tier, worst first, with the profit that they add up to."""
    if question is None:
        return pd.DataFrame()
    columns = [part.name + LATELY for part in profit_parts(history, question)]
    table = customers.groupby("tier")[[*columns, f"profit{LATELY}"]].sum()
    return table.reindex(list(question.names), fill_value=0.0).rename(columns=lambda name: name.removesuffix(LATELY))


def _with_losses(history: History, customers: pd.DataFrame, question: Tier | None) -> pd.DataFrame:
    if question is None:
        return customers
    reasons = pd.Series(
        loss_reason(customers, [part.name for part in profit_parts(history, question)]), customers.index
    )
    steps = {reason: first_step(reason) for reason in reasons.dropna().unique()}
    return customers.assign(loses_by=reasons, try_first=reasons.map(steps))


def _ending(moved: pd.DataFrame, customers: pd.DataFrame, question: Tier | None, terms: PortfolioTerms) -> pd.DataFrame:
    """Return the option to end by tier, in periods as long as the time since the earlier cutoff."""
    days, horizon = terms.since.days or 1, (question.horizon.days if question else None) or 1
    profit = customers.groupby("tier")[f"profit{LATELY}"].mean() * days / horizon
    periods = max(1, round((terms.horizon.days or days) / days))
    return option_to_end(moved, profit, periods, (1.0 + terms.discount) ** (days / YEAR) - 1.0)


def _tenure(
    history: History, at: datetime, question: Tier | None, terms: PortfolioTerms, left_out: dict[str, str]
) -> pd.DataFrame:
    if question is None:
        return pd.DataFrame()
    profile = tenure_profile(tenure_rows(history, at, question, terms.referral_share))
    if profile.empty:
        left_out["profit by tenure"] = (
            f"It needs {LEAST_PAIRS} customers who came back after a whole period of {question.horizon.length} that "
            "followed the one of their first order. Use a shorter horizon of tiers, or a longer history."
        )
    return profile


def _at_risk(customers: pd.DataFrame) -> float:
    whole = total(customers.equity.to_numpy(), RISK)
    return whole.value - whole.low


def _ledger(history: History, cutoff: datetime, question: Tier, customers: pd.DataFrame) -> dict[str, float]:
    everything, of_customers = profit_before(history, question.costs, cutoff), float(customers.profit.sum())
    return {
        "profit of all events": everything,
        "profit of customers": of_customers,
        "not led back to a customer": everything - of_customers,
    }
