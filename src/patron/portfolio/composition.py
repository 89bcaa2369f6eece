"""Composition: the relationship portfolio of a history, from its customers at two cutoffs to all figures of it."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pandas as pd

from patron.errors import QuestionError, listed
from patron.history.history import History
from patron.periods import Moment, instant
from patron.portfolio.buying_style import with_style
from patron.portfolio.cash import cash_of
from patron.portfolio.channels import NO_CHANNEL, NOBODY_BEGAN, Channels, channels_of
from patron.portfolio.classification import SCORE, class_names, classified
from patron.portfolio.concentration import concentration_curve, herfindahl, top_shares
from patron.portfolio.core_alarm import Alarm, core_alarm
from patron.portfolio.customers import LATELY, customers_at, profit_parts
from patron.portfolio.equity import equity_bridge, equity_by, equity_of, total
from patron.portfolio.headroom import with_headroom
from patron.portfolio.letting_go import loss_reason, option_to_end
from patron.portfolio.migration import adjusted_rand, moves
from patron.portfolio.portfolio import Portfolio
from patron.portfolio.relational import Relational, relational
from patron.portfolio.relationship_types import type_names
from patron.portfolio.rfm import LEAST, rfm_grid
from patron.portfolio.scorecard import scorecard
from patron.portfolio.social import Social, social
from patron.portfolio.tenure import LEAST_PAIRS, tenure_profile, tenure_rows
from patron.portfolio.terms import PortfolioTerms
from patron.questions.kinds import Tier, tier
from patron.questions.matrices import row_source
from patron.questions.profit import profit_before

__all__ = ["customer_portfolio"]

YEAR = 365.25
RISK = 0.90  # level of the interval whose lower bound is the 5 % quantile
GROUPS = ("cohort", "channel", "segment", "tier", "relationship", "relationship_type", "loyalty_stage")
NO_AMOUNT = "The orders have no amount. Declare it at the door (amount = '...')."


def customer_portfolio(
    history: History, cutoff: Moment, question: Tier | None = None, terms: PortfolioTerms = PortfolioTerms()
) -> Portfolio:
    """Return the relationship portfolio of a business at a cutoff, beside that of an earlier one.

    Nothing that happened at or after a cutoff changes what is known of customers at it. Those of the earlier cutoff
    are scored by the thresholds of the later one, so that it is customers who move, and no threshold.

    Args:
        history: the checked event tables.
        cutoff: only events before it are looked at.
        question: which tiers of which profit; by default those of `tier(90)`, where orders say what is left of them.
        terms: what it is compared with, how far it looks ahead, and how customers are scored and named.

    Raises:
        QuestionError: there are no orders, the cutoff lies outside the history, nobody ordered before it, a segment
            asks for a score of money that orders do not have, or the cost model does not fit the tables.

    >>> from patron.datasets import simulate
    >>> portfolio = customer_portfolio(simulate(customers=60, seed=1).history(), "2023-09-01", tier(90))
    >>> portfolio.bridge.part.tolist()
    ['before', 'lost', 'shrunk', 'grown', 'new', 'now', 'kept']
    """
    row_source(history).check_events("A relationship portfolio")
    if "orders" not in history.tables:
        raise QuestionError(
            f"A relationship portfolio looks at 'orders', and the tables are: {listed(history.tables)}. Declare the "
            "purchases, or the payments of contracts, as orders."
        )
    at = instant(cutoff)
    history.check_cutoff(at)
    profit, left_out = _profit_question(history, question)
    times = (*_comparable(history, at, terms, left_out), at)
    known = customers_at(history, times, profit)
    if known[0].empty:
        left_out["moves and bridge"] = (
            f"They compare with {times[0]:%Y-%m-%d}, before which nobody had ordered. Compare with a later day, for "
            'example since = "1 month".'
        )
        times, known = times[1:], known[1:]
    frames = _with_equity(history, times, known, terms, left_out)
    typed, style = relational(history, times, classified(frames, profit, terms), terms, left_out)
    typed[-1], ties = social(history, at, typed, terms, left_out)
    return _composed(history, times, typed, profit, terms, style, ties, left_out)


def _profit_question(history: History, question: Tier | None) -> tuple[Tier | None, dict[str, str]]:
    """Return what profit is, and why none is told where nobody asks for it and the tables do not say it."""
    try:
        profit_parts(history, question or tier(90))
    except QuestionError as error:
        if question is not None:
            raise
        return None, {"profit, tiers and relationships": f"{error}"}
    return question or tier(90), {}


def _comparable(
    history: History, at: datetime, terms: PortfolioTerms, left_out: dict[str, str]
) -> tuple[datetime, ...]:
    """Return the earlier cutoff, where there is anything before it; note else why there is none."""
    earlier = terms.since.before(at)
    if earlier > history.starts:
        return (earlier,)
    left_out["moves and bridge"] = (
        f"They compare with {earlier:%Y-%m-%d}, before which nothing is known: the first event is of "
        f'{history.starts:%Y-%m-%d}. Compare with a later day, for example since = "1 month".'
    )
    return ()


def _with_equity(
    history: History,
    times: Sequence[datetime],
    frames: Sequence[pd.DataFrame],
    terms: PortfolioTerms,
    left_out: dict[str, str],
) -> list[pd.DataFrame]:
    """Return customers with their equity at all cutoffs, or at the last, or at none, and note why."""
    results = list(frames)
    if "spend" not in frames[-1]:
        left_out["equity and concentration"] = NO_AMOUNT
        return results
    for place in reversed(range(len(times))):
        about = (history, times[place], terms.horizon, terms.discount, frames[place])
        try:
            results[place] = pd.concat([frames[place], equity_of(*about)], axis=1)
        except QuestionError as error:
            left_out["equity" if place + 1 == len(times) else "bridge and moves of relationships"] = f"{error}"
            break
    return results


def _composed(
    history: History,
    times: Sequence[datetime],
    frames: Sequence[pd.DataFrame],
    question: Tier | None,
    terms: PortfolioTerms,
    style: Relational,
    ties: Social,
    left_out: dict[str, str],
) -> Portfolio:
    now, before = _with_losses(history, frames[-1], question), frames[0] if len(times) > 1 else frames[0].head(0)
    if "segment" not in now:
        count = f"{len(now)} customer{'s' if len(now) > 1 else ''}"
        left_out["scores and segments"] = f"They compare customers, and there is {count}: at least {LEAST} are needed."
    classes = class_names(question, terms) | {"relationship_type": type_names(style.types)}
    names = {name: every for name, every in classes.items() if name in now and name in before}
    then, current = (frame.set_index("customer")[list(names)] for frame in (before, now))
    then = then.reindex(current.index)
    pairs = {name: (then[name], current[name]) for name in names if len(before)}
    moved = {name: moves(*pair, names[name]) for name, pair in pairs.items()}
    money = _money(now)
    for name in [name for name in money if not now[name].sum() > 0]:
        left_out[f"concentration of {name}"] = f"All customers together bring {now[name].sum():,.2f}."
    gaining = {name: now[name].to_numpy(np.float64) for name in money if now[name].sum() > 0}
    known = len(before) and "equity" in before and "equity" in now
    bridge = equity_bridge(before, now) if known else pd.DataFrame()
    cash, unknown = cash_of(history, times[-1], (before, now), bridge, question, terms)
    period = (question or tier(90)).horizon
    now, foreseen, untold = with_headroom(history, times[-1], now, period, terms.outside_total)
    now, styleless = with_style(history, times[-1], now)
    alarms = {
        change.name: core_alarm(
            history, times[-1], change, period, [other for other in terms.changes if other != change]
        )
        for change in terms.changes
    }
    left_out |= unknown | untold | styleless | {name: alarm for name, alarm in alarms.items() if isinstance(alarm, str)}
    return Portfolio(
        cutoff=times[-1],
        earlier=times[0] if len(times) > 1 else None,
        question=question,
        terms=terms,
        customers=now,
        before=before,
        grid=_grid(now),
        groups={name: _group(now, name, classes.get(name)) for name in GROUPS if name in now},
        moved=moved,
        stability={name: adjusted_rand(*pair) for name, pair in pairs.items()},
        parts=_parts(history, now, question),
        ending=_ending(moves(*pairs["tier"], names["tier"]), now, question, terms)
        if "tier" in pairs
        else pd.DataFrame(),
        tenure=_tenure(history, times[-1], question, left_out),
        equity=total(now.equity.to_numpy()) if "equity" in now else None,
        at_risk=_at_risk(now) if "equity" in now else None,
        bridge=bridge,
        cash=cash,
        headroom=foreseen,
        alarms=tuple(alarm for alarm in alarms.values() if isinstance(alarm, Alarm)),
        channels=_channels(history, times[-1], left_out),
        scorecard=scorecard(history, times, frames, period, terms) if "segment" in now else pd.DataFrame(),
        curves={name: concentration_curve(values) for name, values in gaining.items()},
        tops=top_shares(gaining["spend"]) if "spend" in gaining else {},
        herfindahl={name: herfindahl(values) for name, values in gaining.items()},
        ledger=_ledger(history, times[-1], question, now) if question else {},
        relational=style,
        social=ties,
        left_out=left_out,
    )


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
    parts = [part.name for part in profit_parts(history, question)]
    return customers.assign(loses_by=loss_reason(customers, parts))


def _ending(moved: pd.DataFrame, customers: pd.DataFrame, question: Tier | None, terms: PortfolioTerms) -> pd.DataFrame:
    """Return the option to end by tier, in periods as long as the time since the earlier cutoff."""
    days, horizon = terms.since.days or 1, (question.horizon.days if question else None) or 1
    profit = customers.groupby("tier")[f"profit{LATELY}"].mean() * days / horizon
    periods = max(1, round((terms.horizon.days or days) / days))
    return option_to_end(moved, profit, periods, (1.0 + terms.discount) ** (days / YEAR) - 1.0)


def _tenure(history: History, at: datetime, question: Tier | None, left_out: dict[str, str]) -> pd.DataFrame:
    if question is None:
        return pd.DataFrame()
    profile = tenure_profile(tenure_rows(history, at, question))
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
