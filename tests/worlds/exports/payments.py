"""Exports of payment services: Square's transactions, Stripe's charges and subscriptions."""

from pathlib import Path

import numpy as np
import pandas as pd

from worlds.exports.sales import email_of, money, name_of, sales, shares
from worlds.exports.truths import Export, File

SQUARE = File(
    "transactions.csv",
    "orders",
    roles={"customer": ("Customer ID",), "at": ("Date",), "order": ("Transaction ID", "Payment ID")},
    money=(
        {"amount": ("Net Sales", "Total Collected", "Gross Sales", "Net Total")},
        {"gross": ("Gross Sales",), "discount": ("Discounts",)},
    ),
    allowed={"kind": ("Event Type",), "channel": ("Source", "Location"), "discount": ("Discounts",), "tax": ("Tax",)},
    wrong={
        "customer": ("Customer Name", "Transaction ID", "Payment ID", "Staff Name", "Staff ID", "PAN Suffix"),
        "at": ("Time", "Deposit Date"),
        "amount": ("Tip", "Tax", "Fees", "Cash", "Card"),
        "cost": ("Tax", "Tip"),
        "status": ("Transaction Status",),
        "quantity": ("Fee Percentage Rate",),
    },
    kept={"Event Type": ("Payment", "Refund")},
    refunds={"Event Type": ("Refund",)},
)
CHARGES = File(
    "unified_payments.csv",
    "orders",
    roles={"customer": ("Customer ID", "Customer Email"), "at": ("Created date (UTC)",), "order": ("id",)},
    money=({"amount": ("Amount", "Converted Amount")},),
    allowed={
        "currency": ("Currency", "Converted Currency"),
        "status": ("Status",),
        "category": ("Description",),
        "item": ("Description",),
    },
    wrong={
        "customer": ("id", "Card ID", "Card Last4", "Customer Description", "PaymentIntent ID"),
        "at": ("Refunded date (UTC)",),
        "amount": ("Amount Refunded", "Fee", "Converted Amount Refunded", "Taxes On Fee"),
    },
    kept={"Status": ("Paid",)},
    dropped={"Status": ("Failed",)},
    refunds={"Status": ("Refunded",)},
)
SUBSCRIPTIONS = File(
    "subscriptions.csv",
    "contracts",
    roles={
        "customer": ("Customer ID", "Customer Email"),
        "start": ("Start (UTC)", "Created (UTC)"),
        "end": ("Ended At (UTC)", "Canceled At (UTC)"),
    },
    allowed={"plan": ("Plan", "Interval"), "price": ("Amount",), "contract": ("id",)},
    wrong={
        "customer": ("id", "Plan", "Customer Description"),
        "start": ("Current Period Start (UTC)",),
        "end": ("Current Period End (UTC)", "Cancel At Period End"),
    },
)


def square(folder: Path) -> Export:
    """Write payments and refunds with date and time in two columns; two in five are of nobody that is known."""
    rng, shop = np.random.default_rng(41), sales(41, customers=200)
    n = len(shop.orders)
    orders = shop.orders.assign(unknown=rng.random(n) < 0.4)
    back = orders[rng.random(n) < 0.04]
    later = back.assign(at=back["at"] + pd.Timedelta("50h"), sign=-1)
    rows = pd.concat([orders.assign(sign=1), later], ignore_index=True).sort_values("at", ignore_index=True)
    discount, tax = np.where(rng.random(len(rows)) < 0.1, -2.0, 0.0), 0.0825 * rows.goods
    signed = [
        rows.sign * part for part in (rows.goods, discount, rows.goods + discount, tax, rows.goods + discount + tax)
    ]
    gross, less, net, taxes, collected = (_dollars(part) for part in signed)
    code = [f"{rng.integers(2**60):X}" for _ in range(len(rows))]
    pd.DataFrame(
        {
            "Date": rows["at"].dt.strftime("%Y-%m-%d"),
            "Time": rows["at"].dt.strftime("%H:%M:%S"),
            "Time Zone": "Pacific Time (US & Canada)",
            "Gross Sales": gross,
            "Discounts": less,
            "Service Charges": "$0.00",
            "Net Sales": net,
            "Gift Card Sales": "$0.00",
            "Tax": taxes,
            "Tip": _dollars(pd.Series(rng.choice([0.0, 1.0], len(rows)))),
            "Partial Refunds": "$0.00",
            "Total Collected": collected,
            "Source": "Point of Sale",
            "Card": collected,
            "Card Entry Methods": "Tapped",
            "Cash": "$0.00",
            "Fees": _dollars(-0.026 * rows.goods - 0.1),
            "Net Total": collected,
            "Transaction ID": [f"{text}tx" for text in code],
            "Payment ID": [f"{text}pm" for text in code],
            "PAN Suffix": rng.integers(1000, 9999, len(rows)),
            "Device Name": "Register 1",
            "Staff Name": rng.choice(["Robin", "Sasha"], len(rows)),
            "Staff ID": "TM1",
            "Description": "Custom Amount",
            "Event Type": np.where(rows.sign > 0, "Payment", "Refund"),
            "Location": rng.choice(["Market", "Main Street"], len(rows)),
            "Customer ID": ("CUST" + (rows.who * 977 + 50000).astype(str)).where(~rows.unknown, ""),
            "Customer Name": name_of(rows.who).where(~rows.unknown, ""),
            "Deposit Date": (rows["at"] + pd.Timedelta("1D")).dt.strftime("%Y-%m-%d"),
            "Fee Percentage Rate": "2.6",
            "Transaction Status": "Complete",
        }
    ).to_csv(folder / SQUARE.name, index=False)
    return shop.only(~orders.unknown).described(SQUARE)


