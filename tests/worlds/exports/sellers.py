"""Exports of those who sell by the side: PayPal's activity, Etsy's sold orders, Xero's invoices, a dump of tables."""

from pathlib import Path

import numpy as np
import pandas as pd

from worlds.exports.sales import email_of, money, name_of, sales, shares
from worlds.exports.truths import Export, File

PAYPAL = File(
    "Download.CSV",
    "orders",
    roles={"customer": ("From Email Address",), "at": ("Date",), "order": ("Transaction ID", "Invoice Number")},
    money=({"amount": ("Gross", "Net")}, {"gross": ("Gross",)}),
    allowed={
        "item": ("Item Title", "Item ID"),
        "quantity": ("Quantity",),
        "currency": ("Currency",),
        "kind": ("Type",),
        "channel": ("Type",),
        "tax": ("Sales Tax",),
        "status": ("Status",),
    },
    wrong={
        "customer": ("To Email Address", "Name", "Transaction ID"),
        "at": ("Time",),
        "amount": ("Fee", "Balance", "Sales Tax", "Shipping and Handling Amount"),
        "shipping": ("Shipping and Handling Amount",),
        "cost": ("Fee", "Shipping and Handling Amount"),
    },
    kept={"Type": ("Express Checkout Payment", "Mobile Payment"), "Status": ("Completed",)},
    dropped={"Type": ("General Withdrawal",), "Status": ("Denied",)},
    refunds={"Type": ("Payment Refund",)},
)
ETSY = File(
    "EtsySoldOrders2022-2024.csv",
    "orders",
    roles={"customer": ("Buyer User ID", "Buyer"), "at": ("Sale Date",), "order": ("Order ID",)},
    money=({"amount": ("Order Value", "Order Total", "Order Net")},),
    allowed={
        "quantity": ("Number of Items",),
        "currency": ("Currency",),
        "discount": ("Discount Amount",),
        "tax": ("Sales Tax",),
        "channel": ("Order Type",),
    },
    wrong={
        "customer": ("Full Name", "First Name", "Last Name", "Order ID"),
        "at": ("Date Shipped",),
        "amount": ("Adjusted Order Total", "Card Processing Fees", "Shipping", "Number of Items"),
        "shipping": ("Shipping",),
        "cost": ("Shipping", "Card Processing Fees"),
    },
)
XERO = File(
    "SalesInvoices.csv",
    "orders",
    roles={
        "customer": ("ContactName",),
        "at": ("InvoiceDate",),
        "order": ("InvoiceNumber",),
        "item": ("InventoryItemCode", "Description"),
        "item_name": ("Description",),
    },
    money=({"amount": ("LineAmount",)}, {"total": ("Total",)}),
    allowed={
        "quantity": ("Quantity",),
        "price": ("UnitAmount",),
        "currency": ("Currency",),
        "kind": ("Type",),
        "tax": ("TaxAmount",),
        "status": ("Status",),
    },
    wrong={
        "customer": ("InvoiceNumber", "Reference", "AccountCode"),
        "at": ("DueDate",),
        "amount": ("Total", "TaxTotal", "InvoiceAmountPaid", "UnitAmount"),
        "discount": ("Discount",),
        "cost": ("TaxAmount",),
        "category": ("AccountCode",),
    },
    kept={"Status": ("Paid", "Awaiting Payment")},
    dropped={"Status": ("Voided", "Draft")},
    refunds={"Type": ("Sales credit note",)},
)
TRANSACTIONS = File(
    "txn_2024_dump.csv",
    "orders",
    roles={"customer": ("acct",), "at": ("ts",), "order": ("txn",)},
    money=({"amount": ("amt_minor",)},),
    allowed={"currency": ("ccy",), "kind": ("typ",), "status": ("sts",)},
    wrong={"customer": ("txn", "term"), "at": ("batch_day",), "quantity": ("term",)},
    kept={"sts": ("SETTLED",)},
    dropped={"sts": ("FAILED", "REVERSED")},
    refunds={"typ": ("REFUND",)},
)
ACCOUNTS = File(
    "acct_dump.csv",
    "attributes",
    roles={"customer": ("acct",)},
    allowed={"at": ("opened",)},
    wrong={"at": ("last_seen",)},
    leave_out=("last_seen", "n_txn"),
)


