"""Policy: whom to treat with which offer, and whom to hold out to learn from."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from patron.decisions.allocation import allocate
from patron.decisions.clusters import cluster_notes, clusters_of
from patron.decisions.draws import drawn_order
from patron.decisions.exploration import Exploration, explore
from patron.decisions.gains import VALUE_BOUNDS, Gains, expected_gains
from patron.decisions.holdout import strata
from patron.decisions.ladder import ladder
from patron.decisions.offers import Offer
from patron.decisions.optimum import SMALL, Allocation, optimal
from patron.decisions.permission import columns_needed, permission, with_facts
from patron.decisions.plan_counts import counts, n_tied, reach_notes, totals, woken
from patron.decisions.plan_tables import chosen_table, held_back, received_log
from patron.decisions.prices import prices
from patron.decisions.profit_curve import profit_curve
from patron.decisions.reasons import REASONS, with_reasons
from patron.decisions.rules import Rules
from patron.decisions.table_checks import NEEDED, check_scores
from patron.decisions.unprofitable import unprofitable
from patron.errors import SettingsError, listed
from patron.formatting import html_table

__all__ = ["COLUMNS", "EVIDENCE", "Decisions", "check_plan", "decide", "decided", "with_risk"]

NO_RULES = Rules()
COLUMNS = (
    *("customer", "cutoff", "group", "offer", "channel", "propensity", "explored"),
    *("churn_probability", "value", "cost", "fatigue"),
    *("expected_gain", "gain_low", "gain_high", "break_even", "evidence", *REASONS),
)
EVIDENCE = "assumed"
MOST_HELD_OUT = 0.5
SHOWN = 10


@dataclass(frozen=True, repr=False)
class Decisions:
    """Whom to treat and whom to hold out, and what to expect.

    Args:
        table: a row for each chosen customer, the highest expected gain first, then by customer. Cost and gain
            of the control are those of the offer that it was chosen for and does not get. `propensity` is the chance of
            the group in the row, `explored` says that a lot chose the offer; `cluster`, where customers are held out
            together (`Rules(holdout_by=...)`), numbers those who are.
        summary: plain values. Counts: asked, worth_treating, chosen, treated, control, offers, left_alone (why), and
            ties: customers with the same at stake as others, among whom the budget was given out by a draw.
            Money: spent, expected_gain, gain_low, gain_high of the treated; withheld, the control's cost; budget; gap,
            by how much any other plan could be better at most. Besides: curve, the gain with ever more customers
            treated (`patron.decisions.profit_curve`); ladder, what coarser strategies would gain
            (`patron.decisions.ladder`); exploration, how many a lot chose for, and what that costs; clusters, how many
            there are and how large they are, where customers are held out together.
        unprofitable: customers who cost more than they bring, with the choices that there are; none is taken.
        prices: what each offer must gain beyond its own cost for budget and capacities to suffice, in currency.
        log: what each customer who was asked about is given, for `patron.policy_value`: customer, cutoff, offer (empty
            for nothing) and `propensity`, the chance of just that by plan, lot and hold-out together.
    """

    table: pd.DataFrame
    summary: Mapping[str, Any]
    unprofitable: pd.DataFrame = field(default_factory=pd.DataFrame)
    prices: Mapping[str, float] = field(default_factory=dict)
    log: pd.DataFrame = field(default_factory=pd.DataFrame)

    def __repr__(self) -> str:
        """Return how many are treated and what is expected of it, in a line."""
        treated, control, spent = (self.summary[key] for key in ("treated", "control", "spent"))
        gain, low, high = (self.summary[key] for key in ("expected_gain", "gain_low", "gain_high"))
        return (
            f"Decisions({treated:,} treated and {control:,} held out; {spent:,.2f} of {self.summary['budget']:,.2f} "
            f"spent, expected gain {gain:,.2f} [{low:,.2f}, {high:,.2f}], {self.summary['evidence']})"
        )

    def _repr_html_(self) -> str:
        """Return the plan as a notebook shows it: what is expected, who was left alone and why, and the first rows."""
        alone = "; ".join(f"{why}: {count:,}" for why, count in self.summary["left_alone"].items())
        lines = (repr(self)[10:-1], f"Left alone: {alone}", f"The first {SHOWN} of {len(self.table):,} chosen:")
        return "".join(f"<p>{escape(line)}</p>" for line in lines) + html_table(self.table.head(SHOWN))


def decide(
    scores: pd.DataFrame,
    offers: Sequence[Offer],
    budget: float,
    holdout: float = 0.1,
    reasons: pd.DataFrame | None = None,
    seed: int = 0,
    *,
    rules: Rules = NO_RULES,
    facts: pd.DataFrame | None = None,
    effects: pd.DataFrame | None = None,
    exploration: float = 0.0,
) -> Decisions:
    """Choose whom to treat with which offer, so that a budget earns the most, and hold some out to learn from.

    The gain expected of an offer is effect * churn probability * value - contact cost - accepted * incentive cost -
    fatigue (`patron.decisions.gains`). Each customer gets one offer or none, so that all gain the most within the
    budget, the capacities and the rules (`patron.decisions.optimum`): exactly where customers times offers are 2,000 at
    most, else with the gap to what no plan can exceed in the summary. Where they reach only some of those who are
    worth the same, a draw decides that depends on the seed and the customer alone.

    Args:
        scores: one row for each customer: customer, cutoff, churn_probability (or else cancellation_probability, which
            takes its place), and value (the profit at stake over the horizon if the customer is kept, in currency).
        offers: what can be done; each customer gets one or none.
        budget: the most that all chosen may be expected to cost, in currency.
        holdout: share of the chosen who get nothing, so that the effect can be learned, 0 to 0.5: of each offer alike
            among thirds of risk and of value, each with exactly that chance; who it is depends on draws by the seed
            and the customers.
        reasons: `patron.explanations.drivers.drivers` of the same customers; the texts of the first three to leave and
            of the first three that keep the customer are carried along, as `reasons_for` and `reasons_against`.
        seed: of the draw of the control, and of that among ties.
        rules: capacities and caps on contacts, whether the lower bound of the gain counts, and who is held out
            together.
        facts: customer, and the columns that consent, conditions, rest and fatigue look at, where the scores lack
            them: attributes and features, `last_contact` (days since then) and `contacts_30d` (contacts in 30 days).
        effects: effects learned from past campaigns, which take the place of the assumed ones: customer, offer, kept
            (change of profit before costs, in currency), kept_low, kept_high, evidence, and `error_1`, `error_2`, ...
            (the widths by causes that all customers share), without which bounds add up as if all went wrong at once.
            Who is expected to lose by an offer does not get it: `do_not_disturb` in the summary.
        exploration: share of the customers who may get any offer for whom a lot takes the place of the plan, so that
            effects are learned also where it would not look, 0 to 1. Each is drawn one of the offers that they may
            get, all alike, and half of them get it; what that costs comes off the budget first.

    Raises:
        SettingsError: there is no offer, two have one name, budget or a share are out of bounds, a column that an
            offer looks at is missing, or nobody may get it.
        ScoreError: a column is missing, a value is unknown, or a customer comes twice.

    >>> scores = pd.DataFrame({"customer": ["ann", "bob", "cid"], "cutoff": pd.to_datetime(["2024-05-01"] * 3),
    ...                        "churn_probability": [0.5, 0.8, 0.1], "value": [200.0, 50.0, 30.0]})
    >>> plan = decide(scores, [Offer("call", contact_cost=4.0, effect=0.2)], budget=6.0, holdout=0.0)
    >>> plan.table[["customer", "offer", "expected_gain", "break_even"]].values.tolist()
    [['ann', 'call', 16.0, 0.04]]
    >>> plan.summary["left_alone"]
    {'no value at stake': 0, 'no offer earns its cost': 1, 'budget does not reach': 1}
    """
    plan, log = decided(
        *(scores, offers, budget, holdout, reasons, seed),
        rules=rules,
        facts=facts,
        effects=effects,
        exploration=exploration,
    )
    return replace(plan, log=log())


def decided(
    scores: pd.DataFrame,
    offers: Sequence[Offer],
    budget: float,
    holdout: float,
    reasons: pd.DataFrame | None,
    seed: int,
    *,
    rules: Rules,
    facts: pd.DataFrame | None,
    effects: pd.DataFrame | None,
    exploration: float,
) -> tuple[Decisions, Callable[[], pd.DataFrame]]:
    """Decide as `decide` does, with an empty log, and return what computes it, which is a row for everybody.

    Of many customers the scores should be held by nobody else: they are let go as soon as they are read.
    """
    check_plan(offers, budget, holdout, rules, exploration)
    scores = with_risk(scores)
    check_scores(scores)
    lossy = unprofitable(scores)
    customers = _customers(scores, offers, rules, facts, seed)
    del scores, facts
    known = sorted(offers, key=lambda offer: (offer.cost, offer.name))
    gains = expected_gains(customers, known, effects)
    may, unmet = permission(customers, known, rules)
    worth = np.where(may.allowed, gains.gain_low if rules.robust else gains.gain, -np.inf)
    scarce = rules.scarce(known, budget)
    best = _allocated(worth, scarce)
    clusters = clusters_of(customers, rules.holdout_by)
    lot = explore(clusters, may.allowed, scarce, exploration, seed)
    planned = _allocated(worth, (scarce[0], lot.left(*scarce))).offer if lot.drawn.any() else best.offer
    given = lot.given(planned)
    held = held_back(customers, clusters, planned, lot, holdout, seed)
    table = with_reasons(chosen_table(customers, clusters, gains, known, given, held, (lot, holdout)), reasons)
    table = table[[*COLUMNS, *({"cluster"} & {*table})]]
    treated = np.flatnonzero((given >= 0) & ~held)
    _, below, above = gains.together(treated, given[treated], [len(treated)])
    together = clusters.summary(np.flatnonzero(given >= 0)) if clusters.by else {}
    limits = "budget" if replace(rules, holdout_by="") == NO_RULES else "budget or capacity"
    unreached = reach_notes(worth, given, gains.cost, budget)
    plan = Decisions(
        table,
        counts(gains, may, worth, given, limits)
        | {"ties": n_tied(worth, best.offer)}
        | totals(table, offers, (below[0], above[0]))
        | woken(gains, known)
        | {"budget": float(budget), "holdout": float(holdout), "seed": seed, "evidence": _evidence(table, gains)}
        | {"gap": max(0.0, best.bound - _gain(worth, best.offer))}
        | {"beware": [*unmet, *lot.notes, *(cluster_notes(together) if together else ()), *unreached]}
        | {"unprofitable": len(lossy)}
        | ({"clusters": together} if together else {})
        | {"curve": profit_curve(gains, may.allowed, best.offer)}
        | {"ladder": ladder(gains, worth, _segments(customers), scarce, best.offer)}
        | {"exploration": lot.summary(table, _forgone(gains, lot, best.offer, given))},
        lossy,
        {offer.name: float(price) for offer, price in zip(known, best.price, strict=True)},
    )
    return plan, lambda: received_log(customers, known, planned, np.where(held, -1, given), (lot, holdout))


def _forgone(gains: Gains, lot: Exploration, best: np.ndarray, given: np.ndarray) -> float:
    """What the plan would gain alone less what it gains beside a lot."""
    if not lot.drawn.any():
        return 0.0
    return _gain(gains.gain, best) - _gain(gains.gain, np.where(lot.drawn & ~lot.treated, -1, given))


def _segments(customers: pd.DataFrame) -> np.ndarray:
    """The segments that a rule could tell apart: thirds of risk and thirds of value."""
    return strata(*(customers[name].to_numpy(np.float64) for name in ("churn_probability", "value")))


def _evidence(table: pd.DataFrame, gains: Gains) -> str:
    """What the plan rests on: the kinds of evidence of its rows, or of all that could be where it has no row."""
    could = (gains.sources[kind] for kind in np.unique(gains.evidence) if table.empty)
    return "; ".join(sorted(set(table.evidence) or set(could) or set(gains.sources)))


def with_risk(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the scores of those who can leave, `churn_probability` being that of a cancellation for who has contracts.

    >>> scores = pd.DataFrame({"cancellation_probability": [0.3, None, None], "churn_probability": [0.9, 0.5, None]})
    >>> with_risk(scores).churn_probability.tolist()
    [0.3, 0.5]
    """
    if "cancellation_probability" not in scores:
        return scores
    if "churn_probability" not in scores:
        scores = scores.rename(columns={"cancellation_probability": "churn_probability"})
    else:
        risk = scores.cancellation_probability.fillna(scores.churn_probability)
        scores = scores.drop(columns="cancellation_probability").assign(churn_probability=risk)
    known = scores.churn_probability.notna()
    return (scores if known.all() else scores[known]).reset_index(drop=True)


