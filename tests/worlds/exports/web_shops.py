"""Exports of web shops: Shopify's orders and customers, WooCommerce's orders, Magento's grid of orders."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from worlds.exports.sales import Sales, email_of, money, name_of, sales, shares
from worlds.exports.truths import Export, File

SHOPIFY_ORDERS = File(
    "orders_export.csv",
    "orders",
    roles={
        "customer": ("Email",),
        "at": ("Created at", "Paid at"),
        "order": ("Name",),
        "item": ("Lineitem sku", "Lineitem name"),
        "item_name": ("Lineitem name",),
    },
    money=(
        {"total": ("Subtotal", "Total")},
        {"amount": ("Subtotal", "Total")},
        {"price": ("Lineitem price",), "quantity": ("Lineitem quantity",)},
    ),
    allowed={
        "quantity": ("Lineitem quantity",),
        "price": ("Lineitem price",),
        "discount": ("Discount Amount", "Lineitem discount"),
        "tax": ("Taxes",),
        "currency": ("Currency",),
        "channel": ("Source",),
        "kind": ("Source",),
        "category": ("Vendor",),
    },
    wrong={
        "customer": ("Name", "Billing Name", "Shipping Name", "Id", "Billing Phone"),
        "order": ("Email", "Lineitem sku"),
        "shipping": ("Shipping",),
        "cost": ("Shipping", "Taxes"),
        "at": ("Fulfilled at", "Cancelled at"),
        "amount": ("Lineitem price", "Shipping", "Taxes", "Discount Amount", "Refunded Amount"),
        "status": ("Financial Status", "Fulfillment Status", "Lineitem fulfillment status"),
    },
    kept={"Financial Status": ("paid", "partially_refunded")},
    dropped={"Financial Status": ("voided", "expired")},
)
SHOPIFY_CUSTOMERS = File(
    "customers_export.csv",
    "attributes",
    roles={"customer": ("Email",)},
    wrong={"customer": ("Customer ID", "First Name", "Phone", "Default Address Phone")},
    leave_out=("Total Spent", "Total Orders"),
)
WOO = File(
    "woocommerce-orders-export.csv",
    "orders",
    roles={
        "customer": ("Billing Email",),
        "at": ("Order Date",),
        "order": ("Order Number",),
    },
    money=({"amount": ("Order Total Amount", "Order Subtotal Amount")},),
    allowed={
        "currency": ("Order Currency",),
        "status": ("Order Status",),
        "discount": ("Cart Discount Amount",),
        "tax": ("Order Total Tax Amount",),
    },
    wrong={
        "customer": ("Customer User ID", "First Name (Billing)", "Last Name (Billing)", "Order Number"),
        "shipping": ("Order Shipping Amount",),
        "cost": ("Order Shipping Amount", "Order Total Tax Amount"),
        "amount": ("Order Shipping Amount", "Order Total Tax Amount", "Cart Discount Amount"),
        "item": ("Coupon Code",),
    },
    kept={"Order Status": ("Completed", "Processing")},
    dropped={"Order Status": ("Cancelled", "Failed", "Pending payment")},
)
MAGENTO = File(
    "sales_order_grid.csv",
    "orders",
    roles={"customer": ("Customer Email",), "at": ("Purchase Date",), "order": ("ID",)},
    money=({"amount": ("Grand Total (Base)", "Grand Total (Purchased)", "Subtotal")},),
    allowed={"status": ("Status",), "channel": ("Purchase Point",)},
    wrong={
        "customer": ("ID", "Bill-to Name", "Ship-to Name", "Customer Name"),
        "shipping": ("Shipping and Handling",),
        "cost": ("Shipping and Handling", "Total Refunded"),
        "amount": ("Shipping and Handling", "Total Refunded"),
    },
    kept={"Status": ("Complete", "Processing")},
    dropped={"Status": ("Canceled", "Suspected Fraud")},
)


def shopify(folder: Path) -> Export:
    """Write several rows for each order, of which only the first has the cells of the order.

    Voided and refunded orders, orders at the till without an address, and a blank row are among them.
    """
    rng, shop = np.random.default_rng(11), sales(11)
    n = len(shop.orders)
    states = shares(rng, n, paid=0.86, refunded=0.03, partially_refunded=0.03, voided=0.03, pending=0.03, expired=0.02)
    orders = shop.orders.assign(state=states, till=rng.random(n) < 0.06)
    shipping, discount = rng.choice([0.0, 4.9], n), np.where(rng.random(n) < 0.2, 5.0, 0.0)
    paid, zone = orders.state.isin(["paid", "refunded", "partially_refunded"]), " +0100"
    subtotal = (orders.goods - discount).clip(lower=0)
    at = orders["at"].dt.strftime("%Y-%m-%d %H:%M:%S") + zone
    cells = pd.DataFrame(
        {
            "Name": "#" + orders.number.astype(str),
            "Email": email_of(orders.who).where(~orders.till, ""),
            "Financial Status": orders.state,
            "Paid at": at.where(paid, ""),
            "Fulfillment Status": np.where(paid, "fulfilled", "unfulfilled"),
            "Fulfilled at": (orders["at"] + pd.Timedelta("30h"))
            .dt.strftime(f"%Y-%m-%d %H:%M:%S{zone}")
            .where(paid, ""),
            "Accepts Marketing": rng.choice(["yes", "no"], n),
            "Currency": "EUR",
            "Subtotal": money(subtotal),
            "Shipping": money(pd.Series(shipping)),
            "Taxes": money(subtotal * 0.19 / 1.19),
            "Total": money(subtotal + shipping),
            "Discount Code": np.where(discount > 0, "WELCOME5", ""),
            "Discount Amount": money(pd.Series(discount)),
            "Shipping Method": np.where(shipping > 0, "Standard", "Pickup"),
            "Created at": at,
            "Billing Name": name_of(orders.who).where(~orders.till, ""),
            "Billing Zip": "'" + (10115 + orders.who % 90).astype(str),
            "Billing Country": "DE",
            "Cancelled at": at.where(orders.state == "voided", ""),
            "Payment Method": np.where(orders.till, "Cash", "Shopify Payments"),
            "Refunded Amount": money(subtotal.where(orders.state == "refunded", 0.0)),
            "Vendor": "Roastery",
            "Id": 5_550_000_000_000 + orders.number * 7919,
            "Tags": "",
            "Risk Level": "Low",
            "Source": np.where(orders.till, "pos", "web"),
            "Billing Phone": ("+4930" + (100000 + orders.who * 7).astype(str)).where(
                ~orders.till & (orders.who % 3 > 0), ""
            ),
        }
    )
    _lined(cells, shop).to_csv(folder / SHOPIFY_ORDERS.name, index=False)
    _shopify_customers(shop, folder / SHOPIFY_CUSTOMERS.name)
    named = ~orders.till
    sure = shop.only(named & orders.state.isin(SHOPIFY_ORDERS.kept["Financial Status"]))
    most = shop.only(named & ~orders.state.isin(SHOPIFY_ORDERS.dropped["Financial Status"]))
    return sure.described(SHOPIFY_ORDERS, SHOPIFY_CUSTOMERS, most=most)


def _lined(cells: pd.DataFrame, shop: Sales) -> pd.DataFrame:
    """Return a row for each line, with the cells of its order on the first; name, address and time stand on all."""
    lines = shop.lines
    items = pd.DataFrame(
        {
            "Lineitem quantity": lines.quantity,
            "Lineitem name": lines.title,
            "Lineitem price": money(lines.price),
            "Lineitem compare at price": "",
            "Lineitem sku": lines.sku,
            "Lineitem requires shipping": "true",
            "Lineitem taxable": "true",
            "Lineitem fulfillment status": "fulfilled",
            "Lineitem discount": "0.00",
        }
    )
    rows = cells.loc[lines.number - 1001].reset_index(drop=True)
    later = lines.number.duplicated()
    once = [column for column in cells if column not in ("Name", "Email", "Created at", "Vendor")]
    rows[once] = rows[once].astype(object).mask(later, "")
    table = pd.concat([rows, items], axis=1)
    place = table.columns.get_loc("Created at") + 1
    ordered = [*cells.columns[:place], *items.columns, *cells.columns[place:]]
    blank = pd.DataFrame([dict.fromkeys(ordered, "")])
    return pd.concat([table[ordered], blank], ignore_index=True)


def _shopify_customers(shop: Sales, path: Path) -> None:
    rng = np.random.default_rng(12)
    totals = shop.orders.groupby("who").agg(spent=("goods", "sum"), orders=("number", "count")).reset_index()
    names = name_of(totals.who).str.split(" ")
    pd.DataFrame(
        {
            "Customer ID": 7_010_000_000_000 + totals.who * 31,
            "First Name": names.str[0],
            "Last Name": names.str[1],
            "Email": email_of(totals.who),
            "Accepts Email Marketing": rng.choice(["yes", "no"], len(totals)),
            "Default Address City": rng.choice(["Berlin", "Hamburg", "Leipzig"], len(totals)),
            "Default Address Country Code": rng.choice(["DE", "AT"], len(totals), p=[0.8, 0.2]),
            "Default Address Phone": "",
            "Phone": "+4930" + (100000 + totals.who * 7).astype(str),
            "Accepts SMS Marketing": "no",
            "Total Spent": money(totals.spent),
            "Total Orders": totals.orders,
            "Note": "",
            "Tax Exempt": "no",
            "Tags": rng.choice(["", "newsletter", "wholesale"], len(totals)),
        }
    ).to_csv(path, index=False)


def woocommerce(folder: Path) -> Export:
    """Write one row for each order; guests have the user 0, and some orders failed, were cancelled, or are tests."""
    rng, shop = np.random.default_rng(21), sales(21)
    n = len(shop.orders)
    tests = rng.random(n) < 0.006
    words = ["Completed", "Processing", "Cancelled", "Failed", "Refunded", "Pending payment", "On hold"]
    states = rng.choice(words, n, p=[0.8, 0.05, 0.05, 0.04, 0.03, 0.02, 0.01])
    orders = shop.orders.assign(state=states)
    shipping, discount = rng.choice([0.0, 5.5], n), np.where(rng.random(n) < 0.15, 3.0, 0.0)
    subtotal = orders.goods
    names = name_of(orders.who).str.split(" ")
    registered = orders.who % 4 > 0
    pd.DataFrame(
        {
            "Order Number": orders.number,
            "Order Status": orders.state,
            "Order Date": orders["at"].dt.strftime("%Y-%m-%d %H:%M"),
            "Customer Note": "",
            "First Name (Billing)": names.str[0],
            "Last Name (Billing)": names.str[1],
            "City (Billing)": rng.choice(["Leeds", "York", "Hull"], n),
            "Country Code (Billing)": "GB",
            "Billing Email": email_of(orders.who).mask(tests, "test@example.com"),
            "Billing Phone": "07700 " + (900100 + orders.who).astype(str),
            "Customer User ID": np.where(registered, orders.who + 12, 0),
            "Payment Method Title": rng.choice(["Credit card", "PayPal", "Direct bank transfer"], n),
            "Cart Discount Amount": money(pd.Series(discount)),
            "Order Subtotal Amount": money(subtotal),
            "Shipping Method Title": np.where(shipping > 0, "Flat rate", "Local pickup"),
            "Order Shipping Amount": money(pd.Series(shipping)),
            "Order Refund Amount": money(subtotal.where(orders.state == "Refunded", 0.0)),
            "Order Total Amount": money((subtotal - discount + shipping) * 1.2),
            "Order Total Tax Amount": money((subtotal - discount + shipping) * 0.2),
            "Order Currency": "GBP",
            "Coupon Code": np.where(discount > 0, "autumn3", ""),
        }
    ).sort_index(ascending=False).to_csv(folder / WOO.name, index=False)
    shop = replace(shop, orders=shop.orders.assign(who=orders.who.mask(tests, n)))
    sure = shop.only(orders.state.isin(WOO.kept["Order Status"]) & ~tests)
    return sure.described(WOO, most=shop.only(~orders.state.isin(WOO.dropped["Order Status"])))


def magento(folder: Path) -> Export:
    """Write the grid of orders, with money such as $1,234.50 and dates such as Mar 2, 2024 11:22:33 AM."""
    rng, shop = np.random.default_rng(31), sales(31)
    n = len(shop.orders)
    words = ["Complete", "Processing", "Pending", "Canceled", "Closed", "Suspected Fraud"]
    orders = shop.orders.assign(state=rng.choice(words, n, p=[0.82, 0.05, 0.03, 0.05, 0.04, 0.01]))
    shipping = rng.choice([5.0, 12.5], n)
    subtotal = orders.goods * 30
    dollars = "${:,.2f}".format
    pd.DataFrame(
        {
            "ID": orders.number.map("{:09d}".format),
            "Purchase Point": "Main Website\n   Main Website Store\n      Default Store View",
            "Purchase Date": orders["at"].map(lambda t: f"{t:%b} {t.day}, {t:%Y} {t.hour % 12 or 12}:{t:%M:%S %p}"),
            "Bill-to Name": name_of(orders.who),
            "Ship-to Name": name_of(orders.who),
            "Grand Total (Base)": (subtotal + shipping).map(dollars),
            "Grand Total (Purchased)": (subtotal + shipping).map(dollars),
            "Status": orders.state,
            "Billing Address": (orders.who + 1).astype(str) + " Main St, Austin, Texas, 78701",
            "Shipping Information": np.where(shipping > 5, "Best Way - Table Rate", "Flat Rate - Fixed"),
            "Customer Email": email_of(orders.who),
            "Customer Group": rng.choice(["General", "NOT LOGGED IN", "Wholesale"], n, p=[0.7, 0.2, 0.1]),
            "Subtotal": subtotal.map(dollars),
            "Shipping and Handling": pd.Series(shipping).map(dollars),
            "Customer Name": name_of(orders.who),
            "Payment Method": "checkmo",
            "Total Refunded": subtotal.where(orders.state == "Closed", 0).map(dollars),
        }
    ).to_csv(folder / MAGENTO.name, index=False)
    sure = shop.only(orders.state.isin(MAGENTO.kept["Status"]))
    return sure.described(MAGENTO, most=shop.only(~orders.state.isin(MAGENTO.dropped["Status"])))
