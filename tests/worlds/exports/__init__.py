"""Exports: the files that a business downloads from the products it works with, each with the truth about them.

They are drawn from a seed and have the products' column names, forms and nuisances.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from worlds.exports.crm import hubspot, salesforce
from worlds.exports.own_shops import german_shop, monthly
from worlds.exports.payments import square, stripe
from worlds.exports.public_sets import olist, online_retail, telco
from worlds.exports.sellers import dump, etsy, paypal, xero
from worlds.exports.truths import Export, File
from worlds.exports.web_shops import magento, shopify, woocommerce

__all__ = ["EXPORTS", "Export", "File"]

EXPORTS: Mapping[str, Callable[[Path], Export]] = {
    "shopify": shopify,
    "woocommerce": woocommerce,
    "magento": magento,
    "square": square,
    "stripe": stripe,
    "hubspot": hubspot,
    "salesforce": salesforce,
    "olist": olist,
    "online_retail": online_retail,
    "telco": telco,
    "german_shop": german_shop,
    "monthly": monthly,
    "paypal": paypal,
    "etsy": etsy,
    "xero": xero,
    "dump": dump,
}
"""By name what writes the files of an export into a folder and returns what they are."""