def _customers(
    scores: pd.DataFrame, offers: Sequence[Offer], rules: Rules, facts: pd.DataFrame | None, seed: int
) -> pd.DataFrame:
    """Return the customers with all that the plan looks at, in the order of a draw."""
    order = drawn_order(scores, seed)
    known = with_facts(scores, facts, offers, rules)
    wanted = {*NEEDED, *VALUE_BOUNDS, *columns_needed(offers, rules)}
    return known[[name for name in known if name in wanted]].take(order).reset_index(drop=True)


def _allocated(worth: np.ndarray, scarce: tuple[np.ndarray, np.ndarray]) -> Allocation:
    """Spend the budget: along the hull where only money is scarce and customers are many, else by prices and exactly.

    The bound of the first is that of the second, so that both say how much better another plan could be.
    """
    use, most = scarce
    if np.isfinite(most[1:]).any() or worth.size <= SMALL or not np.isfinite(most[0]):
        return optimal(worth, use, most)
    dual = prices(worth, use[:, :1], most[:1])
    return Allocation(allocate(worth, use[:, 0], most[0]).astype(np.int16), dual.bound, use[:, 0] * dual.price)


def _gain(gain: np.ndarray, picked: np.ndarray) -> float:
    """The sum of some gains over the customers who get an offer."""
    rows = np.flatnonzero(picked >= 0)
    return math.fsum(gain[rows, picked[rows]])


