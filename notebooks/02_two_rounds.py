# %% [markdown]
# # Two rounds
# Decide, act, learn, decide again. The shop is simulated, so that we may look up at the end what nobody can know: what
# each call truly changed. In the first round nobody knows what a call does, so a lot decides for half of the
# customers; in the second the plan rests on what the first has shown.

# %%
import patron as pt
from patron import features
from patron.datasets.simulated import OFFERS, simulate
from patron.scoring.learned_effects import effects_today, learned_effect

HORIZON, VALUE, BUDGET = 91, 60.0, 1_500.0  # a customer who is kept for a quarter is worth 60
call = next(offer for offer in OFFERS if offer.name == "call").stronger(5)  # the older stay for it, the young leave
shop = simulate(1_500, seed=4, until="2023-01-02", campaigns=(), offers=[call], spread=0.0)
winter = shop.history()

# %% [markdown]
# ## Train
# Who will buy nothing for a quarter? A few features are enough here.

# %%
known = (features.purchases.recency, features.purchases.orders.over(*pt.days(91)), *features.attributes.of(winter))
churn = pt.churn(horizon=HORIZON, active_in=365, features=known)
split = pt.Split.of(train=["2022-01-03", "2022-04-04"], valid=["2022-07-04"], test=["2022-10-03"])
model = pt.train(churn, winter, split).model


def today(history, shop):
    """Return rows and scores of the customers of today."""
    rows = pt.matrix(churn, history, [shop.today])
    return rows, pt.score(model, rows).assign(value=VALUE)


# %% [markdown]
# ## Round 1: decide, and act
# That a call keeps a tenth of those who would leave is an assumption. `exploration` is the share of customers for whom
# a lot takes the plan's place; what that costs in expected gain is told.

# %%
rows, scores = today(winter, shop)
first = pt.decide(scores, [pt.Offer("call", 4.0, effect=0.1)], BUDGET, holdout=0.2, exploration=0.5)
print(first)
print(first.summary["exploration"])

# %%
later = shop.act(first.table, "2023-04-03")  # carries the plan out, and goes on for a quarter
spring = later.history()  # its table of offers has who was called, who was held out, and with what chance

# %% [markdown]
# ## What it earned, and what it taught
# The report of the round: treated beside held out, those chosen by the plan and those by the lot apart. Then the
# effect of the call is learned from the same contacts, with the chances that the plan has written down.

# %%
pt.learn(spring, first.table, churn)

# %%
past = pt.campaign_trial(churn, spring, offer="call")
learned = learned_effect("call", past, pt.train_effects(past, value=VALUE, folds=3, repeats=20))
print(past)
learned.card["sentences"]

# %% [markdown]
# ## What another policy would have earned
# Before anything is tried: would it have paid to call everybody? The log of the plan has the chance of what each
# customer got.

# %%
earned = later.profit(shop.today).profit
log = first.log.assign(profit=first.log.customer.map(earned).fillna(0.0))
pt.policy_value(log, log[["customer"]].assign(offer="call"))

# %% [markdown]
# ## Round 2
# The same again with what was learned in the place of the assumption, and a smaller share left to the lot.

# %%
rows, scores = today(spring, later)
effects = effects_today([learned], rows, scores)
second = pt.decide(
    scores, [pt.Offer("call", 4.0, effect="learned")], BUDGET, holdout=0.2, exploration=0.1, effects=effects
)
print(second)
summer = later.act(second.table, "2023-07-03").history()
pt.learn(summer, second.table, churn)

# %% [markdown]
# ## What nobody can know
# The world knows what each call truly changes. The first plan paid for calls that change nothing or do harm.


# %%
def true_gain(shop, plan):
    """Return what a plan truly gains beyond nothing: the chances it moves, less its calls."""
    truth = shop.truth(HORIZON).set_index("customer").purchase_effect
    treated = plan.table.customer[plan.table.group == "treat"]
    return VALUE * truth[treated].sum() - 4.0 * len(treated)


gains = [true_gain(shop, first), true_gain(later, second)]
print([f"{gain:,.0f}" for gain in gains])

# %%
assert gains[1] > gains[0]
assert set(second.table.evidence) <= {"logged propensity", "randomised"}
