"""Exports of customer relationship products: HubSpot's contacts, deals and engagements, four objects of Salesforce."""

import string
from pathlib import Path

import numpy as np
import pandas as pd

from worlds.exports.sales import email_of, money, name_of, sales
from worlds.exports.truths import Export, File

CONTACTS = File(
    "hubspot-crm-exports-all-contacts.csv",
    "attributes",
    roles={"customer": ("Record ID",)},
    allowed={"at": ("Create Date",)},
    wrong={"customer": ("Contact owner", "First Name", "Phone Number"), "at": ("Last Activity Date",)},
    leave_out=("Last Activity Date", "Number of Associated Deals", "Recent Deal Amount"),
)
DEALS = File(
    "hubspot-crm-exports-all-deals.csv",
    "orders",
    roles={"customer": ("Associated Contact IDs",), "at": ("Close Date",), "order": ("Record ID",)},
    money=({"amount": ("Amount",)},),
    allowed={"kind": ("Deal Type",), "category": ("Deal Type", "Pipeline"), "status": ("Deal Stage",)},
    wrong={
        "customer": ("Record ID", "Deal owner", "Deal Name"),
        "at": ("Create Date", "Last Activity Date"),
        "order": ("Associated Contact IDs",),
        "quantity": ("Number of Sales Activities",),
    },
    kept={"Deal Stage": ("Closed Won",)},
    dropped={"Deal Stage": ("Closed Lost", "Appointment Scheduled", "Contract Sent")},
)
ENGAGEMENTS = File(
    "hubspot-crm-exports-engagements.csv",
    "events",
    roles={"customer": ("Associated Contact IDs",), "at": ("Activity date",)},
    allowed={
        "channel": ("Activity type",),
        "kind": ("Activity type", "Call outcome"),
        "direction": ("Email direction",),
        "category": ("Activity type",),
    },
    wrong={"customer": ("Record ID", "Activity assigned to"), "at": ("Create date",), "order": ("Record ID",)},
)
ACCOUNT = File(
    "Account.csv",
    "attributes",
    roles={"customer": ("Id",)},
    allowed={"at": ("CreatedDate",)},
    wrong={"customer": ("Name", "OwnerId", "ParentId"), "at": ("LastActivityDate", "LastModifiedDate")},
    leave_out=("LastActivityDate", "LastModifiedDate"),
)
OPPORTUNITY = File(
    "Opportunity.csv",
    "orders",
    roles={"customer": ("AccountId",), "at": ("CloseDate",), "order": ("Id",)},
    money=({"amount": ("Amount",)},),
    allowed={"kind": ("Type",), "category": ("Type",), "channel": ("LeadSource",), "status": ("StageName",)},
    wrong={
        "customer": ("Id", "OwnerId", "Name"),
        "at": ("CreatedDate", "LastModifiedDate"),
        "amount": ("ExpectedRevenue", "Probability"),
        "discount": ("Probability",),
        "margin": ("ExpectedRevenue",),
    },
    kept={"StageName": ("Closed Won",)},
    dropped={"StageName": ("Closed Lost", "Prospecting", "Negotiation/Review")},
)
CASE = File(
    "Case.csv",
    "events",
    roles={"customer": ("AccountId",), "at": ("CreatedDate",)},
    allowed={"channel": ("Origin",), "kind": ("Reason", "Type", "Priority"), "category": ("Reason", "Type")},
    wrong={"customer": ("Id", "ContactId", "OwnerId", "CaseNumber"), "at": ("ClosedDate",), "order": ("CaseNumber",)},
)
MEMBER = File(
    "CampaignMember.csv",
    "events",
    roles={"customer": ("AccountId",), "at": ("CreatedDate",)},
    allowed={"kind": ("Status",), "item": ("CampaignId",), "category": ("CampaignId",)},
    wrong={"customer": ("Id", "ContactId", "CampaignId"), "at": ("FirstRespondedDate",), "order": ("CampaignId",)},
)
LETTERS = np.array([*string.ascii_letters, *string.digits])


