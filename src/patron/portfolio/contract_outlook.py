"""Contract outlook: what the next months hold for the contracts of a business, as tables."""

from dataclasses import dataclass

import pandas as pd

__all__ = ["ContractOutlook"]


@dataclass(frozen=True)
class ContractOutlook:
    """What is expected of the contracts that run at a cutoff.

    Args:
        customers: how many are under contract.
        horizon: the days looked ahead.
        months: what `patron.portfolio.renewals.mrr_at_risk` returns; empty where no price is known.
        renewals: what `patron.portfolio.renewals.renewals` returns; empty where no contract has a term.
        warnings: what `patron.portfolio.early_warnings.early_warnings` returns; empty where nothing tells use.
    """

    customers: int
    horizon: int
    months: pd.DataFrame
    renewals: pd.DataFrame
    warnings: pd.DataFrame

    @property
    def mrr(self) -> float:
        """Monthly recurring revenue under contract at the cutoff; 0 where no price is known."""
        return float(self.months.mrr.iloc[0]) if len(self.months) else 0.0

    @property
    def at_risk(self) -> float:
        """Monthly recurring revenue expected to end within the horizon."""
        return float(self.months.at_risk.sum()) if len(self.months) else 0.0

    @property
    def words(self) -> str:
        """The figures in a sentence."""
        money = f"{self.mrr:,.0f} a month, of it {self.at_risk:,.0f} at risk" if len(self.months) else "no prices known"
        return (
            f"{self.customers:,} under contract for {money} within {self.horizon} days; {len(self.renewals):,} renew, "
            f"{len(self.warnings):,} early warnings"
        )
