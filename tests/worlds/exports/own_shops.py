"""Exports shaped like nobody else's: a German shop's till, and a folder with a file for each month."""

from pathlib import Path

import numpy as np
import pandas as pd

from worlds.exports.sales import name_of, sales
from worlds.exports.truths import Export, File

BELEGE = File(
    "Bestellungen.csv",
    "orders",
    roles={
        "customer": ("Kundennummer",),
        "at": ("Bestelldatum",),
        "order": ("Bestellnummer",),
        "item": ("Artikelnummer", "Artikelbezeichnung"),
        "item_name": ("Artikelbezeichnung",),
    },
    money=({"amount": ("Umsatz",)}, {"price": ("Einzelpreis",), "quantity": ("Menge",)}),
    allowed={
        "quantity": ("Menge",),
        "price": ("Einzelpreis",),
        "category": ("Warengruppe",),
        "kind": ("Belegart",),
        "channel": ("Vertriebsweg",),
        "tax": ("MwSt",),
        "status": ("Status",),
    },
    wrong={
        "customer": ("Bestellnummer", "Kundengruppe", "Artikelnummer"),
        "at": ("Lieferdatum",),
        "amount": ("Einzelpreis", "MwSt", "Versandkosten"),
        "shipping": ("Versandkosten",),
        "cost": ("Versandkosten", "MwSt"),
    },
    kept={"Status": ("versendet",)},
    dropped={"Status": ("storniert",)},
    returned={"Belegart": ("Gutschrift",)},
)
KUNDEN = File(
    "Kunden.csv",
    "attributes",
    roles={"customer": ("Kundennummer",)},
    allowed={"at": ("Kunde seit",)},
    wrong={"customer": ("Nachname", "PLZ"), "at": ("Geburtsdatum",)},
)
MONTHLY = File(
    "till",
    "orders",
    roles={
        "customer": ("client_no",),
        "at": ("sold_on",),
        "order": ("slip",),
        "item": ("product_code", "product"),
    },
    money=({"amount": ("line_value",)},),
    allowed={"quantity": ("units",), "category": ("dept",), "channel": ("branch",)},
    wrong={
        "customer": ("slip", "cashier", "branch"),
        "amount": ("units", "points"),
        "price": ("line_value",),
        "discount": ("points",),
    },
)


def german_shop(folder: Path) -> Export:
    """Write semicolons, commas before decimals, days first and cp1252; credit notes are positive."""
    rng, shop = np.random.default_rng(111), sales(111)
    n = len(shop.orders)
    orders = shop.orders.assign(state=rng.choice(["versendet", "storniert"], n, p=[0.95, 0.05]))
    lines = shop.lines.merge(orders, on="number").assign(art="Rechnung", prefix="R")
    back = lines[(rng.random(len(lines)) < 0.04) & (lines.state == "versendet")].assign(art="Gutschrift", prefix="G")
    back["at"] += pd.Timedelta("11D")
    rows = pd.concat([lines, back]).sort_values(["at", "number"], ignore_index=True)
    value = rows.price * rows.quantity
    rows = pd.DataFrame(
        {
            "Bestellnummer": rows.prefix + "-" + rows.number.astype(str),
            "Bestelldatum": rows["at"].dt.strftime("%d.%m.%Y"),
            "Lieferdatum": (rows["at"] + pd.Timedelta("3D")).dt.strftime("%d.%m.%Y"),
            "Kundennummer": "K" + (20_000 + rows.who * 3).astype(str),
            "Kundengruppe": np.where(rows.who % 5 > 0, "Endkunde", "Händler"),
            "Artikelnummer": rows.sku,
            "Artikelbezeichnung": "Röstkaffee „" + rows.title + "“",
            "Warengruppe": rows.category,
            "Menge": rows.quantity,
            "Einzelpreis": _comma(rows.price),
            "Umsatz": _comma(value),
            "MwSt": _comma(value * 0.07),
            "Versandkosten": _comma(pd.Series(rng.choice([0.0, 4.9], len(rows)))),
            "Vertriebsweg": rng.choice(["Laden", "Netz", "Telefon"], len(rows)),
            "Belegart": rows.art,
            "Status": rows.state,
        }
    )
    rows.to_csv(folder / BELEGE.name, sep=";", index=False, encoding="cp1252")
    _kunden(rng, folder / KUNDEN.name)
    return shop.only(orders.state == "versendet").described(BELEGE, KUNDEN)


def _comma(values: pd.Series) -> pd.Series:
    return values.map(lambda value: f"{value:,.2f}".replace(",", " ").replace(".", ",").replace(" ", "."))


def _kunden(rng: np.random.Generator, path: Path) -> None:
    who = pd.Series(range(240))
    born = pd.Timestamp("1950-01-01") + pd.to_timedelta(rng.integers(0, 18_000, len(who)), unit="D")
    since = pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 400, len(who)), unit="D")
    pd.DataFrame(
        {
            "Kundennummer": "K" + (20_000 + who * 3).astype(str),
            "Anrede": rng.choice(["Frau", "Herr"], len(who)),
            "Nachname": name_of(who).str.split(" ").str[1].str.replace("ek", "ök"),
            "Straße": "Große Gasse " + (who + 1).astype(str),
            "PLZ": (1_067 + who * 11).map("{:05d}".format),
            "Ort": rng.choice(["Köln", "München", "Dresden"], len(who)),
            "Geburtsdatum": born.strftime("%d.%m.%Y"),
            "Kunde seit": since.strftime("%d.%m.%Y"),
            "Newsletter": rng.choice(["ja", "nein"], len(who)),
        }
    ).to_csv(path, sep=";", index=False, encoding="cp1252")


def monthly(folder: Path) -> Export:
    """Write a folder of one file for each month, days first; walk-in customers have no number."""
    rng, shop = np.random.default_rng(121), sales(121, days=730)
    orders = shop.orders.assign(unknown=rng.random(len(shop.orders)) < 0.1)
    rows = shop.lines.merge(orders, on="number").sort_values(["at", "number"], ignore_index=True)
    table = pd.DataFrame(
        {
            "branch": rng.choice(["North", "South"], len(rows)),
            "slip": rows.number,
            "sold_on": rows["at"].dt.strftime("%d/%m/%Y %H:%M"),
            "client_no": (4_000 + rows.who).astype(str).where(~rows.unknown, ""),
            "cashier": rng.integers(1, 5, len(rows)),
            "product_code": rows.sku,
            "product": rows.title,
            "dept": rows.category,
            "units": rows.quantity,
            "line_value": (rows.price * rows.quantity).round(2),
            "points": rng.integers(0, 30, len(rows)),
        }
    )
    (folder / MONTHLY.name).mkdir()
    for month, part in table.groupby(rows["at"].dt.strftime("%Y-%m")):
        part.to_csv(folder / MONTHLY.name / f"till_{month}.csv", index=False)
    return shop.only(~orders.unknown).described(MONTHLY)
