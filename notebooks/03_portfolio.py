# %% [markdown]
# # Reading a portfolio
# What relationships does a business have, what are they worth, how do they move, and what do they ask for?
# A simulated shop answers here, with contacts, tickets, referrals and ties between customers. Your own tables do it with
# the same lines, or `patron portfolio shop.toml` writes them as one page.

# %%
import patron as pt
from patron.datasets import simulate

history = simulate(customers=300, seed=3).history()
question = pt.tier(90, pt.CostModel(margin_rate=0.4, cost_per_order=2.0))
portfolio = pt.portfolio(history, "2023-10-01", question)
list(portfolio.customers.columns)

# %% [markdown]
# ## The grid
# Customers by how lately (rows, 5 is the best) and how often they bought. The five best fields hold few customers and much
# of the money; where recency is low and frequency high are those who used to come.

# %%
portfolio.grid.pivot(index="recency", columns="frequency", values="customers").sort_index(ascending=False)

# %%
portfolio.groups["segment"].set_index("segment")[["customers", "spend", "profit", "equity", "low", "high"]].round()

# %% [markdown]
# Segments, tiers and all other groups add up to the ledger: nobody is counted twice or not at all.

# %%
assert portfolio.groups["segment"].customers.sum() == len(portfolio.customers)
assert abs(portfolio.groups["tier"].profit.sum() - portfolio.ledger["profit of customers"]) < 0.005
portfolio.ledger

# %% [markdown]
# ## The bridge
# Customer equity is what all customers are expected to bring within a year. How did that of three months ago become that
# of today? Who is lost was expected back and is no longer; the rest shrank, grew or is new.

# %%
portfolio.bridge

# %%
print(f"{portfolio.equity.value:,.0f} ({portfolio.equity.low:,.0f} to {portfolio.equity.high:,.0f})")
print(f"at risk: {portfolio.at_risk:,.0f}; the best 5 % bring {portfolio.tops[0.05]:.0%} of the spend")

# %% [markdown]
# Movements are those of customers, as the thresholds of today count for both days. Stability is the adjusted Rand index
# of the two groupings: 1 where nobody moved, 0 where groups are dealt anew.

# %%
portfolio.moved["tier"], portfolio.stability

# %% [markdown]
# ## Types
# How customers and business deal with each other. Each type has its rule in words, and what it asks for.

# %%
for kind in portfolio.relational.types:
    count = int((portfolio.customers.relationship_type == kind.name).sum())
    print(f"{kind.name:10} {count:4}  {kind.rule}: {kind.asks}")

# %%
portfolio.relational.moved_by.head()  # from which type to which, by which facet

# %% [markdown]
# Of the contacts of the business in a month, how many fit the type of the customer? And for whom is a rule broken?

# %%
monthly = portfolio.relational.fit.groupby("month")[["contacts", "fitting"]].sum()
monthly.assign(share=monthly.fitting / monthly.contacts)

# %%
portfolio.customers.loc[portfolio.customers.broken_rules > 0, ["relationship_type", "broken_rules"]].value_counts()

# %% [markdown]
# ## Tenure
# Does profit grow with the time that customers stay? `survivors`, the mean over who is still there, says more than is true,
# as those who stay were better from the start. `profit` follows the same customers, and says what it comes from.

# %%
portfolio.tenure.round(1)

# %% [markdown]
# ## Ties
# A quarter of a customer's profit is credited to who brought the customer. Each sale counts once: what is kept and what is
# credited add up to the profit of all. Whether leaving spreads along ties is tested by permutation.

# %%
portfolio.social

# %%
brought = portfolio.customers[portfolio.customers.brought > 0]
brought[["profit", "credited", "social_value"]].sum().round(2)

# %% [markdown]
# ## What is left out
# Figures that the columns do not suffice for are named, with the line that would mend it.

# %%
for name, why in portfolio.left_out.items():
    print(f"{name}: {why}")
