"""Figures: what a relationship portfolio tells, each with its formula, what it needs and where it comes from."""

from dataclasses import dataclass

__all__ = ["FIGURES", "Figure", "figure_table"]


@dataclass(frozen=True)
class Figure:
    """One figure of the portfolio.

    Args:
        name: what it is called.
        formula: how it is computed, in words.
        needs: the columns without which it is left out.
        source: who proposed it, and where.
    """

    name: str
    formula: str
    needs: str
    source: str


FIGURES = (
    Figure(
        "RFM scores",
        "days since the last order, orders and spend to date, each scored 1 to 5 by fifths of the customers, by fifths "
        "of the money, or by thresholds; equal values get equal scores",
        "orders; their amount for the score of money; 5 customers",
        "Hughes 1994, Strategic Database Marketing; Miglautsch 2000, J. Database Marketing 8 (fifths of the money)",
    ),
    Figure(
        "segments",
        "the first rule that holds the scores; sizes, spend, profit and equity add up to all customers",
        "as RFM scores",
        "Hughes 1994; the rules are Patron's, and yours to change",
    ),
    Figure(
        "moves",
        "customers by group at the earlier cutoff and now, both by today's thresholds; who joined since has a row",
        "a cutoff before which somebody ordered",
        "a transition matrix, as in Pfeifer and Carraway 2000, J. Interactive Marketing 14",
    ),
    Figure(
        "stability",
        "adjusted Rand index between the groups at both cutoffs, of who was known at both: 1 same, 0 as by chance",
        "as moves",
        "Hubert and Arabie 1985, J. Classification 2",
    ),
    Figure(
        "tiers",
        "profit of the last horizon of the tier question, by its shares of profitable customers or its thresholds; "
        "what each table that earns or costs brought, by tier",
        "profit: a margin or cost of the orders, or [costs]",
        "Zeithaml, Rust and Lemon 2001, California Management Review 43",
    ),
    Figure(
        "profit by tenure",
        "profit of a period (the horizon of the tiers) by how many periods after the first order it lies: that of the "
        "first, plus the mean changes of the same customers from period to period, of those who ordered again later; "
        "beside it the mean over survivors; base + growth (change of spend at the same share of profit) + price (that "
        "of the share) + service (returns, contacts and all else that costs) + referrals (what is credited of a period "
        "as social value, less what is passed on)",
        "profit; amounts to part growth and price; referrals as social value does",
        "Reichheld and Sasser 1990, Harvard Business Review 68; first differences as in Wooldridge 2010, chapter 10",
    ),
    Figure(
        "customer equity",
        "sum of the lifetime value of all customers over the horizon times the share of spend that is left as profit "
        "(the customer's own, drawn towards that of all), discounted; of spend where no profit is known",
        "amounts; 10 customers who ordered again",
        "Blattberg and Deighton 1996, Harvard Business Review 74; Fader and Hardie 2007 (Pareto/NBD)",
    ),
    Figure(
        "equity by group",
        "the same by month of the first order, channel of the first order, segment, tier; 95 % interval by bootstrap "
        "over customers, of groups of more than 10,000 by its normal limit",
        "as customer equity; channel of the orders",
        "Gupta, Lehmann and Stuart 2004, J. Marketing Research 41; Efron and Tibshirani 1993",
    ),
    Figure(
        "equity bridge",
        "equity before - lost - shrunk + grown + new = equity now; lost is who was expected back (chance of an order "
        "within the horizon of at least one half) and is no longer",
        "as customer equity, at both cutoffs",
        "Rust, Lemon and Zeithaml 2004, J. Marketing 68",
    ),
    Figure(
        "equity at risk",
        "equity less its 5 % quantile over bootstraps of the customers, of more than 10,000 by the normal limit",
        "as customer equity",
        "Dhar and Glazer 2003, Harvard Business Review 81; Efron and Tibshirani 1993",
    ),
    Figure(
        "value in time",
        "mean profit to date (spend where no profit is known) within so many months (30.4375 days) of the first order, "
        "of the customers whose months are over, by channel and year of the first order, and of the first 3 months by "
        "channel; costs before the first order count as its month; 95 % interval over customers",
        "orders with amounts; channel of the orders; 10 customers",
        "Gupta, Lehmann and Stuart 2004, J. Marketing Research 41; Villanueva, Yoo and Hanssens 2008, J. Marketing "
        "Research 45 (by channel)",
    ),
    Figure(
        "payback",
        "first month in which the mean profit to date reaches what it cost to win a customer, by channel and cohort; "
        "its interval is that of the month in which the upper and the lower bound of the mean do",
        "profit; acquisition_cost below [portfolio]",
        "Farris, Bendle, Pfeifer and Reibstein 2006, Marketing Metrics, chapter 5",
    ),
    Figure(
        "return on relationships",
        "(profit + change of equity) / cost since the earlier cutoff, cost being that of every table that costs but "
        "orders and returns; of all and by tier of the earlier cutoff; 95 % interval of the ratio over customers",
        "profit, the equity of both cutoffs, and contacts, tickets or offers that cost",
        "Rust, Lemon and Zeithaml 2004, J. Marketing 68; Cochran 1977, Sampling Techniques, chapter 6 (interval)",
    ),
    Figure(
        "cash flow",
        "speed: months after the first order within which a customer brings half of what the first 12 bring; size: "
        "profit of a month, mean of the last 12; volatility: their standard deviation by their mean; residual: equity "
        "x q / (1 - q), q = ((now - new) / before) ^ (horizon / time between), discounted: what is beyond the horizon "
        "if the equity of the same customers goes on as it did",
        "profit; 12 months (size and volatility: 6); the bridge for the residual, which is left out where equity grows",
        "Srivastava, Shervani and Fahey 1998, J. Marketing 62",
    ),
    Figure(
        "buying style",
        "within a year: share of the money, net of returns, that went into rows with a discount; price index = paid "
        "for pieces / these pieces at the mean price of their category; brands: Herfindahl index within a category, "
        "weighed by purchases; budget-conscious: a share of one half or more, or an index up to .8; brand-loyal: .8 or "
        "more, of 3 orders",
        "discount and amount; price, quantity and category; brand and category, of lines or orders",
        "Ailawadi, Neslin and Gedenk 2001, J. Marketing 65 (deals); Fader and Lodish 1990, J. Marketing 54 (brands)",
    ),
    Figure(
        "stages of loyalty",
        "price-driven: at least half of the money of a year at a discount; else action: 3 orders or more within a year "
        "and expected back; intention: 2 or more; affective: one; silent: none",
        "discount and amount; customer equity",
        "Harris and Goode 2004, J. Retailing 80; Oliver 1999, J. Marketing 63; the rules are Patron's",
    ),
    Figure(
        "share of customer",
        "spend of the last year / what the customer spends anywhere in a year; mean by segment",
        "amounts; an attribute with the total, named as outside_total below [portfolio]",
        "Peppers and Rogers 1993, The One to One Future; Zeithaml 2000, J. Academy of Marketing Science 28",
    ),
    Figure(
        "headroom",
        "potential (90 % quantile of the next period's spend by a linear quantile regression on recency, tenure, "
        "orders, first order, spend to date and of the last period, their logarithms, fitted to the last period) less "
        "the spend of the last period, at least 0; back-test: share who spent more in the last period than predicted "
        "before it, and the error beside that of one quantile for all",
        "amounts; 200 customers who ordered before the last two periods (the horizon of the tiers each)",
        "Koenker and Bassett 1978, Econometrica 46; Perlich, Rosset, Lawrence and Zadrozny 2007, KDD (wallets)",
    ),
    Figure(
        "core alarm",
        "share of customers who order in the period after a change less that in the period before it, in the core less "
        "that among others, less the mean of the same at the last 4 earlier dates around which nothing else "
        "changed; core: customers of over a year (and who bought the categories of the change), others: newer ones (or "
        "who did not), all a period before the change and with an order in the year before; alarm where the 95 % "
        "interval lies below 0 and the difference below all",
        "a change and its day below [portfolio.changes]; 30 customers on each side; categories where it names some",
        "Angrist and Pischke 2009, chapter 5; Abadie, Diamond and Hainmueller 2010, J. American Statistical Ass. 105",
    ),
    Figure(
        "channels",
        "events of the last year by channel and table; how often the next event of a customer came by which channel; "
        "share of the contacts that customers began which were followed by another within a week, by whether they came "
        "by the same channel as the one before; 95 % interval over customers",
        "channel of orders, contacts or tickets; for who began contacts their direction, else only tickets count",
        "Neslin et al. 2006, J. Service Research 9; Dixon, Freeman and Toman 2010, Harvard Business Review 88",
    ),
    Figure(
        "four C's",
        "by segment and tier over the horizon of the tiers, ratios of sums with 95 % interval, beside those of the "
        "earlier cutoff: needs = money of orders not sent back / money of orders; cost = cost to serve / spend, and "
        "cost to win; communication = contacts begun by customers / by the business; convenience = requests / orders",
        "as segments or tiers; and returns; contacts, tickets that cost; acquisition_cost; direction of contacts; "
        "tickets",
        "Lauterborn 1990, Advertising Age 61; which figures stand for them is Patron's choice",
    ),
    Figure(
        "concentration",
        "share of the best 1, 5, 10, 20 % of customers; Herfindahl index, the sum of squared shares of gains; curve of "
        "shares, best customers first, of spend and of profit to date",
        "amounts; profit for its curve",
        "Hirschman 1964, American Economic Review 54; Kaplan and Narayanan 2001, J. Cost Management 15",
    ),
    Figure(
        "loyalty and profit",
        "expected back: chance of an order within the horizon of at least one half; profit: to date, after the cost to "
        "serve, for each year since the first order (at least one), against the median",
        "profit, customer equity",
        "Reinartz and Kumar 2002, Harvard Business Review 80",
    ),
    Figure(
        "relationship types",
        "the first rule that holds what can be seen within a year of who begins contact, in which tone, how often "
        "and how much is asked; moves between types by the first facet of a rule that changed",
        "orders; for most types contacts with direction and kind (or sentiment), or tickets; categories",
        "Fournier 1998, J. Consumer Research 24; Avery, Fournier and Wittenbraker 2014, Harvard Business Review 92; "
        "the rules are Patron's, and yours to change",
    ),
    Figure(
        "contacts that fit",
        "of the contacts of the business in a month those that the customer's type at its beginning bears: no more "
        "than so many, and no more than so many that promote",
        "contacts or offers; a kind of contacts",
        "relational intelligence, Avery, Fournier and Wittenbraker 2014; the figure is Patron's",
    ),
    Figure(
        "broken rules",
        "suggested something and heard only promotions; contacted through a channel never used; an exchange "
        "relationship with more contacts than it bears; orders of three months after a rule was broken less those of"
        " customers of the same type who had ordered as often and whose rule was kept, with the interval of a "
        "permutation within these",
        "contacts with direction, kind and channel; six months of them",
        "Fournier 1998; strata and permutation as in Rosenbaum 2002, Observational Studies, chapter 2",
    ),
    Figure(
        "social value",
        "of each profit the customer keeps 1 - s, who brought the customer s (1 - s), the next above s² (1 - s), the"
        " top of the chain the rest: kept + credited = profit of all customers",
        "profit; referrals with the customer at the other end",
        "Kumar and others 2010, J. Service Research 13 (referral value); the split is Patron's",
    ),
    Figure(
        "leaving along ties",
        "ties both ends of which ordered in the time before the earlier cutoff and not since, against 999 "
        "permutations of who left among customers of the same scores; influence: how much likelier a customer leaves"
        " if a tie has, times the equity of the ties of a customer",
        "referrals or ties with the customer at the other end; moves",
        "Nitzan and Libai 2011, J. Marketing 75; Kumar and others 2010 (influencer value)",
    ),
    Figure(
        "knowledge value",
        "accepted suggestions times what one is worth, and requests that answers of a customer saved times the mean "
        "cost of a request; not part of any profit",
        "contacts with accepted or deflected; a cost of tickets",
        "Kumar and others 2010 (knowledge value)",
    ),
    Figure(
        "letting go",
        "who loses money: profit below zero to date and over the last horizon of the tiers, by the table that cost "
        "most; option to end: value of a customer of a tier with the choice to end it less that without, by backward "
        "induction on the moves between tiers and their mean profits, in periods as long as the comparison looks back",
        "profit; the option: moves",
        "Pfeifer and Carraway 2000, J. Interactive Marketing 14; Mittal, Sarkees and Murshed 2008, Harvard Business "
        "Review 86",
    ),
    Figure(
        "ledger",
        "profit of all events before the cutoff = profit of all customers + what belongs to nobody who ordered",
        "profit",
        "Patron's ledger",
    ),
)


def figure_table() -> str:
    """Return the figures as a table of Markdown.

    >>> figure_table().splitlines()[0]
    '| figure | formula | columns needed | source |'
    """
    rows = [f"| {figure.name} | {figure.formula} | {figure.needs} | {figure.source} |" for figure in FIGURES]
    return "\n".join(["| figure | formula | columns needed | source |", "|---|---|---|---|", *rows])
