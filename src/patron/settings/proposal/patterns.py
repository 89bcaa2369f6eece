"""Patterns: for each role the plain words that names of its columns are made of, with what they score."""

from collections.abc import Mapping, Sequence

__all__ = ["PATTERNS"]

# For each role patterns of plain words with what they score, and words that speak against it.
KEY = "id|name|key"
PATTERNS: Mapping[str, tuple[Sequence[tuple[str, float]], str]] = {
    "at": (
        (
            (
                r"(?:order|purchase|invoice|transaction|sale|basket|receipt|deal)(?: de| of)?"
                r"(?: purchase| created| placed)?(?: at| date| time| timestamp| on)+",
                5.0,
            ),
            (r"(?:date|time)(?: de| of| del)? (?:order|purchase|invoice|transaction|sale)", 5.0),
            (r"(?:created|date created|created date|created at|created on)", 4.5),
            (r"(?:event|activity|visit|sent|occurred|happened)(?: date| at| time| timestamp| on)", 4.8),
            (r"^(?:date|timestamp|date time|time|at|when|on)(?: utc| gmt)?$", 4.2),
            (r"(?:close|closed)(?: date| at| on)", 3.9),
            (r"start", 3.8),
            (r"paid|payment", 3.5),
            (r"submitted|opened|open date|requested|reported|booked", 4.3),
            (r"first|responded|clicked|review", 3.2),
            (r"date|time|timestamp|at|on|when|utc", 2.5),
        ),
        "updated|due|expir\\w*|birth|born|last|next|valid|until|limit|estimated|expected|promised|arrival|end|ended"
        "|refund|return|cancel\\w*|shipping|shipped|delivered|carrier|fulfil\\w*|process\\w*|approved|answer|current|trial|imported"
        "|synced|available|scheduled",
    ),
    "order": (
        (
            (rf"(?:order|invoice|transaction|basket|receipt|booking)(?: unique| increment)? (?:{KEY})", 5.0),
            (r"^id (?:de |of |del )?(?:order|invoice|transaction|receipt)", 4.9),
            (r"^(?:order|invoice|transaction|basket|receipt|sale)$", 4.5),
            (r"^(?:sale|purchase|payment|charge|deal|increment) id$", 4.0),
            (r"^id (?:de |del )?(?:sale|purchase|payment|charge)$", 4.0),
            (r"(?:order|invoice|transaction|basket|receipt) id$", 4.0),
        ),
        "item id|line|date|status|total|amount|customer|email|count|currency|source|type|tax|parent|quote",
    ),
    "item": (
        (
            (r"item item$|^item$|^item service$", 4.6),
            (r"item (?:unique )?id$|^id (?:de |del )?item$", 4.8),
            (r"item name|item title|item description|^title$", 3.5),
        ),
        "order item id|line id|price|quantity|cost|total|status|tax|discount|category|type|count|weight|requires"
        "|taxable"
        "|compare|vendor|amount|date|length|height|width|photos|shipping|variant",
    ),
    "item_name": (
        (
            (r"item (?:name|title|description)$", 5.0),
            (r"^(?:description|title|name)$", 4.0),
        ),
        "order|line|price|quantity|status|type|category|customer|id|variant|date",
    ),
    "category": (
        (
            (r"^category$|category name", 4.5),
            (r"(?:item )?category(?: id)?$", 4.3),
            (r"item (?:type|group)|type item", 4.0),
            (r"^(?:family|collection|class|assortment)$", 3.0),
        ),
        "date|price|length|customer|sub|english|translation",
    ),
    "quantity": (
        (
            (r"^quantity$|item quantity|quantity (?:ordered|order|invoiced|sold)|order quantity", 4.8),
            (r"quantity", 3.5),
        ),
        "refund|return|cancel\\w*|shipping|shipped|price|stock|available|length|photos|name|description",
    ),
    "price": (
        ((r"(?:unit|item|each|sale) price|price (?:unit|each|item)", 4.8), (r"^price$", 4.6), (r"item cost", 2.5)),
        "compare|total|order|cost price|discount|list|suggested|name|change|tax",
    ),
    "amount": (
        (
            (r"net (?:amount|sale|total|revenue|value)|(?:amount|sale|total|revenue) net", 5.0),
            (r"(?:paid|amount paid|total paid|paid amount)$", 4.9),
            (r"^(?:amount|revenue|sale|sale value|sale amount|total sale)$", 4.8),
            (r"converted amount|amount converted", 4.75),
            (r"(?:order|invoice|transaction|purchase|basket|payment|deal|contract) (?:amount|revenue|sale)", 4.7),
            (r"grand total base|base grand total", 4.65),
            (
                r"grand total|total price|price total|total amount|order total|invoice total"
                r"|(?:order|payment|deal|contract) value",
                4.6,
            ),
            (
                r"^total$|^(?:amount )?total (?:order|invoice|usd|eur|gbp|gross|net)|order total amount|^amount total",
                4.5,
            ),
            (r"(?:row|line|item) (?:total|amount|value|net)", 4.4),
            (r"total collected|collected", 4.0),
            (r"subtotal", 3.5),
            (r"^net$", 2.9),
            (r"^(?:value|spend|spent|money|turnover|gross|gross sale|sale gross|gross amount)$", 3.0),
            (r"amount|revenue", 2.5),
        ),
        "tax|discount|refund|shipping|fee|tip|balance|outstanding|due|cost|unit|quantity|count|rate|percent|%|off"
        "|credit|gift card|coupon|promotion|voucher|points|expected|weighted|probability|limit|duties|year|compare"
        "|customer|id|lifetime|name|date"
        "|return|margin|profit|currency|status|orders|product|partial|application|month",
    ),
    "discount": (
        ((r"discount amount|^discount$|discount total|total discount|coupon amount", 4.5), (r"discount", 3.5)),
        "code|rate|percent|%|name|type|title|description|id|tax",
    ),
    "tax": (
        ((r"^tax$|tax amount|total tax|tax total|order tax", 4.5),),
        "rate|percent|%|name|type|id|exempt|class|title|included|shipping|taxable",
    ),
    "unit_cost": (
        ((r"cost price|price cost|unit cost|cost (?:unit|item|each)|standard cost", 4.5),),
        "total|shipping",
    ),
    "cost": (
        ((r"^cost$|total cost|cost total|cost (?:of )?(?:sale|item|goods)|^cost amount$", 4.5),),
        "shipping|fee|unit|price|marketing|contact",
    ),
    "margin": (
        ((r"^(?:margin|profit)$|(?:gross|net) profit|gross margin|contribution|(?:profit|margin) amount", 4.5),),
        "rate|percent|%|id|name",
    ),
    "currency": (
        ((r"^currency$|currency (?:id|name)|(?:order|deal) currency|currency iso id", 4.5),),
        "converted|rate|base|amount",
    ),
    "channel": (
        (
            (r"^(?:sale )?channel$", 4.9),
            (r"channel", 4.6),
            (r"^(?:source|source name|order source|lead source|purchase point)$", 4.0),
            (r"^(?:origin|platform|marketplace|medium)$", 4.0),
        ),
        "id|cost|date",
    ),
    "kind": (
        (
            (r"^(?:kind|type|activity type|event type|engagement type|event|activity|interaction type|reason)$", 4.5),
            (
                r"(?:ticket|case|contact|campaign|visit|subscription|event|request) (?:type|reason|kind|category|topic)"
                r"|(?:type|reason|kind|category|topic) (?:de |del |of |di |do )?(?:ticket|case|contact|request)|^plan$",
                4.2,
            ),
            (r"^(?:topic|category)$", 4.1),
        ),
        "id|date|time|customer|card",
    ),
    "direction": (((r"direction", 4.5),), "id"),
}
