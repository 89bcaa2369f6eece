"""Permission: which offer each customer may get at all, by consent, conditions and former contacts."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from patron.decisions.former_contacts import LAST_CONTACT, FormerContacts, contacts_within
from patron.decisions.offers import Offer
from patron.decisions.rules import Rules
from patron.decisions.table_checks import check_columns, check_once
from patron.errors import SettingsError, listed_columns, nearest
from patron.history.row_conditions import RowCondition, values_held
from patron.models.serving import Allowances, who_may

__all__ = ["TIES", "cap", "columns_needed", "lacking", "limits", "permission", "with_facts"]

SHOWN = 12
TIES = "ties"


def columns_needed(offers: Sequence[Offer], rules: Rules) -> tuple[str, ...]:
    """Return the columns about customers that offers and rules look at, beside the scores'.

    >>> columns_needed([Offer("mail", 1.0, effect=0.1, consent="agreed", rest=30, fatigue=0.5)], Rules())
    ('agreed', 'contacts_30d', 'last_contact')
    """
    names = {offer.consent for offer in offers if offer.consent}
    names |= {condition.column for offer in offers for condition in _conditions(offer)}
    names |= {contacts_within(offer.fatigue_days) for offer in offers if offer.fatigue}
    names |= {LAST_CONTACT for offer in offers if offer.rest}
    if rules.most_contacts is not None:
        names.add(contacts_within(rules.contact_days))
    return tuple(sorted(names | ({rules.holdout_by} if rules.holdout_by else set())))


def with_facts(scores: pd.DataFrame, facts: pd.DataFrame | None, offers: Sequence[Offer], rules: Rules) -> pd.DataFrame:
    """Return the scores with the columns that offers and rules look at.

    Args:
        scores: a row for each customer.
        facts: customer, and what the scores do not tell of them; of who is not there nothing is known.
        offers: what can be done.
        rules: what the plan keeps to.

    Raises:
        ScoreError: the facts have no customer, or one twice.
        SettingsError: a column is neither in the scores nor in the facts.
    """
    needed = columns_needed(offers, rules)
    if facts is not None:
        check_columns(facts, ("customer",), "facts", "Give the column of the customer's key.")
        check_once(facts, ["customer"], "facts")
        names = [name for name in needed if name in facts and name not in scores]
        rows = pd.Index(facts.customer).get_indexer(scores.customer)
        scores = scores.assign(**{name: _taken(facts[name], rows) for name in names})
    known = [*dict.fromkeys([*scores, *(facts if facts is not None else ())])]
    for name in needed:
        if name not in scores:
            raise SettingsError(lacking(name, known, offers))
    return scores


def lacking(name: str, known: Sequence[str], offers: Sequence[Offer]) -> str:
    """Return the message about a column that offers or rules look at and nothing tells of.

    Args:
        name: of the column.
        known: the columns that there are.
        offers: what can be done.
    """
    wanting = next((offer.name for offer in offers if name in columns_needed([offer], Rules())), "")
    is_former = bool(FormerContacts.among([name]).columns)
    by_rule = "The cap on contacts (most_contacts)" if is_former else "The hold-out (holdout_by)"
    whose = f"Offer {wanting!r} looks" if wanting else f"{by_rule} looks"
    if name == TIES and not wanting:
        return (
            f"{whose} at ties between customers, and nothing tells of any. Give an event table of them, [tables.ties] "
            "path = 'ties.parquet' and other = 'the column of the other customer', in Python "
            "facts=pt.tie_clusters(history, at), or name a column: holdout_by = 'customers_household'."
        )
    if is_former:
        return (
            f"{whose} at former contacts ({name}), and nothing tells of any. Give an event table of them, "
            "[tables.contacts] path = 'contacts.parquet', in Python facts=pd.DataFrame with customer and "
            f"{name}, or leave rest, fatigue and most_contacts out."
        )
    return (
        f"{whose} at the column {name!r}, which is no feature, attribute or answer of the customers."
        f"{nearest(name, map(str, known))} Known are: {_some(known)}. Add it to the "
        "attributes, [attributes.customers] path = 'customers.csv', or name another column."
    )


def permission(customers: pd.DataFrame, offers: Sequence[Offer], rules: Rules) -> tuple[Allowances, tuple[str, ...]]:
    """Return which offer each customer may get, and the offers that nobody may get, each with what to do about it.

    Args:
        customers: with all columns that offers and rules look at; whose consent is unknown has given none.
        offers: what can be done.
        rules: what the plan keeps to.

    Raises:
        SettingsError: nobody may get any offer, by consent and conditions.

    >>> people = pd.DataFrame({"agreed": [True, False], "last_contact": [10.0, 90.0]})
    >>> may, _ = permission(people, [Offer("mail", 1.0, effect=0.1, consent="agreed", rest=30)], Rules())
    >>> may.allowed.tolist()
    [[False], [False]]
    """
    for condition in (condition for offer in offers for condition in _conditions(offer)):
        condition.check(customers)
    may = who_may(customers, [limits(offer) for offer in offers], cap(rules))
    notes = _nobody(customers, offers, may.refused)
    if len(notes) >= len(offers) and not may.allowed.any():
        raise SettingsError(notes[0])
    return may, notes


def limits(offer: Offer) -> dict[str, Any]:
    """Return who may get an offer as plain values: by consent, conditions and days since the last contact.

    >>> limits(Offer("mail", 1.0, effect=0.1, rest=30))
    {'consent': '', 'eligible': [], 'rest': {'column': 'last_contact', 'days': 30}}
    """
    return {
        "consent": offer.consent,
        "eligible": [condition.plain for condition in _conditions(offer)],
        "rest": {"column": LAST_CONTACT, "days": offer.rest} if offer.rest else None,
    }


def cap(rules: Rules) -> dict[str, Any] | None:
    """Return the cap on contacts as plain values, or None where there is none."""
    if rules.most_contacts is None:
        return None
    return {"column": contacts_within(rules.contact_days), "most": rules.most_contacts}


def _nobody(customers: pd.DataFrame, offers: Sequence[Offer], refused: Mapping[str, np.ndarray]) -> tuple[str, ...]:
    """Offers of which nobody has the consent, or that nobody is eligible for, with what to do about it."""
    notes, count = [], f"{len(customers):,} customers"
    for j, offer in enumerate(offers if len(customers) else ()):
        if offer.consent and refused["no consent"][:, j].all():
            notes.append(
                f"Offer {offer.name!r} needs consent ({offer.consent}), and none of {count} has given it."
                f"{values_held(customers[offer.consent])} Consent is true, yes, 1, ja, oui or sí. Name another column, "
                "consent = 'mail_consent', or leave the offer out."
            )
        elif offer.conditions and refused["not eligible"][:, j].all():
            columns = [condition.column for condition in _conditions(offer)]
            notes.append(
                f"None of {count} is eligible for offer {offer.name!r}, by {' and '.join(map(repr, columns))}."
                f"{values_held(customers[columns[0]])} Write a condition that some meet, for example "
                "eligible = 'recency > 30', or leave the offer out."
            )
    return tuple(notes)


def _conditions(offer: Offer) -> list[RowCondition]:
    """Return what makes a customer eligible for an offer."""
    subject = f"What makes a customer eligible for offer {offer.name!r}"
    return [RowCondition(text, subject, 'eligible = "CONDITION"') for text in offer.conditions]


def _taken(column: pd.Series, rows: np.ndarray) -> ExtensionArray | np.ndarray:
    """The values of some rows, missing where a row is not there."""
    return column.reset_index(drop=True).reindex(rows).array


def _some(known: Sequence[str]) -> str:
    rest = len(known) - SHOWN
    return f"{listed_columns(known[:SHOWN])}{f' and {rest} others' if rest > 0 else ''}"
