"""Files shaped like public data sets: Olist's four tables, Online Retail II, and the Telco snapshot."""

from pathlib import Path

import numpy as np
import pandas as pd

from worlds.exports.sales import Sales, money, sales
from worlds.exports.truths import Export, File

OLIST_ORDERS = File(
    "olist_orders_dataset.csv",
    "orders",
    roles={
        "customer": ("customer_unique_id",),
        "at": ("order_purchase_timestamp", "order_approved_at"),
        "order": ("order_id",),
    },
    money=(
        {"amount": ("price", "payment_value")},
        {"total": ("payment_value",)},
        {"gross": ("price",)},
    ),
    allowed={"status": ("order_status",), "item": ("product_id",), "channel": ("payment_type",)},
    wrong={
        "customer": ("customer_id", "order_id", "seller_id", "customer_zip_code_prefix"),
        "at": (
            "order_delivered_carrier_date",
            "order_delivered_customer_date",
            "order_estimated_delivery_date",
            "shipping_limit_date",
        ),
        "quantity": ("order_item_id", "payment_installments", "payment_sequential"),
        "shipping": ("freight_value",),
        "cost": ("freight_value",),
        "item": ("order_item_id", "seller_id"),
    },
    kept={"order_status": ("delivered", "shipped", "invoiced", "processing")},
    dropped={"order_status": ("canceled", "unavailable")},
    base="olist_order_items_dataset.csv",
    joins={"olist_orders_dataset.csv": "order_id", "olist_customers_dataset.csv": "customer_id"},
)
OLIST_ITEMS = File("olist_order_items_dataset.csv", "joined")
OLIST_CUSTOMERS = File("olist_customers_dataset.csv", "joined", wrong={"customer": ("customer_id",)})
OLIST_PAYMENTS = File("olist_order_payments_dataset.csv", "joined")
ONLINE_RETAIL = File(
    "online_retail_II.csv",
    "orders",
    roles={
        "customer": ("Customer ID",),
        "at": ("InvoiceDate",),
        "order": ("Invoice",),
        "item": ("StockCode", "Description"),
        "item_name": ("Description",),
    },
    money=({"price": ("Price",), "quantity": ("Quantity",)},),
    wrong={
        "customer": ("Invoice", "Country", "StockCode"),
        "amount": ("Price", "Quantity"),
        "channel": ("Country",),
        "category": ("Country", "Description"),
    },
)
TELCO = File(
    "WA_Fn-UseC_-Telco-Customer-Churn.csv",
    "panel",
    roles={"customer": ("customerID",)},
    wrong={"amount": ("MonthlyCharges", "TotalCharges"), "at": ("tenure",), "order": ("customerID",)},
)


def olist(folder: Path) -> Export:
    """Write orders whose customer_id is new for each; who bought is told by the customers, and what by the items."""
    rng, shop = np.random.default_rng(81), sales(81)
    n = len(shop.orders)
    states = rng.choice(["delivered", "shipped", "canceled", "unavailable"], n, p=[0.93, 0.03, 0.025, 0.015])
    orders = shop.orders.assign(state=states, order_id=_hashes(rng, n), customer_id=_hashes(rng, n))
    arrived, form = orders.state == "delivered", "%Y-%m-%d %H:%M:%S"
    pd.DataFrame(
        {
            "order_id": orders.order_id,
            "customer_id": orders.customer_id,
            "order_status": orders.state,
            "order_purchase_timestamp": orders["at"].dt.strftime(form),
            "order_approved_at": (orders["at"] + pd.Timedelta("20min")).dt.strftime(form),
            "order_delivered_carrier_date": (orders["at"] + pd.Timedelta("2D")).dt.strftime(form).where(arrived, ""),
            "order_delivered_customer_date": (orders["at"] + pd.Timedelta("9D")).dt.strftime(form).where(arrived, ""),
            "order_estimated_delivery_date": (orders["at"] + pd.Timedelta("20D")).dt.strftime("%Y-%m-%d 00:00:00"),
        }
    ).to_csv(folder / OLIST_ORDERS.name, index=False)
    _olist_parts(rng, shop, orders, folder)
    sure = shop.only(~orders.state.isin(OLIST_ORDERS.dropped["order_status"]))
    return sure.described(OLIST_ORDERS, OLIST_ITEMS, OLIST_CUSTOMERS, OLIST_PAYMENTS)


def _hashes(rng: np.random.Generator, n: int) -> list[str]:
    return [f"{a:016x}{b:016x}" for a, b in rng.integers(2**63, size=(n, 2))]