def _dollars(values: pd.Series) -> pd.Series:
    return values.map(lambda value: f"{'-' if value < 0 else ''}${abs(value):,.2f}")


def stripe(folder: Path) -> Export:
    """Write charges of which some failed and some were paid back, and the subscriptions that most of them are of."""
    rng, shop = np.random.default_rng(51), sales(51)
    n = len(shop.orders)
    orders = shop.orders.assign(state=shares(rng, n, Paid=0.87, Failed=0.08, Refunded=0.05))
    refunded = orders.goods.where(orders.state == "Refunded", 0.0)
    at = orders["at"].dt.strftime("%Y-%m-%d %H:%M:%S")
    pd.DataFrame(
        {
            "id": [f"ch_3{rng.integers(2**60):x}" for _ in range(n)],
            "Created date (UTC)": at,
            "Amount": money(orders.goods),
            "Amount Refunded": money(refunded),
            "Currency": "usd",
            "Captured": np.where(orders.state == "Failed", "false", "true"),
            "Converted Amount": money(orders.goods),
            "Converted Amount Refunded": money(refunded),
            "Converted Currency": "usd",
            "Decline Reason": np.where(orders.state == "Failed", "insufficient_funds", ""),
            "Description": rng.choice(["Subscription update", "Invoice", ""], n, p=[0.7, 0.2, 0.1]),
            "Fee": money(orders.goods * 0.029 + 0.3),
            "Refunded date (UTC)": at.where(orders.state == "Refunded", ""),
            "Mode": "Live",
            "PaymentIntent ID": [f"pi_3{rng.integers(2**60):x}" for _ in range(n)],
            "Status": orders.state,
            "Customer ID": _stripe_id(orders.who),
            "Customer Description": name_of(orders.who),
            "Customer Email": email_of(orders.who),
            "Card ID": "card_1" + orders.who.astype(str),
            "Card Last4": 1000 + orders.who,
            "Card Brand": rng.choice(["Visa", "MasterCard"], n),
            "Taxes On Fee": "0.00",
        }
    ).to_csv(folder / CHARGES.name, index=False)
    _subscriptions(shop.orders, folder / SUBSCRIPTIONS.name)
    sure = shop.only(orders.state == "Paid")
    return sure.described(CHARGES, SUBSCRIPTIONS, most=shop.only(orders.state != "Failed"))


def _stripe_id(who: pd.Series) -> pd.Series:
    return who.map(lambda n: f"cus_N{n * 7919 + 10**6:x}Qk")


def _subscriptions(orders: pd.DataFrame, path: Path) -> None:
    rng = np.random.default_rng(52)
    first = orders.groupby("who")["at"].agg(["min", "max"]).reset_index().query("who % 3 > 0")
    again = first.sample(frac=0.2, random_state=1).assign(min=lambda rows: rows["max"])
    rows = pd.concat([first, again], ignore_index=True)
    gone = rng.random(len(rows)) < 0.5
    form = "%Y-%m-%d %H:%M"
    ended = (rows["max"] + pd.Timedelta("9D")).dt.strftime(form).where(gone, "")
    yearly = rng.random(len(rows)) < 0.3
    pd.DataFrame(
        {
            "id": [f"sub_1{rng.integers(2**60):x}" for _ in range(len(rows))],
            "Customer ID": _stripe_id(rows.who),
            "Customer Description": name_of(rows.who),
            "Customer Email": email_of(rows.who),
            "Plan": np.where(yearly, "price_yearly", "price_monthly"),
            "Quantity": 1,
            "Currency": "usd",
            "Interval": np.where(yearly, "year", "month"),
            "Amount": np.where(yearly, "99.00", "9.90"),
            "Status": np.where(gone, "canceled", "active"),
            "Created (UTC)": rows["min"].dt.strftime(form),
            "Start (UTC)": rows["min"].dt.strftime(form),
            "Current Period Start (UTC)": rows["max"].dt.strftime(form),
            "Current Period End (UTC)": (rows["max"] + pd.Timedelta("30D")).dt.strftime(form),
            "Trial Start (UTC)": "",
            "Canceled At (UTC)": ended,
            "Cancel At Period End": "false",
            "Ended At (UTC)": ended,
        }
    ).to_csv(path, index=False)