def hubspot(folder: Path) -> Export:
    """Write contacts, deals and engagements, each with its Record ID; open deals lie ahead, and some name nobody."""
    rng, shop = np.random.default_rng(61), sales(61)
    n = len(shop.orders)
    stages = ["Closed Won", "Closed Lost", "Appointment Scheduled", "Contract Sent"]
    orders = shop.orders.assign(stage=rng.choice(stages, n, p=[0.8, 0.14, 0.03, 0.03]))
    alone = rng.random(n) < 0.04
    is_open = orders.stage.isin(stages[2:])
    closed = orders["at"].where(~is_open, orders["at"].max() + pd.to_timedelta(rng.integers(5, 90, n), unit="D"))
    owners, form = ["Dana Reed", "Lee Wong"], "%Y-%m-%d %H:%M"
    pd.DataFrame(
        {
            "Record ID": 9_700_000_000 + orders.number * 13,
            "Deal Name": name_of(orders.who) + " - renewal",
            "Deal Stage": orders.stage,
            "Close Date": closed.dt.strftime(form),
            "Create Date": (orders["at"] - pd.to_timedelta(rng.integers(3, 40, n), unit="D")).dt.strftime(form),
            "Amount": money(orders.goods * 20).where(orders.stage != "Appointment Scheduled", ""),
            "Pipeline": "Sales Pipeline",
            "Deal owner": rng.choice(owners, n),
            "Deal Type": rng.choice(["New Business", "Existing Business"], n),
            "Last Activity Date": (closed - pd.Timedelta("1D")).dt.strftime(form),
            "Number of Sales Activities": rng.integers(0, 9, n),
            "Associated Contact": (name_of(orders.who) + " (" + email_of(orders.who) + ")").mask(alone, ""),
            "Associated Contact IDs": _contact_id(orders.who).astype(str).mask(alone, ""),
        }
    ).to_csv(folder / DEALS.name, index=False)
    won = shop.only((orders.stage == "Closed Won") & ~alone)
    _contacts(rng, won.orders, folder / CONTACTS.name)
    _engagements(rng, shop.orders, folder / ENGAGEMENTS.name)
    return won.described(CONTACTS, DEALS, ENGAGEMENTS)


def _contact_id(who: pd.Series) -> pd.Series:
    return 301 + who * 50


def _contacts(rng: np.random.Generator, won: pd.DataFrame, path: Path) -> None:
    totals = won.groupby("who").agg(deals=("number", "count"), recent=("goods", "last"), last=("at", "max"))
    people = pd.DataFrame({"who": np.arange(260)}).join(totals, on="who")
    names = name_of(people.who).str.split(" ")
    created = pd.Timestamp("2021-10-01") + pd.to_timedelta(rng.integers(0, 140, len(people)), unit="D")
    pd.DataFrame(
        {
            "Record ID": _contact_id(people.who),
            "First Name": names.str[0],
            "Last Name": names.str[1],
            "Email": email_of(people.who),
            "Phone Number": "",
            "Contact owner": rng.choice(["Dana Reed", "Lee Wong", ""], len(people)),
            "Lifecycle Stage": np.where(people.deals > 0, "Customer", "Lead"),
            "Original Source": rng.choice(["Organic Search", "Referrals", "Paid Social"], len(people)),
            "Country/Region": rng.choice(["US", "Canada"], len(people)),
            "Create Date": created.strftime("%Y-%m-%d %H:%M"),
            "Last Activity Date": people["last"].dt.strftime("%Y-%m-%d %H:%M").fillna(""),
            "Number of Associated Deals": people.deals.fillna(0).astype(int),
            "Recent Deal Amount": money(people.recent * 20).where(people.recent.notna(), ""),
        }
    ).to_csv(path, index=False)


def _engagements(rng: np.random.Generator, orders: pd.DataFrame, path: Path) -> None:
    rows = orders.sample(frac=1.5, replace=True, random_state=7).sort_values("at", ignore_index=True)
    at = rows["at"] - pd.to_timedelta(rng.integers(0, 30 * 24, len(rows)), unit="h")
    kind = rng.choice(["EMAIL", "CALL", "MEETING", "NOTE"], len(rows), p=[0.6, 0.2, 0.1, 0.1])
    pd.DataFrame(
        {
            "Record ID": 41_000_000_000 + np.arange(len(rows)) * 7,
            "Activity type": kind,
            "Activity date": at.dt.strftime("%Y-%m-%d %H:%M"),
            "Create date": (at + pd.Timedelta("2h")).dt.strftime("%Y-%m-%d %H:%M"),
            "Email direction": np.where(kind == "EMAIL", rng.choice(["EMAIL", "INCOMING_EMAIL"], len(rows)), ""),
            "Call outcome": np.where(kind == "CALL", rng.choice(["Connected", "No answer"], len(rows)), ""),
            "Activity assigned to": rng.choice(["Dana Reed", "Lee Wong"], len(rows)),
            "Associated Contact IDs": _contact_id(rows.who),
        }
    ).to_csv(path, index=False)


