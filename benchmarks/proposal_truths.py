"""The truth about the data sets of `benchmarks/proposals.py`: what each file is, and which columns have which roles."""

from datetime import datetime

from worlds.exports import Export, File

CUSTOMER = {"customer": ("customer_id",)}
DATED = CUSTOMER | {"at": ("ts",)}
NUMBERED = DATED | {"order": ("order_id",)}
KIND = {"kind": ("event_type",)}
AMOUNT = ({"amount": ("amount",)},)


def _panel(*names: str) -> Export:
    return Export(tuple(File(name, "panel") for name in names))


def _people(stem: str, *leave_out: str) -> File:
    return File(f"{stem}_customers.parquet", "attributes", CUSTOMER, leave_out=leave_out)


def _span(first: str, last: str) -> tuple[datetime, datetime]:
    return datetime.fromisoformat(first), datetime.fromisoformat(last)


RETAIL_LINES = File(
    "online_retail_ii_dev_lines.parquet",
    "orders",
    NUMBERED | {"item": ("item_id",)},
    ({"price": ("unit_price",), "quantity": ("quantity",)},),
    KIND | {"category": ("line_kind",)},
    {"channel": ("country",), "amount": ("unit_price", "quantity")},
    refunds={"event_type": ("return",)},
)
RETAIL_EVENTS = File(
    "online_retail_ii_dev_events.parquet",
    "orders",
    NUMBERED,
    ({"amount": ("amount", "product_amount")},),
    KIND | {"quantity": ("quantity",)},
    {"shipping": ("shipping_amount",), "cost": ("shipping_amount",), "quantity": ("n_items",)},
    refunds={"event_type": ("return",)},
)
JOURNEY = File(
    "completejourney_events_thinned_5pct_lines.parquet",
    "orders",
    NUMBERED | {"item": ("item_id",), "category": ("department",)},
    AMOUNT,
    {"quantity": ("quantity",), "channel": ("store_id",), "discount": ("retail_disc", "coupon_disc")},
    {"order": ("store_id",), "customer": ("store_id",)},
)
BIKES = File(
    "adventureworks_sales_events.parquet",
    "orders",
    NUMBERED | {"item": ("item_id",), "category": ("category",)},
    AMOUNT,
    KIND | {"quantity": ("quantity",), "cost": ("cost",), "margin": ("margin",), "channel": ("territory",)},
)
INSIGHTS = File(
    "ecom_marketing_insights_events.parquet",
    "orders",
    NUMBERED | {"item": ("item_id",), "category": ("category",)},
    (*AMOUNT, {"gross": ("gross_amount",), "discount": ("discount",)}),
    KIND | {"quantity": ("quantity",), "discount": ("discount",), "gross": ("gross_amount",)},
    {
        "amount": ("gross_amount", "delivery_charge"),
        "shipping": ("delivery_charge",),
        "tax": ("gst_rate",),
        "status": ("coupon_status",),
    },
)
SUPERSTORE = File(
    "superstore_events.parquet",
    "orders",
    NUMBERED | {"item": ("item_id",), "category": ("category", "sub_category")},
    AMOUNT,
    KIND | {"quantity": ("quantity",), "margin": ("margin",), "channel": ("ship_mode",)},
    {"discount": ("discount_rate",)},
)
SETS = {
    "online_retail_ii": Export(
        (RETAIL_EVENTS, RETAIL_LINES), (24_000, 30_230), (4_000, 4_148), _span("2009-12-01", "2011-12-09")
    ),
    "online_retail_ii lines": Export(
        (RETAIL_LINES,), (24_000, 30_230), (4_000, 4_148), _span("2009-12-01", "2011-12-09")
    ),
    "completejourney": Export(
        (
            JOURNEY,
            File("completejourney_redemptions.parquet", "events", DATED, allowed={"item": ("coupon_upc",)}),
            File(
                "completejourney_touchpoints.parquet",
                "events",
                CUSTOMER | {"at": ("start",)},
                allowed={"kind": ("campaign_type",), "category": ("campaign_type",)},
                wrong={"at": ("end",)},
            ),
            _people("completejourney"),
        ),
        (47_243, 47_243),
        (2_377, 2_377),
        _span("2017-01-01", "2017-12-31"),
    ),
    "telco": _panel("telco_ibm_classic.parquet"),
    "bank_marketing": _panel("bank_marketing_uci.parquet"),
    "cdnow": Export(
        (File("cdnow_tenth_events.parquet", "orders", NUMBERED, AMOUNT, KIND | {"quantity": ("quantity",)}),),
        (6_919, 6_919),
        (2_357, 2_357),
        _span("1997-01-01", "1998-06-30"),
    ),
    "grocery_elog": Export(
        (File("grocery_elog_events.parquet", "orders", DATED, allowed=KIND),),
        (10_483, 10_483),
        (1_525, 1_525),
        _span("2006-01-01", "2007-12-30"),
    ),
    "clvtools_apparel": Export(
        (File("clvtools_apparel_events.parquet", "orders", DATED, AMOUNT, KIND), _people("clvtools_apparel")),
        (3_187, 3_187),
        (600, 600),
        _span("2005-01-02", "2010-12-20"),
    ),
    "dunnhumby_panel": _panel(
        *(f"dunnhumby_panel_dev_{name}.parquet" for name in ("panel", "touchpoints", "redemptions", "customers"))
    ),
    "hillstrom": _panel("hillstrom_customers.parquet"),
    "churn_tv": _panel("churn_tv_subscriptions.csv.gz"),
    "smcrm": _panel(
        *(
            f"smcrm_{name}.parquet"
            for name in (
                "acquisitionRetention",
                "customerAcquisition",
                "customerChurn",
                "customerRetentionDemographics",
                "customerRetentionTransactions",
                "customerWinBack",
            )
        )
    ),
    "adventureworks": Export(
        (BIKES, _people("adventureworks_sales")), (25_164, 25_164), (17_416, 17_416), _span("2015-01-01", "2017-06-30")
    ),
    "ecom_marketing_insights": Export(
        (
            INSIGHTS,
            _people("ecom_marketing_insights"),
            File("ecom_marketing_insights_marketing_spend.parquet", "nothing"),
        ),
        (26_631, 26_631),
        (1_468, 1_468),
        _span("2019-01-01", "2019-12-31"),
    ),
    "superstore": Export((SUPERSTORE,), (5_009, 5_009), (793, 793), _span("2014-01-03", "2017-12-30")),
    "retail_tx": Export(
        (
            File("retail_tx_125k_events.parquet", "orders", DATED, AMOUNT, KIND),
            File("retail_tx_125k_campaign_response.parquet", "nothing"),
        ),
        (125_000, 125_000),
        (6_889, 6_889),
        _span("2011-05-16", "2015-03-16"),
    ),
}
