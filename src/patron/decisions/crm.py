"""Back to where people act: answers and decisions as the file that a CRM imports, by its own key of the customer.

Every scored customer has a row and every cell a value, so that an import also takes back what held the day before.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from patron.errors import SettingsError, listed, nearest

__all__ = ["CrmImport", "crm_table"]

PREFIX, NOBODY = "patron", "none"
LONGEST = 40  # letters of a custom field's name in Salesforce, without its ending
FIRST_OF = ("next_category_1", "next_item_1")
OF_SCORES = (
    *("cutoff", "churn_probability", "cancellation_probability", "win_back_probability"),
    *("tier", "expected_profit", "value", *FIRST_OF),
)
WITHIN = "purchase_within_"
OF_DECISIONS = ("group", "offer", "expected_gain", "reasons_for", "reasons_against")
PLACES = 4


def _hubspot(column: str) -> str:
    return f"{PREFIX}_{column.lower()}"


def _salesforce(column: str) -> str:
    return f"{PREFIX}_{column}".title()[:LONGEST].rstrip("_") + "__c"


HEADERS: Mapping[str, Callable[[str], str]] = {"hubspot": _hubspot, "salesforce": _salesforce}


@dataclass(frozen=True)
class CrmImport:
    """What one CRM imports, and how it calls it.

    Args:
        name: the CRM; "hubspot" and "salesforce" have names of their own for the fields, others those of the tables.
        key: the CRM's field that holds the customer's key, by which the import finds whom to update.
        columns: the columns of scores and decisions that are imported, each with the CRM's name of the field; none
            for the usual ones, under the usual names.

    >>> CrmImport("salesforce", key="Shop_Id__c").header("churn_probability")
    'Patron_Churn_Probability__c'
    >>> CrmImport("hubspot", key="shop_id").header("churn_probability")
    'patron_churn_probability'
    """

    name: str
    key: str
    columns: Mapping[str, str] = field(default_factory=dict)

    def header(self, column: str) -> str:
        """Return the CRM's name of a column."""
        return self.columns.get(column) or HEADERS.get(self.name, str)(column)


def crm_table(scores: pd.DataFrame, decisions: pd.DataFrame | None, wanted: CrmImport) -> pd.DataFrame:
    """Return a row for each scored customer, as a CRM imports it.

    Args:
        scores: the answers, a row for each customer.
        decisions: whom to treat with what, a row for each customer chosen; None where nothing was decided.
        wanted: the CRM's key and fields.

    Returns:
        Texts throughout: dates as 2024-05-31, numbers with a point and four places. Who gets no offer has the offer
        "none"; the group tells who is held out ("control"), and must get none from anybody else.

    Raises:
        SettingsError: a column is not there, or two have the same name in the CRM.

    >>> scores = pd.DataFrame({"customer": ["a", "b"], "churn_probability": [0.25, 0.5]})
    >>> plan = pd.DataFrame({"customer": ["b"], "group": ["treat"], "offer": ["call"]})
    >>> crm_table(scores, plan, CrmImport("hubspot", key="shop_id")).to_dict("records")[1]
    {'shop_id': 'b', 'patron_churn_probability': '0.5', 'patron_group': 'treat', 'patron_offer': 'call'}
    """
    rows = _rows(scores, decisions)
    columns = list(wanted.columns) or [column for column in rows if _is_usual(column)]
    for column in columns:
        if column not in rows:
            raise SettingsError(
                f"[crm.{wanted.name}] columns names {column!r}, which is no column of scores or decisions."
                f"{nearest(column, rows)} There are: {listed(rows)}."
            )
    headers = [wanted.key, *(wanted.header(column) for column in columns)]
    again = next((header for header in headers if headers.count(header) > 1), "")
    if again:
        raise SettingsError(
            f"[crm.{wanted.name}] gives the name {again!r} to several columns. "
            f"Name them: columns = {{ {columns[-1]} = 'another name' }}."
        )
    texts = [rows["customer"].astype(str), *(_texts(rows[column]) for column in columns)]
    return pd.DataFrame(dict(zip(headers, texts, strict=True)))


def _rows(scores: pd.DataFrame, decisions: pd.DataFrame | None) -> pd.DataFrame:
    if decisions is None:
        return scores
    new = [column for column in decisions if column not in scores or column == "customer"]
    rows = scores.merge(decisions[new], on="customer", how="left", validate="one_to_one")
    held_out = rows["group"].ne("treat")
    return rows.assign(offer=rows["offer"].mask(held_out, NOBODY), group=rows["group"].fillna(NOBODY))


def _is_usual(column: str) -> bool:
    return column in (*OF_SCORES, *OF_DECISIONS) or column.startswith(WITHIN)


def _texts(column: pd.Series) -> pd.Series:
    """Return values as imports read them; an empty cell would leave what the CRM holds of yesterday."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.dt.strftime("%Y-%m-%d")
    if pd.api.types.is_numeric_dtype(column):
        return column.fillna(0).map(_plain)
    return column.fillna(NOBODY).astype(str)


def _plain(value: float) -> str:
    return f"{value:.{PLACES}f}".rstrip("0").rstrip(".")
