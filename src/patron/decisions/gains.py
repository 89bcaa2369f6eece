"""Gains: what each offer is expected to earn with each customer, from one place.

gain = change of profit - contact cost - incentive cost * P(accepted) - fatigue. The change of profit is effect * risk *
value where the effect is assumed (Neslin et al. 2006, "Defection detection"; per customer as in Verbeke et al. 2012,
"New insights into churn prediction in the telecommunication sector"), or what past campaigns showed for that customer.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from patron.decisions.former_contacts import contacts_within
from patron.decisions.offers import Offer
from patron.decisions.table_checks import check_columns, check_once
from patron.errors import ScoreError, SettingsError, cell, listed, nearest
from patron.models.serving import contacts_known

__all__ = ["CAUSES", "LEARNED", "VALUE_BOUNDS", "Gains", "expected_gains"]

LEARNED = ("customer", "offer", "kept", "kept_low", "kept_high", "evidence")
PARTS = ("kept_low", "kept", "kept_high")
CAUSES = r"^error_\d+$"
VALUE_BOUNDS = ("value_low", "value_high")
CLOSE = 1e-6
WIDTHS = ("learned", "assumed", "single")  # of a change on either side, by how they add up
BLOCK = 100_000  # customers whose figures are added up at once


@dataclass(frozen=True)
class Gains:
    """What each offer is expected to change with each customer, and on what evidence.

    Args:
        kept: change of profit before costs, in currency, shape (customers, offers).
        kept_low: its lower bound.
        kept_high: its upper bound.
        cost: what an offer is expected to cost, in currency, shape (offers,).
        fatigue: what former contacts make an offer less worth, in currency, shape (customers, offers).
        evidence: what the change rests on, as positions in the sources, shape (customers, offers).
        sources: the kinds of evidence, those of the assumed effects first, in the order of the offers.
        stake: risk * value of each customer, in currency, shape (customers,).
        own_low: what of the width below is a customer's own, and independent of others', shape (customers, offers).
        own_high: what of the width above is.
        errors: for each learned offer by its position the widths by causes that are independent of each other, and that
            all customers share; zero where nothing was learned, shape (customers, causes).
    """

    kept: np.ndarray
    kept_low: np.ndarray
    kept_high: np.ndarray
    cost: np.ndarray
    fatigue: np.ndarray
    evidence: np.ndarray
    sources: tuple[str, ...]
    stake: np.ndarray
    own_low: np.ndarray
    own_high: np.ndarray
    errors: Mapping[int, np.ndarray]

    @property
    def gain(self) -> np.ndarray:
        """The expected gain."""
        return self.kept - self.cost - self.fatigue

    @property
    def gain_low(self) -> np.ndarray:
        """The lower bound of the gain."""
        return self.kept_low - self.cost - self.fatigue

    def gain_of(self, rows: np.ndarray, offers: np.ndarray) -> np.ndarray:
        """Return the expected gain of one offer to each of some customers."""
        return np.asarray(self.kept[rows, offers] - self.cost[offers] - self.fatigue[rows, offers])

    @property
    def learned(self) -> np.ndarray:
        """Which changes were learned, and are not assumed."""
        return np.asarray(self.evidence >= len(self.cost))

    def columns(self, rows: np.ndarray, offers: np.ndarray) -> dict[str, np.ndarray]:
        """Return the figures of one offer to each of some customers, as columns of a table.

        The break-even is the share of leavers that the offer must keep to pay; unknown where nothing is at stake.
        """
        cost, fatigue, stake = self.cost[offers], self.fatigue[rows, offers], self.stake[rows]
        bounds = {name: part[rows, offers] - cost - fatigue for name, part in zip(BOUNDS, self._parts, strict=True)}
        even = np.divide(cost + fatigue, stake, out=np.full(len(rows), np.nan), where=stake > 0)
        sources = np.array(self.sources, dtype=object)[self.evidence[rows, offers]]
        return {"cost": cost, "fatigue": fatigue, **bounds, "break_even": even, "evidence": sources}

    def together(self, rows: np.ndarray, offers: np.ndarray, ends: Sequence[int]) -> tuple[np.ndarray, ...]:
        """Return the change of each offer for the first customers together, and how far it may lie below and above.

        What customers share goes wrong for all of them at once, so by each cause their widths add up; causes, and what
        is a customer's own, add up in squares. No total is less sure than the sum of its customers' bounds.

        Args:
            rows: positions of the customers, in an order.
            offers: the offer that each gets.
            ends: how many of them are the first, rising.

        Returns:
            the change, and the widths below and above it, each of shape (ends, offers).
        """
        causes = max((table.shape[1] for table in self.errors.values()), default=0)
        sums = np.zeros((1 + 2 * len(WIDTHS) + causes, len(ends) + 1, len(self.cost)))
        for start in range(0, len(rows), BLOCK):
            some, given = rows[start : start + BLOCK], offers[start : start + BLOCK]
            place = np.searchsorted(ends, np.arange(start, start + len(some)), side="right"), given
            for total, values in zip(sums, self._terms(some, given), strict=True):
                np.add.at(total, place, values)
        kept, *others = np.asarray(sums[:, : len(ends)].cumsum(axis=1))
        shared = sum((cause**2 for cause in others[2 * len(WIDTHS) :]), np.zeros(()))
        below, above = others[: len(WIDTHS)], others[len(WIDTHS) : 2 * len(WIDTHS)]
        return kept, *(
            np.sqrt(np.minimum(shared, learned**2) + assumed**2 + single) for learned, assumed, single in (below, above)
        )

    def _terms(self, rows: np.ndarray, offers: np.ndarray) -> Iterator[np.ndarray]:
        """Yield what adds up over some customers: the change, its widths below and above, and those by cause."""
        kept, errors = self.kept[rows, offers], self._errors(rows, offers)
        known = errors.any(axis=1)
        yield kept
        for bound, own in ((self.kept_low, self.own_low), (self.kept_high, self.own_high)):
            widths, single = np.abs(bound[rows, offers] - kept), np.where(known, 0.0, own[rows, offers])
            yield np.where(known, widths, 0.0)
            yield np.where(known, 0.0, np.sqrt(np.maximum(widths**2 - single**2, 0.0)))
            yield single**2
        yield from errors.T

    def _errors(self, rows: np.ndarray, offers: np.ndarray) -> np.ndarray:
        """Return the widths by cause of one offer to each of some customers, shape (rows, causes)."""
        errors = np.zeros((len(rows), max((table.shape[1] for table in self.errors.values()), default=0)))
        for offer, table in self.errors.items():
            here = offers == offer
            errors[here, : table.shape[1]] = table[rows[here]]
        return errors

    @property
    def _parts(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self.kept, self.kept_low, self.kept_high


BOUNDS = ("expected_gain", "gain_low", "gain_high")


def expected_gains(customers: pd.DataFrame, offers: Sequence[Offer], effects: pd.DataFrame | None = None) -> Gains:
    """Compute what each offer is expected to earn with each customer.

    The interval of an assumed change has two parts: that of the effect, and, where the scores know `value_low` and
    `value_high`, that of the value; as neither knows of the other, their widths add up in squares.

    Args:
        customers: customer, churn_probability, value; value_low, value_high and `contacts_<n>d` where known.
        offers: what can be done.
        effects: learned changes, which take the place of the assumed ones: customer, offer, kept (change of profit
            before costs, in currency), kept_low, kept_high, evidence; and `error_1`, `error_2`, ... where they are
            known: the widths by causes that all customers share, as `EffectModel.predict` tells them.

    Raises:
        SettingsError: the effect of an offer is to be learned, and there is none.
        ScoreError: the effects lack a column, name another offer, come twice, or are about nobody here.

    >>> ann = pd.DataFrame({"customer": ["ann"], "churn_probability": [0.5], "value": [200.0]})
    >>> float(expected_gains(ann, [Offer("call", contact_cost=4.0, effect=0.2)]).gain[0, 0])
    16.0
    """
    _check_learned(offers, effects)
    risk, value = (customers[name].to_numpy(dtype=np.float64) for name in ("churn_probability", "value"))
    stake = risk * value
    low, middle, high = (np.array(column) for column in zip(*(offer.effects for offer in offers), strict=True))
    kept, kept_low, kept_high = (stake[:, None] * effect for effect in (middle, low, high))
    own = {name: np.broadcast_to(0.0, kept.shape) for name in VALUE_BOUNDS}
    for name, bound in (("value_low", kept_low), ("value_high", kept_high)):
        if name in customers:
            off = (risk * np.nan_to_num(customers[name].to_numpy(np.float64, na_value=np.nan) - value))[:, None]
            sign, own[name] = -1 if name == "value_low" else 1, middle * off
            bound[:] = kept + sign * np.hypot(bound - kept, own[name])
    gains = Gains(
        kept,
        kept_low,
        kept_high,
        cost=np.array([offer.cost for offer in offers]),
        fatigue=_fatigue(customers, offers),
        evidence=np.tile(np.arange(len(offers), dtype=np.int16), (len(customers), 1)),
        sources=tuple(offer.evidence for offer in offers),
        stake=stake,
        own_low=own["value_low"],
        own_high=own["value_high"],
        errors={},
    )
    return gains if effects is None else _learned(gains, customers.customer, offers, effects)


def _fatigue(customers: pd.DataFrame, offers: Sequence[Offer]) -> np.ndarray:
    """What former contacts take from each offer: nothing where nobody says so."""
    if not any(offer.fatigue for offer in offers):
        return np.broadcast_to(0.0, (len(customers), len(offers)))
    columns = [
        offer.fatigue * contacts_known(customers[contacts_within(offer.fatigue_days)])
        if offer.fatigue
        else np.zeros(len(customers))
        for offer in offers
    ]
    return np.column_stack(columns)


def _learned(gains: Gains, customers: pd.Series, offers: Sequence[Offer], effects: pd.DataFrame) -> Gains:
    """Put learned changes in the place of the assumed ones."""
    names = [offer.name for offer in offers]
    _check_effects(effects, names)
    rows, columns = pd.Index(customers).get_indexer(effects.customer), pd.Index(names).get_indexer(effects.offer)
    if len(effects) and (rows < 0).all():
        raise ScoreError(
            f"None of the {len(effects):,} learned effects is about any of the {len(customers):,} customers that are "
            "decided on. Learn them for the customers that are scored today, with the keys that the scores have."
        )
    known = rows >= 0
    place = rows[known], columns[known]
    for name, part in zip(PARTS, (gains.kept_low, gains.kept, gains.kept_high), strict=True):
        part[place] = effects[name].to_numpy(np.float64)[known]
    codes, sources = pd.factorize(effects.evidence[known], sort=True)
    gains.evidence[place] = len(offers) + codes
    for part in (gains.own_low, gains.own_high):
        if part.flags.writeable:
            part[place] = 0.0
    causes = np.nan_to_num(effects.filter(regex=CAUSES).to_numpy(np.float64)[known])
    errors = {}
    for offer in np.unique(place[1]) if causes.size else ():
        errors[int(offer)] = np.zeros((len(customers), causes.shape[1]))
        errors[int(offer)][place[0][place[1] == offer]] = causes[place[1] == offer]
    return replace(gains, sources=(*gains.sources, *map(str, sources)), errors=errors)


def _check_learned(offers: Sequence[Offer], effects: pd.DataFrame | None) -> None:
    """Refuse an offer whose effect is to be learned, and of which nothing was."""
    known = set() if effects is None or "offer" not in effects else set(effects.offer)
    missing = [offer.name for offer in offers if offer.is_learned and offer.name not in known]
    if missing:
        raise SettingsError(
            f"The effect of {listed(missing)} is to be learned, and no learned effects of it are given, only of: "
            f"{listed(known)}. Give them (effects=...), or write an assumption: effect = 0.1."
        )


def _check_effects(effects: pd.DataFrame, names: Sequence[str]) -> None:
    check_columns(effects, LEARNED, "effects", "Give a row for each customer and offer that was learned about.")
    check_once(effects, ["customer", "offer"], "effects")
    strange = sorted(set(map(str, effects.offer.unique())) - set(names))
    if strange:
        raise ScoreError(
            f"The effects are of the offer {strange[0]!r}, which is not among those of this plan: {listed(names)}."
            f"{nearest(strange[0], names)} Leave its rows out, effects[effects.offer.isin({sorted(names)})], or add it."
        )
    low, kept, high = (pd.to_numeric(effects[name], errors="coerce").to_numpy(np.float64) for name in PARTS)
    bad = np.flatnonzero(~((low <= kept) & (kept <= high) & np.isfinite(low) & np.isfinite(high)))
    if len(bad):
        raise ScoreError(
            f"kept_low, kept and kept_high of the effects are rising amounts of money, but not in {len(bad)} of "
            f"{len(effects)} rows; the first is row {bad[0]} with {cell(low[bad[0]], 'g')}, "
            f"{cell(kept[bad[0]], 'g')} and {cell(high[bad[0]], 'g')}. Leave those rows out: the assumed "
            "effect counts for them."
        )
    causes = effects.filter(regex=CAUSES)
    own, width = (causes.astype(np.float64) ** 2).sum(axis=1, skipna=False).to_numpy() ** 0.5, (high - low) / 2
    untold = causes.isna().all(axis=1).to_numpy()  # which goes wrong as a whole, as in a table without causes
    bad = np.flatnonzero(~(own >= width * (1 - CLOSE)) & ~untold) if len(causes.columns) else bad
    if len(bad):
        raise ScoreError(
            f"{listed(causes.columns)} of the effects are half the interval by its causes, but are less in {len(bad)} "
            f"of {len(effects)} rows; the first is row {bad[0]} with {cell(own[bad[0]], 'g')}, where half the interval "
            f"is {cell(width[bad[0]], 'g')}. Multiply them by what an outcome is worth, as kept, or leave them out: "
            "effects = effects.drop(columns=effects.filter(like='error_'))."
        )
    unsaid = int((effects.evidence.isna() | effects.evidence.isin(["", " "])).sum())
    if unsaid:
        raise ScoreError(
            f"{unsaid} of {len(effects)} effects do not say what they rest on. Add it: effects['evidence'] = "
            "'randomised', or what else the campaign was."
        )
