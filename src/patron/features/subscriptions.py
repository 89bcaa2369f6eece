"""Features of contracts: how old, when renewed, for how much, how often, and what was heard of their end."""

from patron.features.measures import combine, measure

__all__ = ["ALL", "BASELINES", "GONE"]


@measure(theme="lifecycle", unit="days")
def contract_age(contracts):
    """Days under contract without a break."""
    return contracts.days_ago.min(where=contracts.opens == 1)


@measure(theme="lifecycle", unit="days")
def member_since(contracts):
    """Days since the first contract."""
    return contracts.days_ago.max()


@measure(empty=0, theme="lifecycle", unit="contracts")
def contracts_so_far(contracts):
    """Contracts begun so far."""
    return contracts.count()


@measure(empty=0, theme="lifecycle", unit="contracts")
def contracts_ended(contract_ends):
    """Contracts that ended so far."""
    return contract_ends.count()


@measure(theme="lifecycle", unit="days")
def last_contract_end(contract_ends):
    """Days since a contract ended."""
    return contract_ends.days_ago.min()


@measure(theme="lifecycle", unit="days")
def last_contract(contracts):
    """Days since the last contract began."""
    return contracts.days_ago.min()


@measure(theme="lifecycle", unit="kinds")
def plan(contracts):
    """Plan of the last contract."""
    return contracts.plan.argmin(contracts.days_ago)


@measure(theme="price", unit="money")
def plan_price(contracts):
    """Price of a month of the last contract."""
    return contracts.monthly_price.argmin(contracts.days_ago)


@measure(empty=0, theme="price", unit="money")
def prices_begun(contracts):
    """Price of a month of all contracts so far."""
    return contracts.monthly_price.sum()


@measure(empty=0, theme="price", unit="money")
def prices_ended(contract_ends):
    """Price of a month of all contracts that ended."""
    return contract_ends.monthly_price.sum()


@combine(prices_begun, prices_ended, theme="price", unit="money")
def monthly_price(begun, ended):
    """Price of a month of all contracts that run."""
    return begun - ended


@measure(theme="price", unit="share", lever="change of the price")
def price_change(contracts):
    """Last change of the price, as a share of the one before."""
    return contracts.price_change.argmin(contracts.days_ago, where=contracts.price_change.abs() > 0)


@measure(theme="price", unit="days")
def last_price_change(contracts):
    """Days since the price changed."""
    return contracts.days_ago.min(where=contracts.price_change.abs() > 0)


@measure(theme="lifecycle", unit="days")
def contract_term(contracts):
    """Term of the last contract."""
    return contracts.term.argmin(contracts.days_ago)


@combine(last_contract, contract_term, theme="lifecycle", unit="days")
def days_to_renewal(age, term):
    """Days until the term of the last contract is over."""
    return term.nullif(0) * (age / term.nullif(0)).ceil() - age


@measure(theme="lifecycle", unit="days")
def last_notice(contract_notices):
    """Days since the end of a contract was announced."""
    return contract_notices.days_ago.min()


@measure(theme="lifecycle", unit="days")
def last_notice_ahead(contract_notices):
    """Days from the last announcement to the end that it announced."""
    return contract_notices.days_to_end.argmin(contract_notices.days_ago)


@combine(last_notice_ahead, last_notice, theme="lifecycle", unit="days")
def days_to_announced_end(ahead, ago):
    """Days until the end that was announced last; below zero where it has passed."""
    return ahead - ago


ALL = (
    contract_age,
    days_to_renewal,
    contract_term,
    monthly_price,
    plan_price,
    price_change,
    last_price_change,
    contracts_so_far,
    contracts_ended,
    last_contract_end,
    last_contract,
    member_since,
    plan,
    days_to_announced_end,
)
BASELINES = (contract_age, days_to_renewal, contracts_so_far, monthly_price, last_price_change)
GONE = (last_contract_end, member_since, contracts_so_far, plan_price)