def _olist_parts(rng: np.random.Generator, shop: Sales, orders: pd.DataFrame, folder: Path) -> None:
    n, unique = len(orders), np.array(_hashes(rng, 300))
    lines = shop.lines.merge(orders[["number", "order_id", "at"]], on="number")
    pd.DataFrame(
        {
            "order_id": lines.order_id,
            "order_item_id": lines.groupby("number").cumcount() + 1,
            "product_id": lines.sku.map(dict(zip(lines.sku.unique(), _hashes(rng, lines.sku.nunique()), strict=True))),
            "seller_id": rng.choice(_hashes(rng, 5), len(lines)),
            "shipping_limit_date": (lines["at"] + pd.Timedelta("6D")).dt.strftime("%Y-%m-%d %H:%M:%S"),
            "price": money(lines.price * lines.quantity),
            "freight_value": money(pd.Series(rng.uniform(8, 20, len(lines)))),
        }
    ).to_csv(folder / OLIST_ITEMS.name, index=False)
    pd.DataFrame(
        {
            "customer_id": orders.customer_id,
            "customer_unique_id": unique[orders.who],
            "customer_zip_code_prefix": (1000 + orders.who * 37).map("{:05d}".format),
            "customer_city": rng.choice(["sao paulo", "rio de janeiro", "curitiba"], n),
            "customer_state": rng.choice(["SP", "RJ", "PR"], n),
        }
    ).to_csv(folder / OLIST_CUSTOMERS.name, index=False)
    _olist_payments(rng, orders, folder / OLIST_PAYMENTS.name)


def _olist_payments(rng: np.random.Generator, orders: pd.DataFrame, path: Path) -> None:
    """Write payments; a few orders are paid in two parts, the second by voucher."""
    first = orders.assign(part=1, kind=rng.choice(["credit_card", "boleto"], len(orders), p=[0.8, 0.2]))
    second = first.sample(frac=0.04, random_state=4).assign(part=2, kind="voucher")
    rows = pd.concat([first, second]).sort_values(["number", "part"], ignore_index=True)
    pd.DataFrame(
        {
            "order_id": rows.order_id,
            "payment_sequential": rows.part,
            "payment_type": rows.kind,
            "payment_installments": rng.integers(1, 11, len(rows)),
            "payment_value": money((rows.goods + 12.5) / 2),
        }
    ).to_csv(path, index=False)


def online_retail(folder: Path) -> Export:
    """Write invoice lines; a fifth are of nobody, and invoices that begin with C take goods back below zero."""
    rng, shop = np.random.default_rng(91), sales(91, customers=200)
    orders = shop.orders.assign(unknown=rng.random(len(shop.orders)) < 0.2)
    lines = shop.lines.merge(orders, on="number").assign(prefix="", sign=1)
    back = lines[rng.random(len(lines)) < 0.03].assign(prefix="C", sign=-1)
    back["at"] += pd.Timedelta("4D")
    post = lines.drop_duplicates("number").sample(frac=0.05, random_state=3)
    post = post.assign(sku="POST", title="POSTAGE", price=18.0, quantity=1)
    rows = pd.concat([lines, back, post]).sort_values(["at", "number"], ignore_index=True)
    pd.DataFrame(
        {
            "Invoice": rows.prefix + (488_000 + rows.number).astype(str),
            "StockCode": rows.sku,
            "Description": rows.title.str.upper(),
            "Quantity": rows.quantity * rows.sign,
            "InvoiceDate": rows["at"].dt.floor("min").dt.strftime("%Y-%m-%d %H:%M:%S"),
            "Price": rows.price,
            "Customer ID": (12_346.0 + rows.who).where(~rows.unknown),
            "Country": np.where(rows.who % 9 > 0, "United Kingdom", "EIRE"),
        }
    ).to_csv(folder / ONLINE_RETAIL.name, index=False)
    return shop.only(~orders.unknown).described(ONLINE_RETAIL)


def telco(folder: Path) -> Export:
    """Write one row for each customer, with the months that they stayed, what they paid, and whether they left."""
    rng, n = np.random.default_rng(101), 400
    tenure, monthly = rng.integers(0, 73, n), rng.choice([20.25, 55.3, 89.9, 104.4], n)
    left = rng.random(n) < np.exp(-tenure / 30) * 0.6
    letters = rng.integers(65, 91, (n, 5)).astype(np.uint8).view("S5").ravel().astype(str)
    pd.DataFrame(
        {
            "customerID": [f"{1000 + k:04}-{text}" for k, text in enumerate(letters)],
            "gender": rng.choice(["Female", "Male"], n),
            "SeniorCitizen": rng.integers(0, 2, n),
            "Partner": rng.choice(["Yes", "No"], n),
            "Dependents": rng.choice(["Yes", "No"], n),
            "tenure": tenure,
            "PhoneService": rng.choice(["Yes", "No"], n),
            "InternetService": rng.choice(["DSL", "Fiber optic", "No"], n),
            "Contract": rng.choice(["Month-to-month", "One year", "Two year"], n),
            "PaperlessBilling": rng.choice(["Yes", "No"], n),
            "PaymentMethod": rng.choice(["Electronic check", "Mailed check"], n),
            "MonthlyCharges": monthly,
            "TotalCharges": pd.Series(money(pd.Series(monthly * tenure))).where(tenure > 0, " "),
            "Churn": np.where(left, "Yes", "No"),
        }
    ).to_csv(folder / TELCO.name, index=False)
    return Export((TELCO,))
