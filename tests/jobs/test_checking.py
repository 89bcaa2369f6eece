"""A check writes a page beside what it says, also where the history refuses the cutoffs; neither names a customer."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from patron.decisions import Offer
from patron.errors import QuestionError, SettingsError
from patron.jobs import Job, check, train
from patron.periods import Split
from patron.settings import load

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = """
name = "kiosk"
[tables.orders]
path = "orders.csv"
customer = "client"
at = "when"
amount = "paid"
[tables.visits]
path = "visits.csv"
customer = "client"
at = "when"
[questions]
churn = { horizon = 30 }
[cutoffs]
train = "2023-04-01"
valid = "2023-06-01"
test = "2023-08-01"
"""
CLIENTS = [f"client-{n:02d}" for n in range(20)]
EVERY_DAY = [(CLIENTS[n % 20], datetime(2023, 1, 1) + timedelta(days=n), 9.5) for n in range(280)]


@pytest.fixture
def kiosk(tmp_path):
    """The settings of a small business of which orders of May are missing, or not."""

    def job(missing: tuple[str, str] | None = None) -> tuple[Job, list[str]]:
        orders, said = pd.DataFrame(EVERY_DAY, columns=["client", "when", "paid"]), []
        kept = orders if missing is None else orders[~orders.when.between(*missing)]
        kept.to_csv(tmp_path / "orders.csv", index=False)
        orders[["client", "when"]].iloc[::3].to_csv(tmp_path / "visits.csv", index=False)
        (tmp_path / "kiosk.toml").write_text(SETTINGS)
        return Job(load(tmp_path / "kiosk.toml"), NOW, said.append), said

    return job


def text_of(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")


def test_a_check_writes_its_page_names_it_last_and_lists_it_among_its_files(kiosk):
    job, said = kiosk()
    page = str(job.settings.out / "check.html")
    assert check(job)["files"] == [page]
    assert said[-1] == f"check     {page}"
    assert "<h1>kiosk: what was read, and how</h1>" in text_of(page)


@pytest.mark.usefixtures("rendered")
def test_the_page_of_a_check_shows_each_table_and_the_keys_they_share_and_names_no_customer(kiosk):
    job, said = kiosk()
    html = text_of(check(job)["files"][0])
    assert all(part in html for part in ("orders: events per week", "visits: events per week", "in visits"))
    assert not [client for client in CLIENTS if client in html or client in "".join(said)]


@pytest.mark.usefixtures("rendered")
def test_of_order_lines_that_were_added_up_only_the_table_that_was_read_is_compared(kiosk, tmp_path):
    job, _ = kiosk()
    lines = pd.DataFrame(EVERY_DAY * 2, columns=["client", "when", "paid"]).assign(order=lambda rows: rows.index % 280)
    lines.to_csv(tmp_path / "orders.csv", index=False)
    html = text_of(check(job)["files"][0])
    assert all(f"{table}: events per week" in html for table in ("orders", "lines", "visits"))
    assert re.findall(r">in (\w+)</th>", html) == ["orders", "visits"]


def test_cutoffs_that_look_back_on_a_hole_are_named_on_the_page_as_in_the_text(kiosk):
    job, said = kiosk(missing=("2023-02-10", "2023-03-12"))
    html = text_of(check(job)["files"][0])
    beware = [line.removeprefix("beware    ") for line in said if line.startswith("beware")]
    assert len(beware) == 4  # train, valid, test and today
    assert all(f"<li>{line}</li>" in html for line in beware)


def test_where_a_hole_refuses_a_cutoff_the_page_shows_both_before_the_refusal(kiosk):
    job, said = kiosk(missing=("2023-06-10", "2023-07-12"))
    with pytest.raises(QuestionError, match="no order is known from 2023-06-10"):
        check(job)
    html = text_of(job.settings.out / "check.html")
    assert "The cutoffs cannot be used.</strong> A label at 2023-06-01 looks 30 days ahead" in html
    assert "A hole in orders" in html
    assert said[-1] == f"check     {job.settings.out / 'check.html'}"


def test_cutoffs_whose_labels_meet_are_refused_before_any_table_is_read(kiosk):
    job, said = kiosk()
    meeting = replace(job.settings, split=Split.of(["2023-04-01"], ["2023-04-20"], ["2023-08-01"]))
    with pytest.raises(QuestionError, match="Labels of the train cutoff 2023-04-01"):
        check(Job(meeting, NOW, said.append))
    assert said == []
    assert not (job.settings.out / "check.html").exists()


def test_a_column_that_an_offer_looks_at_and_nothing_tells_of_is_refused_by_check_and_train(kiosk):
    job, _ = kiosk()
    wrong = (Offer("mail", 0.5, effect=0.5, eligible=("churn_probability > 0.2", "recencyy > 30")),)
    for verb in (check, train):
        asked = Job(replace(job.settings, offers=wrong, value=1.0), NOW)
        with pytest.raises(SettingsError, match=r"^Offer 'mail' looks at the column 'recencyy', .* mean 'recency'\?"):
            verb(asked)
    resting = (Offer("mail", 0.5, effect=0.5, rest=30),)
    with pytest.raises(SettingsError, match=r"looks at former contacts \(last_contact\), and nothing tells of any"):
        check(Job(replace(job.settings, offers=resting, value=1.0), NOW))