def check_plan(
    offers: Sequence[Offer], budget: float, holdout: float, rules: Rules = NO_RULES, exploration: float = 0.0
) -> None:
    """Refuse what cannot be decided, before any work for it.

    Raises:
        SettingsError: there is no offer, two have one name, budget, holdout or exploration are out of bounds, or a
            channel that has a capacity is not that of any offer.
    """
    names = [offer.name for offer in offers]
    if not names:
        raise SettingsError(
            "Decisions need an offer, got none. Write offers=[Offer('call', contact_cost=4.0, effect=0.2)], or in a "
            "settings file [offers.call] with contact_cost = 4.0 and effect = 0.2 (your assumption: the share of "
            "leavers it keeps)."
        )
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise SettingsError(f"Two offers have the name {listed(twice)}, of {listed(names)}. Rename one of them.")
    if not budget >= 0:
        raise SettingsError(f"The budget is money of 0 or more, got {budget}. Write for example budget=5_000.")
    if not 0 <= holdout <= MOST_HELD_OUT:
        raise SettingsError(
            f"The holdout is a share from 0 to {MOST_HELD_OUT}, got {holdout}. Write holdout=0.1 for 10 %."
        )
    if not 0 <= exploration <= 1:
        raise SettingsError(f"Exploration is a share from 0 to 1, got {exploration}. Write exploration=0.05 for 5 %.")
    rules.check(offers)
