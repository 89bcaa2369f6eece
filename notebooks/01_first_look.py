# %% [markdown]
# # A first look
# From the raw orders of a gift wholesaler to a list of customers worth keeping, in a dozen steps.
# The data are Online Retail II (Daqing Chen, UCI, CC BY 4.0), which come with Patron.

# %%
import patron as pt
from patron.datasets import online_retail

history = online_retail()
history  # its receipt: what was read, set aside and why, used, assumed and noted

# %% [markdown]
# ## Ask
# Who places no order within 90 days? We ask it of customers with an order in the last year, on five past dates
# (the last of them, `valid`, chooses between models) and judge the answer on a later date that no choice has seen.

# %%
churn = pt.churn(horizon=90, active_in=365)
split = pt.Split.of(
    train=["2010-06-16", "2010-09-14", "2010-12-13", "2011-03-13"], valid=["2011-06-11"], test=["2011-09-09"]
)

# %% [markdown]
# ## A feature of your own
# A measure is a small function of one event table. Its docstring is what a manager will read.


# %%
@pt.measure(windows=pt.days(90, 365), empty=0, theme="value", unit="orders")
def large_orders(orders):
    """Orders of 500 pounds and more."""
    return orders.count(where=orders.amount >= 500)


# %%
churn = pt.churn(horizon=90, active_in=365, own=(large_orders,))
rows = pt.matrix(churn, history, split.train)
rows.X[["orders_90d", "recency", "large_orders_365d"]].describe()

# %% [markdown]
# ## Train and judge
# Every candidate is trained beside LightGBM; the champion is named before the test date is looked at.

# %%
trained = pt.train(churn, history, split)
print(trained.reason)
tested = pt.matrix(trained.question, history, split.test)
card = pt.judge(trained, tested, pt.answers(trained.question, history, split.test))
card.table()

# %% [markdown]
# ## Score today, and say why

# %%
today = pt.matrix(trained.question, history, [history.ends])
scores = pt.score(trained.model, today)
why = pt.drivers(trained.model, today, top=3)
why[["side", "rank", "text", "change"]].head(6)

# %% [markdown]
# ## Decide
# What a kept customer is worth is assumed here: £40 over the horizon. A tier question would tell it for each customer.

# %%
call = pt.Offer("call", contact_cost=6.0, effect=0.25)
plan = pt.decide(scores.assign(value=40.0), [call], budget=600, holdout=0.1, reasons=why)
print({k: plan.summary[k] for k in ("asked", "worth_treating", "treated", "control", "expected_gain")})

# %%
assert 0 < plan.summary["treated"] <= 100
assert card.measured[trained.champion]["AUC"].value > 0.75
