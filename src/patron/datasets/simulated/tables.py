"""Event tables of the simulated world up to a day, as a business would have them, and the ledger they add up to."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray as Texts

from patron.datasets.simulated.draws import uniform
from patron.datasets.simulated.offers import TrueOffer
from patron.datasets.simulated.people import CHANNELS as SHARES
from patron.datasets.simulated.people import People
from patron.datasets.simulated.process import START
from patron.datasets.simulated.purchases import CATEGORIES, HANDLING, INBOUND, Rows
from patron.history.point_in_time import in_window, is_past

__all__ = ["event_tables", "keys", "ledger", "moment"]

STATED_LATER = 60.0  # days after they came, within which customers say what they prefer
CHANNELS = tuple(SHARES)


def event_tables(
    people: People, offers: Sequence[TrueOffer], rows: Mapping[str, Sequence[Rows]], weeks: int
) -> dict[str, pd.DataFrame]:
    """Return what is known at the end of so many weeks, each table in the order of time."""
    today, names = 7.0 * weeks, keys(len(people))
    joined = {table: _joined(parts) for table, parts in rows.items()}
    known = np.flatnonzero(people.came < weeks)
    return {
        "customers": _customers(people, known, names),
        "orders": _orders(people, joined["orders"], today, names),
        "contacts": _contacts(people, joined["contacts"], today, names),
        "tickets": _tickets(people, joined["tickets"], today, names),
        "offers": _offers(offers, joined.get("offers"), today, names),
        "ties": _ties(people, weeks, names),
        "preferences": _preferences(people, today, names),
    }


def ledger(tables: Mapping[str, pd.DataFrame], start: datetime, end: datetime) -> pd.DataFrame:
    """Return what each customer brought and cost from a day up to another one, and the profit that is left."""
    within = {name: table[_between(table, start, end)] for name, table in tables.items() if "at" in table}
    orders = within["orders"]
    bought, back = (orders[orders.event_type == kind].groupby("customer") for kind in ("purchase", "return"))
    book = pd.DataFrame(index=pd.Index(tables["customers"].customer, name="customer"))
    book["orders"] = bought.amount.sum()
    book["goods"], book["shipping"] = -bought.cost.sum(), -bought.shipping.sum()
    book["refunds"], book["goods back"], book["handling"] = -back.amount.sum(), back.cost.sum(), -back.shipping.sum()
    for name in ("tickets", "contacts", "offers"):
        book[name] = -within[name].groupby("customer").cost.sum()
    book = book.fillna(0.0).round(2)
    return book.assign(profit=book.sum(axis=1).round(2))


def keys(customers: int) -> Texts:
    """Return the keys of customers by number."""
    return _texts(f"c{number}" for number in range(customers))


def moment(weeks: float) -> datetime:
    """Return the instant so many weeks after the world began.

    >>> moment(156)
    datetime.datetime(2024, 1, 1, 0, 0)
    """
    return START + timedelta(weeks=weeks)


def _texts(values: Iterable[str]) -> Texts:
    return pd.array(list(values), dtype="str")


def _between(table: pd.DataFrame, start: datetime, end: datetime) -> pd.Series:
    return in_window(table["at"], start) & is_past(table["at"], end)


def _joined(parts: Sequence[Rows]) -> Rows:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _frame(day: np.ndarray, today: float, columns: Mapping[str, np.ndarray | Texts]) -> pd.DataFrame:
    """Return the rows before today in the order of time, then of customers as they came."""
    shown = np.flatnonzero(is_past(day, today))
    shown = shown[np.argsort(day[shown], kind="stable")]
    seconds = np.floor(day[shown] * 86_400).astype("timedelta64[s]")
    at = (np.datetime64(START, "s") + seconds).astype("datetime64[us]")
    ordered = {name: column[shown] for name, column in columns.items()}
    return pd.DataFrame({"customer": ordered.pop("customer"), "at": at, **ordered})


def _customers(people: People, known: np.ndarray, names: Texts) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer": names[known],
            "acquisition": people.acquisition[known],
            "region": people.region[known],
            "age": people.age[known],
            "email_consent": np.where(people.consent[known], "yes", "no"),
        }
    )


def _orders(people: People, rows: Rows, today: float, names: Texts) -> pd.DataFrame:
    """Return purchases, and returns as rows of their own with the order that they take back."""
    back = np.isfinite(rows["back"])
    taken = np.concatenate([np.zeros(len(back), bool), np.ones(back.sum(), bool)])
    twice = {name: np.concatenate([column, column[back]]) for name, column in rows.items()}
    who = twice["customer"]
    channel = np.where(people.acquisition == "store", 2, (people.prefers == "app").astype(int))
    numbers = _texts(f"o{number}" for number in range(len(people)))[who]
    return _frame(
        np.where(taken, twice["back"], twice["day"]),
        today,
        {
            "customer": names[who],
            "event_type": _texts(["purchase", "return"])[taken.astype(int)],
            "order": numbers + _texts(f"w{week}" for week in range(rows["week"].max() + 1))[twice["week"]],
            "amount": twice["amount"],
            "discount": np.where(taken, 0.0, twice["discount"]),
            "cost": twice["cost"],
            "shipping": np.where(taken, HANDLING, twice["shipping"]),
            "channel": _texts(["web", "app", "store"])[channel[who]],
            "category": _texts(CATEGORIES)[twice["category"]],
        },
    )


def _contacts(people: People, rows: Rows, today: float, names: Texts) -> pd.DataFrame:
    who, inbound = rows["customer"], rows["inbound"] >= 0
    columns = {
        "customer": names[who],
        "direction": _texts(["out", "in"])[inbound.astype(int)],
        "channel": _texts(CHANNELS)[np.where(inbound, _places(people.prefers)[who], _places(people.mailed_by)[who])],
        "kind": _texts([*INBOUND, "mailing"])[rows["inbound"]],
        "cost": rows["cost"],
    }
    return _frame(rows["day"], today, columns)


def _tickets(people: People, rows: Rows, today: float, names: Texts) -> pd.DataFrame:
    columns = {
        "customer": names[rows["customer"]],
        "channel": _texts(CHANNELS)[_places(people.prefers)[rows["customer"]]],
        "kind": _texts(["question", "complaint"])[rows["complaint"].astype(int)],
        "cost": rows["cost"],
    }
    return _frame(rows["day"], today, columns)


def _offers(offers: Sequence[TrueOffer], rows: Rows | None, today: float, names: Texts) -> pd.DataFrame:
    if rows is None:
        rows = {name: np.zeros(0) for name in ("day", "propensity", "cost")}
        rows |= {name: np.zeros(0, int) for name in ("customer", "offer")}
        rows |= {name: np.zeros(0, bool) for name in ("treated", "accepted")}
    columns = {
        "customer": names[rows["customer"]],
        "offer": _texts(offer.name for offer in offers)[rows["offer"]],
        "arm": _texts(["control", "treated"])[rows["treated"].astype(int)],
        "propensity": rows["propensity"],
        "cost": rows["cost"],
        "accepted": rows["accepted"],
    }
    return _frame(rows["day"], today, columns)


def _places(channels: np.ndarray) -> np.ndarray:
    """Return the place of each customer's channel among all."""
    places = np.zeros(len(channels), int)
    for place, name in enumerate(CHANNELS):
        places[channels == name] = place
    return places


def _came(people: People) -> np.ndarray:
    """Return the day of each customer's first order."""
    return 7.0 * (people.came + _by_week(people, "at"))


def _by_week(people: People, use: str) -> np.ndarray:
    draws = np.empty(len(people))
    for week in np.unique(people.came):
        there = np.flatnonzero(people.came == week)
        draws[there] = uniform(people.seed, use, there, int(week))
    return draws


def _ties(people: People, weeks: int, names: Texts) -> pd.DataFrame:
    """Return a row for each tie at the first order of who came later, whom the customer of the row may have brought."""
    first, second = people.tied.T
    kind = _texts(["household", "referral"])[people.referred.astype(int)]
    return _frame(_came(people)[second], 7.0 * weeks, {"customer": names[first], "other": names[second], "kind": kind})


def _preferences(people: People, today: float, names: Texts) -> pd.DataFrame:
    said = np.flatnonzero(people.stated)
    day = _came(people)[said] + STATED_LATER * uniform(people.seed, "said", said)
    return _frame(day, today, {"customer": names[said], "channel": people.prefers[said]})