def salesforce(folder: Path) -> Export:
    """Write four objects with ids of 18 characters; every object has an Id, and the account is a key of the others."""
    rng, shop = np.random.default_rng(71), sales(71)
    n = len(shop.orders)
    accounts = pd.Series(_ids(rng, "001", 260))
    stages = ["Closed Won", "Closed Lost", "Prospecting", "Negotiation/Review"]
    orders = shop.orders.assign(stage=rng.choice(stages, n, p=[0.8, 0.14, 0.03, 0.03]))
    won, closed = orders.stage == "Closed Won", orders.stage.isin(stages[:2])
    future = orders["at"].max() + pd.to_timedelta(rng.integers(5, 90, n), unit="D")
    amount = orders.goods * 100
    pd.DataFrame(
        {
            "Id": _ids(rng, "006", n),
            "IsDeleted": "false",
            "AccountId": accounts[orders.who].to_numpy(),
            "Name": name_of(orders.who) + "-",
            "StageName": orders.stage,
            "Amount": money(amount).where(orders.stage != "Prospecting", ""),
            "Probability": np.select([won, closed], ["100.0", "0.0"], "30.0"),
            "ExpectedRevenue": money(amount * np.select([won, closed], [1.0, 0.0], 0.3)),
            "CloseDate": orders["at"].where(closed, future).dt.strftime("%Y-%m-%d"),
            "Type": rng.choice(["New Business", "Existing Business"], n),
            "LeadSource": rng.choice(["Web", "Partner", "Phone"], n),
            "IsClosed": np.where(closed, "true", "false"),
            "IsWon": np.where(won, "true", "false"),
            "OwnerId": rng.choice(_ids(rng, "005", 3), n),
            "CreatedDate": _stamp(orders["at"] - pd.to_timedelta(rng.integers(3, 60, n), unit="D")),
            "LastModifiedDate": _stamp(orders["at"] + pd.Timedelta("3h")),
        }
    ).to_csv(folder / OPPORTUNITY.name, index=False)
    _accounts(rng, accounts, orders, folder / ACCOUNT.name)
    _cases(rng, accounts, orders, folder / CASE.name)
    _members(rng, accounts, orders, folder / MEMBER.name)
    return shop.only(won).described(ACCOUNT, OPPORTUNITY, CASE, MEMBER)


def _ids(rng: np.random.Generator, prefix: str, n: int) -> list[str]:
    return [f"{prefix}5g0000{''.join(letters)}" for letters in rng.choice(LETTERS, (n, 9))]


def _stamp(times: pd.Series) -> pd.Series:
    return times.dt.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def _accounts(rng: np.random.Generator, accounts: pd.Series, orders: pd.DataFrame, path: Path) -> None:
    n, last = len(accounts), orders.groupby("who")["at"].max().reindex(range(len(accounts)))
    pd.DataFrame(
        {
            "Id": accounts,
            "IsDeleted": "false",
            "Name": [f"{last_name} & Co {k}" for k, last_name in enumerate(name_of(pd.Series(range(n))).str[-4:])],
            "Type": rng.choice(["Customer - Direct", "Customer - Channel", "Prospect"], n),
            "ParentId": "",
            "BillingCountry": rng.choice(["USA", "Canada", "Mexico"], n),
            "Industry": rng.choice(["Energy", "Retail", "Banking", ""], n),
            "AnnualRevenue": rng.integers(1, 500, n) * 100_000,
            "NumberOfEmployees": rng.integers(5, 2000, n),
            "OwnerId": rng.choice(_ids(rng, "005", 3), n),
            "CreatedDate": _stamp(
                pd.Series(pd.Timestamp("2021-11-01") + pd.to_timedelta(rng.integers(0, 90, n), unit="D"))
            ),
            "LastModifiedDate": _stamp(last.fillna(orders["at"].max())),
            "LastActivityDate": last.dt.strftime("%Y-%m-%d").fillna(""),
        }
    ).to_csv(path, index=False)


def _cases(rng: np.random.Generator, accounts: pd.Series, orders: pd.DataFrame, path: Path) -> None:
    rows = orders.sample(frac=0.4, random_state=5).sort_values("at")
    at, n = rows["at"] + pd.to_timedelta(rng.integers(1, 20 * 24, len(rows)), unit="h"), len(rows)
    pd.DataFrame(
        {
            "Id": _ids(rng, "500", n),
            "CaseNumber": np.char.zfill(np.arange(1000, 1000 + n).astype(str), 8),
            "AccountId": accounts[rows.who].to_numpy(),
            "ContactId": np.array(_ids(rng, "003", 260))[rows.who],
            "Subject": "Question",
            "Status": rng.choice(["Closed", "New", "Working"], n, p=[0.9, 0.05, 0.05]),
            "Origin": rng.choice(["Phone", "Email", "Web"], n),
            "Priority": rng.choice(["High", "Medium", "Low"], n),
            "Reason": rng.choice(["Breakdown", "Billing", "Installation"], n),
            "OwnerId": rng.choice(_ids(rng, "005", 3), n),
            "CreatedDate": _stamp(at).to_numpy(),
            "ClosedDate": _stamp(at + pd.Timedelta("50h")).to_numpy(),
        }
    ).to_csv(path, index=False)


def _members(rng: np.random.Generator, accounts: pd.Series, orders: pd.DataFrame, path: Path) -> None:
    rows = orders.sample(frac=0.7, random_state=6).sort_values("at")
    at, n, answered = rows["at"] - pd.Timedelta("9D"), len(rows), rng.random(len(rows)) < 0.3
    pd.DataFrame(
        {
            "Id": _ids(rng, "00v", n),
            "CampaignId": rng.choice(_ids(rng, "701", 6), n),
            "ContactId": np.array(_ids(rng, "003", 260))[rows.who],
            "AccountId": accounts[rows.who].to_numpy(),
            "Status": np.where(answered, "Responded", "Sent"),
            "HasResponded": np.where(answered, "true", "false"),
            "FirstRespondedDate": (at + pd.Timedelta("2D")).dt.strftime("%Y-%m-%d").where(answered, "").to_numpy(),
            "CreatedDate": _stamp(at).to_numpy(),
        }
    ).to_csv(path, index=False)
