"""The business: what is asked of the contracts and logins of the simulated demo, with a feature of our own.

The files beside this one are what a scheduler runs; `patron train pipelines/subscription/business.py` and its other
verbs do the same by hand.
"""

from dataclasses import replace
from pathlib import Path

import patron as pt
from patron.jobs import subscription_demo

TABLES = Path("patron-out") / "subscriptions-own" / "tables"


@pt.measure(windows=pt.days(30, 90), empty=0, theme="habit", unit="logins")
def evening_logins(logins):
    """Logins after six in the evening."""
    return logins.count(where=logins["at"].hour() >= 18)


subscription_demo.write_tables(subscription_demo.business(), TABLES)
settings = replace(
    subscription_demo.settings(Path(), TABLES),
    name="subscriptions-own",
    out=TABLES.parent,
    questions=(pt.cancellation(horizon=90, within=(30, 60, 90), own=(evening_logins,)),),
)
