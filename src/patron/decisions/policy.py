"""Policy: whom to treat with which offer, and whom to hold out to learn from."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from patron.decisions.allocation import allocate
from patron.decisions.offers import Offer
from patron.errors import ScoreError, SettingsError, cell, listed, listed_columns, nearest
from patron.formatting import html_table

__all__ = ["COLUMNS", "EVIDENCE", "Decisions", "check_plan", "decide", "with_reasons", "with_risk"]

NEEDED = ("customer", "cutoff", "churn_probability", "value")
REASON_COLUMNS = ("customer", "cutoff", "side", "rank", "text")
REASONS = {"reasons_for": "for", "reasons_against": "against"}
MOST_REASONS = 3
COLUMNS = (
    *("customer", "cutoff", "group", "offer", "churn_probability", "value", "cost", "expected_gain"),
    *("gain_low", "gain_high", "break_even", "evidence", *REASONS),
)
EVIDENCE = "assumed"
MOST_HELD_OUT = 0.5
SHOWN = 10
LARGEST = float(np.finfo(float).max)
RANGES = (
    ("churn_probability", 0.0, 1.0, "a number from 0 to 1"),
    ("value", -LARGEST, LARGEST, "a finite number"),
)


@dataclass(frozen=True, repr=False)
class Decisions:
    """Whom to treat and whom to hold out, and what to expect.

    Args:
        table: a row for each chosen customer, the highest expected gain first, then by customer. Cost and gain
            of the control are those of the offer that it was chosen for and does not get.
        summary: plain values. Counts: asked, worth_treating, chosen, treated, control, offers, left_alone (why), and
            ties: customers with the same at stake as others, among whom the budget was given out by a draw.
            Money: spent, expected_gain, gain_low, gain_high of the treated; withheld, the control's cost; budget.
    """

    table: pd.DataFrame
    summary: Mapping[str, Any]

    def __repr__(self) -> str:
        """Return how many are treated and what is expected of it, in a line."""
        treated, control, spent = (self.summary[key] for key in ("treated", "control", "spent"))
        gain, low, high = (self.summary[key] for key in ("expected_gain", "gain_low", "gain_high"))
        return (
            f"Decisions({treated:,} treated and {control:,} held out; {spent:,.2f} of {self.summary['budget']:,.2f} "
            f"spent, expected gain {gain:,.2f} [{low:,.2f}, {high:,.2f}], {EVIDENCE})"
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
) -> Decisions:
    """Choose whom to treat with which offer, so that a budget earns the most, and hold some out to learn from.

    The gain expected of an offer is effect * churn probability * value - contact cost - accepted * incentive cost.
    Each customer gets one offer or none, as `patron.decisions.allocation.allocate` spends the budget. Where it reaches
    only some of those with the same at stake, a draw decides that depends on the seed and the customer alone.

    Args:
        scores: one row for each customer: customer, cutoff, churn_probability (or else cancellation_probability, which
            takes its place), and value (the profit at stake over the horizon if the customer is kept, in currency).
        offers: what can be done; each customer gets one or none.
        budget: the most that all chosen may be expected to cost, in currency.
        holdout: share of the chosen who get nothing, so that the effect can be learned, 0 to 0.5; the draw depends
            on the seed and the customer alone.
        reasons: `patron.explanations.drivers.drivers` of the same customers; the texts of the first three to leave and
            of the first three that keep the customer are carried along, as `reasons_for` and `reasons_against`.
        seed: of the draw of the control, and of that among ties.

    Raises:
        SettingsError: there is no offer, two have one name, or budget or holdout are out of bounds.
        ScoreError: a column is missing, a value is unknown, or a customer comes twice.

    >>> scores = pd.DataFrame({"customer": ["ann", "bob", "cid"], "cutoff": pd.to_datetime(["2024-05-01"] * 3),
    ...                        "churn_probability": [0.5, 0.8, 0.1], "value": [200.0, 50.0, 30.0]})
    >>> plan = decide(scores, [Offer("call", contact_cost=4.0, effect=0.2)], budget=6.0, holdout=0.0)
    >>> plan.table[["customer", "offer", "expected_gain", "break_even"]].values.tolist()
    [['ann', 'call', 16.0, 0.04]]
    >>> plan.summary["left_alone"]
    {'no value at stake': 0, 'no offer earns its cost': 1, 'budget does not reach': 1}
    """
    check_plan(offers, budget, holdout)
    scores = with_risk(scores)
    _check_scores(scores)
    customers = scores.iloc[_order(scores.customer, seed)].reset_index(drop=True)
    known = sorted(offers, key=lambda offer: (offer.cost, offer.name))
    stake = (customers.churn_probability * customers.value).to_numpy(dtype=np.float64)
    cost = np.array([offer.cost for offer in known])
    gain = stake[:, None] * np.array([offer.effect for offer in known]) - cost
    picked = allocate(gain, cost, budget)
    table = _table(customers[picked >= 0], [known[j] for j in picked[picked >= 0]], holdout, seed)
    table = with_reasons(table, reasons)[list(COLUMNS)]
    settings = {"budget": float(budget), "holdout": float(holdout), "seed": seed, "evidence": EVIDENCE}
    return Decisions(
        table, _counts(stake, gain, picked) | {"ties": _ties(stake, picked)} | _totals(table, offers) | settings
    )


def with_reasons(table: pd.DataFrame, reasons: pd.DataFrame | None) -> pd.DataFrame:
    """Return a table of customers with `reasons_for` and `reasons_against`: the first three of each, as one text.

    Args:
        table: `customer` and `cutoff`, whatever else.
        reasons: as for `decide`, of all these customers or more; texts are empty where there are none.

    Raises:
        ScoreError: the reasons lack a column, come twice, or none is about any row.
    """
    return table.assign(**_reasons(table, reasons))


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
    return scores[scores.churn_probability.notna()].reset_index(drop=True)


def _table(chosen: pd.DataFrame, given: list[Offer], holdout: float, seed: int) -> pd.DataFrame:
    stake = (chosen.churn_probability * chosen.value).to_numpy(dtype=np.float64)
    cost = np.array([offer.cost for offer in given])
    low, middle, high = np.array([offer.effects for offer in given]).reshape(-1, 3).T
    held = [_drawn(customer, seed) < holdout for customer in chosen.customer]
    table = chosen[list(NEEDED)].assign(
        group=np.where(held, "control", "treat"),
        offer=pd.array([offer.name for offer in given], dtype="str"),
        cost=cost,
        expected_gain=stake * middle - cost,
        gain_low=stake * low - cost,
        gain_high=stake * high - cost,
        break_even=cost / stake,
        evidence=EVIDENCE,
    )
    return table.iloc[np.lexsort((table.customer.astype(str), -table.expected_gain))].reset_index(drop=True)


def _order(customers: pd.Series, seed: int) -> np.ndarray:
    """Draw the order in which customers of equal gain are chosen, by another draw than that of the control."""
    drawn = np.array([_drawn(customer, f"{seed}:tie") for customer in customers])
    return np.lexsort((customers.astype(str), drawn))


def _drawn(customer: object, seed: object) -> float:
    """A number from 0 to 1 that belongs to the customer: neither row order nor other customers change it."""
    return int.from_bytes(blake2b(f"{seed}:{customer}".encode(), digest_size=8).digest(), "big") / 2**64


def _ties(stake: np.ndarray, picked: np.ndarray) -> int:
    """How many customers have the same at stake as others, of whom some are treated otherwise."""
    alike = pd.Series(picked).groupby(stake)
    return int((alike.transform("min") != alike.transform("max")).sum())


def _reasons(table: pd.DataFrame, reasons: pd.DataFrame | None) -> dict[str, Any]:
    """The texts of the first drivers of each row on both sides, joined by semicolons, empty where there are none."""
    texts = {} if reasons is None else _texts(reasons)
    rows = list(zip(table.customer, pd.to_datetime(table.cutoff), strict=True))
    if texts and rows and not {key[:2] for key in texts} & set(rows):
        raise ScoreError(
            f"None of the {len(rows)} chosen customers has a reason: reasons are for cutoff "
            f"{min(key[1] for key in texts)}, scores for {rows[0][1]}. Make both from the same rows."
        )
    return {
        name: pd.array([texts.get((*row, side), "") for row in rows], dtype="str") for name, side in REASONS.items()
    }


def _texts(reasons: pd.DataFrame) -> dict[tuple[Any, ...], str]:
    _check_columns(reasons, REASON_COLUMNS, "reasons", "Give the table that patron.explanations.drivers.drivers makes.")
    _check_once(reasons, ["customer", "cutoff", "side", "rank"], "reasons")
    first = reasons[reasons["rank"] <= MOST_REASONS].sort_values("rank")
    keys = zip(first.customer, pd.to_datetime(first.cutoff), first.side, strict=True)
    texts: dict[tuple[Any, ...], list[str]] = {}
    for key, text in zip(keys, first.text, strict=True):
        texts.setdefault(key, []).append(text)
    return {key: "; ".join(parts) for key, parts in texts.items()}


def _counts(stake: np.ndarray, gain: np.ndarray, picked: np.ndarray) -> dict[str, Any]:
    """How many were asked about, how many were worth it, and why the others are left alone."""
    worth = (gain > 0).any(axis=1)
    alone = {
        "no value at stake": stake <= 0,
        "no offer earns its cost": (stake > 0) & ~worth,
        "budget does not reach": worth & (picked < 0),
    }
    counted = {why: int(rows.sum()) for why, rows in alone.items()}
    return {"asked": len(stake), "worth_treating": int(worth.sum()), "left_alone": counted}


def _totals(table: pd.DataFrame, offers: Sequence[Offer]) -> dict[str, Any]:
    treated, control = table[table.group == "treat"], table[table.group == "control"]
    return {
        "chosen": len(table),
        "treated": len(treated),
        "control": len(control),
        "spent": math.fsum(treated.cost),
        "withheld": math.fsum(control.cost),
        **{name: math.fsum(treated[name]) for name in ("expected_gain", "gain_low", "gain_high")},
        "offers": {
            offer.name: {
                "treated": int((treated.offer == offer.name).sum()),
                "control": int((control.offer == offer.name).sum()),
            }
            for offer in offers
        },
    }


def check_plan(offers: Sequence[Offer], budget: float, holdout: float) -> None:
    """Refuse what cannot be decided, before any work for it.

    Raises:
        SettingsError: there is no offer, two have one name, or budget or holdout are out of bounds.
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


