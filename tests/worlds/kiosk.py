"""A kiosk whose customers have keys and days, and nothing else: its settings, for whoever writes its orders."""

SETTINGS = """
name = "kiosk"
[tables.orders]
path = "orders.csv"
customer = "who"
at = "day"
[questions]
churn = { horizon = 30 }
[cutoffs]
train = "2023-03-01"
valid = "2023-04-01"
test = "2023-06-01"
"""