def paypal(folder: Path) -> Export:
    """Write what came in and went out; refunds and withdrawals come from the shop's own address."""
    rng, shop = np.random.default_rng(131), sales(131)
    n = len(shop.orders)
    kinds = rng.choice(["Express Checkout Payment", "Mobile Payment"], n, p=[0.9, 0.1])
    orders = shop.orders.assign(kind=kinds, state=shares(rng, n, Completed=0.95, Denied=0.03, Pending=0.02), sign=1)
    back = orders[rng.random(n) < 0.03].assign(kind="Payment Refund", state="Completed", sign=-1)
    weekly = orders.iloc[::60].assign(kind="General Withdrawal", state="Completed", sign=-9)
    later = pd.concat([back, weekly])
    later["at"] += pd.Timedelta("30h")
    rows = pd.concat([orders, later]).sort_values("at", ignore_index=True)
    gross, own = rows.goods * rows.sign, rows.sign < 0
    fee = (0.029 * rows.goods + 0.3).where(~own, 0.0)
    buyer, shipped = email_of(rows.who), rng.choice([0.0, 4.5], len(rows))
    comma = "{:,.2f}".format
    pd.DataFrame(
        {
            "Date": rows["at"].dt.strftime("%m/%d/%Y"),
            "Time": rows["at"].dt.strftime("%H:%M:%S"),
            "TimeZone": "PST",
            "Name": name_of(rows.who).mask(rows.sign == -9, ""),
            "Type": rows.kind,
            "Status": rows.state,
            "Currency": "USD",
            "Gross": (gross * 40).map(comma),
            "Fee": (-fee).map(comma),
            "Net": (gross * 40 - fee).map(comma),
            "From Email Address": buyer.mask(own, "shop@roastery.example"),
            "To Email Address": buyer.where(own, "shop@roastery.example").mask(rows.sign == -9, ""),
            "Transaction ID": [f"{rng.integers(36**9):017d}X" for _ in range(len(rows))],
            "Item Title": rng.choice(["Coffee", "Tea", ""], len(rows)),
            "Shipping and Handling Amount": pd.Series(shipped).map(comma),
            "Sales Tax": "0.00",
            "Invoice Number": rows.number.astype(str).mask(own, ""),
            "Quantity": np.where(own, "", "1"),
            "Balance": (gross.cumsum() * 40).map(comma),
            "Balance Impact": np.where(own, "Debit", "Credit"),
        }
    ).to_csv(folder / PAYPAL.name, index=False, encoding="utf-8-sig")
    return shop.only(orders.state == "Completed").described(PAYPAL, most=shop.only(orders.state != "Denied"))


def etsy(folder: Path) -> Export:
    """Write years of two digits, buyers without an account, and totals that are adjusted where money went back."""
    rng, shop = np.random.default_rng(141), sales(141)
    orders, n = shop.orders, len(shop.orders)
    guest, shipping, off = rng.random(n) < 0.15, rng.choice([0.0, 6.2], n), np.where(rng.random(n) < 0.2, 2.0, 0.0)
    names, user = name_of(orders.who).str.split(" "), "maker" + (orders.who * 53 + 700).astype(str)
    total = orders.goods - off + shipping
    fees = total * 0.03 + 0.25
    pd.DataFrame(
        {
            "Sale Date": orders["at"].dt.strftime("%m/%d/%y"),
            "Order ID": 2_800_000_000 + orders.number * 101,
            "Buyer User ID": user.mask(guest, ""),
            "Full Name": name_of(orders.who),
            "First Name": names.str[0],
            "Last Name": names.str[1],
            "Number of Items": shop.lines.groupby("number").quantity.sum().to_numpy(),
            "Payment Method": "Credit Card",
            "Date Shipped": (orders["at"] + pd.Timedelta("2D")).dt.strftime("%m/%d/%y"),
            "Ship City": rng.choice(["Austin", "Boise", "Reno"], n),
            "Ship Country": "United States",
            "Currency": "USD",
            "Order Value": money(orders.goods),
            "Coupon Code": np.where(off > 0, "THANKS2", ""),
            "Discount Amount": money(pd.Series(off)),
            "Shipping": money(pd.Series(shipping)),
            "Sales Tax": "0.00",
            "Order Total": money(total),
            "Card Processing Fees": money(fees),
            "Order Net": money(total - fees),
            "Adjusted Order Total": money(total * 0.5).where(rng.random(n) < 0.03, ""),
            "Buyer": (name_of(orders.who) + " (" + user + ")").mask(guest, ""),
            "Order Type": "online",
        }
    ).sort_index(ascending=False).to_csv(folder / ETSY.name, index=False)
    return shop.only(pd.Series(~guest)).described(ETSY)