def _check_scores(scores: pd.DataFrame) -> None:
    _check_columns(scores, NEEDED, "scores", "Add it: value is the profit at stake, in currency.")
    for name, least, most, meaning in RANGES:
        _check_numeric(scores[name])
        column = scores[name].to_numpy(dtype=np.float64, na_value=np.nan)
        bad = np.flatnonzero(~((column >= least) & (column <= most)))
        if len(bad):
            raise ScoreError(
                f"{name!r} of the scores is {meaning}, but not in {len(bad)} of {len(scores)} rows; the first is row "
                f"{bad[0]} with {cell(scores[name].iloc[bad[0]])}. Set those rows aside, or score them anew."
            )
    _check_times(scores.cutoff)
    lost = int(scores.customer.isna().sum())
    if lost:
        raise ScoreError(f"{lost} of {len(scores)} rows of the scores have no customer. Set those rows aside.")
    _check_once(scores, ["customer"], "scores")


def _check_numeric(column: pd.Series) -> None:
    """Refuse texts and whatever else is no number, also where it could be read as one."""
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_complex_dtype(column):
        texts = column[column.map(lambda value: isinstance(value, str)).astype(bool)]
        written = texts[pd.to_numeric(texts, errors="coerce").notna()]  # another text may be somebody's key
        first = f" such as {cell(written.iloc[0])}" if len(written) else ""
        raise ScoreError(
            f"{column.name!r} of the scores must hold numbers, got {column.dtype}{first}. Turn it into such: "
            f"scores[{column.name!r}] = pd.to_numeric(scores[{column.name!r}])."
        )


def _check_times(column: pd.Series) -> None:
    try:
        pd.to_datetime(column)
    except (TypeError, ValueError, OverflowError):
        raise ScoreError(
            f"{column.name!r} of the scores must hold times, got {column.dtype}. Give the instant at which each row "
            f"was scored: scores[{column.name!r}] = pd.Timestamp('2024-05-01')."
        ) from None


def _check_columns(frame: pd.DataFrame, needed: Sequence[str], name: str, mend: str) -> None:
    for column in needed:
        if column not in frame.columns:
            raise ScoreError(
                f"The {name} lack the column {column!r}.{nearest(column, map(str, frame.columns))} "
                f"They have: {listed_columns(frame.columns)}. {mend}"
            )
        if (frame.columns == column).sum() > 1:
            raise ScoreError(f"The {name} have the column {column!r} twice. Give each column one name.")


def _check_once(frame: pd.DataFrame, key: list[str], name: str) -> None:
    twice = int(frame.duplicated(key).sum())
    if twice:
        raise ScoreError(
            f"The {name} have {twice} of {len(frame)} rows whose {', '.join(key)} came before. "
            "Give each once, at one cutoff."
        )
