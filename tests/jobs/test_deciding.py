"""What deciding promises: offers and rules look at features and former contacts as they were at the cutoff."""

from dataclasses import replace

import pandas as pd
import pytest

from patron.decisions import Offer, Rules
from patron.errors import SettingsError
from patron.jobs import Job, decide
from patron.settings import Table

MAIL = Offer("mail", 0.5, effect=0.5, channel="mail", eligible="orders_30d > 1", rest=10)


@pytest.fixture(scope="module")
def kiosk(trained_job, tmp_path_factory):
    """The trained business, which contacted some of its customers before and after the cutoff that is scored."""
    folder = tmp_path_factory.mktemp("contacts")
    contacts = [(f"c{c}", "2023-07-24", "out") for c in range(0, 80, 3)]
    contacts += [(f"c{c}", "2023-07-31", "in") for c in range(80)] + [(f"c{c}", "2023-08-02", "out") for c in range(80)]
    contacts += [(f"c{c}", f"2023-07-{day}", "out") for c in range(1, 80, 3) for day in ("10", "11")]
    pd.DataFrame(contacts, columns=["who", "day", "direction"]).to_csv(folder / "contacts.csv", index=False)
    offers = [(f"c{c}", "2023-07-30", "mail" if c < 40 else "control") for c in range(80)]
    pd.DataFrame(offers, columns=["who", "day", "arm"]).to_csv(folder / "offers.csv", index=False)
    roles = {"customer": "who", "at": "day", "direction": "direction"}
    tables = {**trained_job.settings.tables, "contacts": Table(folder / "contacts.csv", roles)}
    tables["offers"] = Table(folder / "offers.csv", {"customer": "who", "at": "day", "arm": "arm"})
    out, at = folder / "out", pd.Timestamp("2023-08-01").to_pydatetime()
    return replace(trained_job.settings, tables=tables, out=out, score_at=at, value=100.0, budget=1000.0)


def test_offers_go_to_who_is_eligible_and_was_not_contacted_too_lately_or_too_often(kiosk, trained_job):
    job = Job(replace(kiosk, offers=(MAIL,), rules=Rules({"mail": 3}, most_contacts=2)), trained_job.now)
    outcome = decide(job)
    alone = outcome["left_alone"]
    assert 0 < outcome["chosen"] <= 3
    assert min(alone[why] for why in ("not eligible", "contacted too lately", "contacted too often")) > 0
    assert alone["budget or capacity does not reach"] > 0
    numbers = job.plan.table.customer.str[1:].astype(int)
    assert ((numbers % 3 == 2) & (numbers >= 40)).all()


def test_a_column_that_no_row_has_is_refused_with_those_that_are_near(kiosk, trained_job):
    job = Job(replace(kiosk, offers=(replace(MAIL, consent="orders_90d"),)), trained_job.now)
    with pytest.raises(SettingsError, match=r"Offer 'mail' looks at the column 'orders_90d', .* Did you mean 'orders_"):
        decide(job)