def xero(folder: Path) -> Export:
    """Write invoice lines, each with the total of its invoice; credit notes are negative, drafts are there."""
    rng, shop = np.random.default_rng(151), sales(151)
    n = len(shop.orders)
    words = ["Paid", "Awaiting Payment", "Voided", "Draft"]
    orders = shop.orders.assign(state=rng.choice(words, n, p=[0.88, 0.05, 0.05, 0.02]))
    lines = shop.lines.merge(orders, on="number").assign(kind="Sales invoice", prefix="INV", sign=1)
    noted = orders[(rng.random(n) < 0.03) & (orders.state == "Paid")].number
    back = lines[lines.number.isin(noted)].assign(kind="Sales credit note", prefix="CN", sign=-1)
    back["at"] += pd.Timedelta("20D")
    rows = pd.concat([lines, back]).sort_values(["at", "number"], ignore_index=True)
    amount, total = rows.price * rows.quantity * rows.sign, rows.goods * rows.sign
    pd.DataFrame(
        {
            "ContactName": name_of(rows.who) + " " + (rows.who + 1).astype(str) + " Ltd",
            "EmailAddress": email_of(rows.who).where(rows.who % 3 > 0, ""),
            "InvoiceNumber": rows.prefix + "-" + rows.number.map("{:05d}".format),
            "Reference": "",
            "InvoiceDate": rows["at"].dt.strftime("%d/%m/%Y"),
            "DueDate": (rows["at"] + pd.Timedelta("30D")).dt.strftime("%d/%m/%Y"),
            "Total": money(total),
            "TaxTotal": money(total / 6),
            "InvoiceAmountPaid": money(total.where(rows.state == "Paid", 0.0)),
            "InvoiceAmountDue": money(total.where(rows.state != "Paid", 0.0)),
            "InventoryItemCode": rows.sku,
            "Description": rows.title,
            "Quantity": rows.quantity * rows.sign,
            "UnitAmount": money(rows.price),
            "Discount": "",
            "LineAmount": money(amount),
            "AccountCode": "200",
            "TaxType": "20% (VAT on Income)",
            "TaxAmount": money(amount / 6),
            "Currency": "GBP",
            "Type": rows.kind,
            "Sent": "Sent",
            "Status": rows.state,
        }
    ).to_csv(folder / XERO.name, index=False)
    sure = shop.only(orders.state.isin(XERO.kept["Status"]))
    return sure.described(XERO)


def dump(folder: Path) -> Export:
    """Write two tables with short names, times in seconds since 1970, amounts in cents; refunds are below zero."""
    rng, shop = np.random.default_rng(161), sales(161)
    n = len(shop.orders)
    orders = shop.orders.assign(state=shares(rng, n, SETTLED=0.94, FAILED=0.05, REVERSED=0.01), typ="SALE")
    back = orders[(rng.random(n) < 0.03) & (orders.state == "SETTLED")].assign(typ="REFUND")
    back["at"] += pd.Timedelta("80h")
    rows = pd.concat([orders, back]).sort_values("at", ignore_index=True)
    cents = (rows.goods * 100).round().astype(int)
    pd.DataFrame(
        {
            "txn": [f"{rng.integers(2**60):015x}" for _ in range(len(rows))],
            "acct": 880_000 + rows.who * 11,
            "ts": rows["at"].astype("datetime64[s]").astype("int64"),
            "amt_minor": cents.where(rows.typ == "SALE", -cents),
            "ccy": "EUR",
            "typ": rows.typ,
            "sts": rows.state,
            "term": rng.integers(1, 9, len(rows)),
            "batch_day": rows["at"].dt.strftime("%Y%m%d"),
        }
    ).to_csv(folder / TRANSACTIONS.name, index=False)
    totals = orders.groupby("who").agg(n=("number", "count"), last=("at", "max")).reset_index()
    opened = pd.Timestamp("2021-09-01") + pd.to_timedelta(rng.integers(0, 170, len(totals)), unit="D")
    pd.DataFrame(
        {
            "acct": 880_000 + totals.who * 11,
            "opened": opened.strftime("%Y-%m-%d"),
            "seg": rng.choice(["A", "B", "C"], len(totals)),
            "cc": rng.choice(["DE", "FR"], len(totals)),
            "last_seen": totals["last"].dt.strftime("%Y-%m-%d"),
            "n_txn": totals.n,
        }
    ).to_csv(folder / ACCOUNTS.name, index=False)
    return shop.only(orders.state == "SETTLED").described(TRANSACTIONS, ACCOUNTS)
