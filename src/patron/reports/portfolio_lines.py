"""Portfolio lines: the relationship portfolio in a few lines of text, for those who watch a run."""

from collections.abc import Iterator

from patron.formatting import money, percent
from patron.portfolio.broken_rules import RULES
from patron.portfolio.result import Portfolio

__all__ = ["portfolio_lines"]

GROUPS = {"segment": "segments", "tier": "tiers", "relationship": "relationships", "relationship_type": "types"}


def portfolio_lines(portfolio: Portfolio, currency: str) -> Iterator[str]:
    """Yield what a portfolio says, a line for each kind of figure, and what it leaves out.

    Args:
        portfolio: what relationships there are.
        currency: code or sign of all money in it.
    """
    beside = f", beside {portfolio.earlier:%Y-%m-%d}" if portfolio.earlier else ""
    people = len(portfolio.customers)
    yield f"portfolio {people:,} customer{'s' if people > 1 else ''} on {portfolio.cutoff:%Y-%m-%d}{beside}"
    if portfolio.equity and portfolio.at_risk is not None:
        low, high = (money(bound, currency) for bound in (portfolio.equity.low, portfolio.equity.high))
        yield (
            f"equity    {money(portfolio.equity.value, currency)} [{low}, {high}] within "
            f"{portfolio.terms.horizon.length}, {money(portfolio.at_risk, currency)} at risk"
        )
    if len(portfolio.bridge):
        steps = zip(portfolio.bridge.part, portfolio.bridge.money, strict=True)
        yield f"bridge    {'; '.join(f'{part} {money(value, currency)}' for part, value in steps)}"
    if portfolio.cash.flow:
        yield f"cash flow {'; '.join(_cash(name, value, currency) for name, value in portfolio.cash.flow.items())}"
    for name, words in GROUPS.items():
        if name in portfolio.groups:
            sizes = dict(zip(portfolio.groups[name][name], portfolio.groups[name].customers, strict=True))
            agreement = f"; stability {portfolio.stability[name]:.2f}" if name in portfolio.stability else ""
            yield f"{words:<13} {'; '.join(f'{group} {size:,}' for group, size in sizes.items())}{agreement}"
    if portfolio.tops:
        yield f"spend     {'; '.join(f'best {percent(t)} bring {percent(s)}' for t, s in portfolio.tops.items())}"
    if len(portfolio.tenure):
        first, last = portfolio.tenure.iloc[0], portfolio.tenure.iloc[-1]
        yield (
            f"tenure    profit of a period goes from {money(first.profit, currency)} to {money(last.profit, currency)} "
            f"within {last.age - first.age:.0f} periods of the same customers; over survivors to "
            f"{money(last.survivors, currency)}"
        )
    for alarm in portfolio.alarms:
        points = ", ".join(f"{100 * bound:.1f}" for bound in (alarm.low, alarm.high))
        verdict = "alarm, the core was driven away" if alarm.rings else "no alarm"
        yield f"change    {alarm.change.name}: {verdict}; {100 * alarm.effect:.1f} points who order [{points}]"
    yield from _of_relationships(portfolio)
    for what, why in portfolio.left_out.items():
        yield f"left out  {what}: {why}"


def _cash(name: str, value: float, currency: str) -> str:
    words = f"{value:.0f} months" if name == "speed" else percent(value) if name == "volatility" else None
    return f"{name} {words or money(value, currency)}"


def _of_relationships(portfolio: Portfolio) -> Iterator[str]:
    """Yield what is said of contacts that fit, of rules that are broken, and of ties."""
    fit = portfolio.relational.fit
    if len(fit) and fit.contacts.sum():
        share = fit.fitting.sum() / fit.contacts.sum()
        months = fit.month.nunique()
        yield f"contacts  {percent(share)} of {fit.contacts.sum():,} in {months} months fit their relationship"
    rules = [rule for rule in RULES if rule in portfolio.customers]
    if rules:
        counts = (f"{rule.replace('_', ' ')} {portfolio.customers[rule].sum():,.0f}" for rule in rules)
        yield f"broken    {'; '.join(counts)}"
    social = portfolio.social
    if social.ties:
        spread = social.spread
        along = f"; both ends of a tie left {spread.both}, by chance {spread.expected:.1f}" if spread else ""
        lost = f"; referrals that carry nothing: {social.lost}" if social.lost else ""
        yield f"social    {social.referred:,} customers brought by {social.referrers:,} others{lost}{along}"
    if social.knowledge:
        sums = (f"{name.replace('_', ' ')} {number:,.0f}" for name, number in social.knowledge.items())
        yield f"knowledge {'; '.join(sums)}"
