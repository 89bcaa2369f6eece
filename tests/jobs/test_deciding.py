"""What deciding promises: offers and rules look at features and former contacts as they were at the cutoff."""

from dataclasses import replace

import pandas as pd
import pytest

from patron.decisions import Offer, Rules
from patron.errors import SettingsError
from patron.jobs import Job, decide, score
from patron.settings import Table
from worlds.command_line import check_summary

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
    for verb in (decide, score):
        with pytest.raises(SettingsError, match=r"Offer 'mail' looks at the column 'orders_90d', .* Did you mean"):
            verb(job)


def test_learned_effects_are_read_from_their_file_and_the_summary_counts_whom_they_leave_alone(kiosk, trained_job):
    offer = Offer("mail", 0.5, effect=0.5)
    customers = Job(replace(kiosk, offers=(offer,)), trained_job.now).scores.customer
    kept = {"kept_low": -9.0, "kept": [-3.0, *[5.0] * (len(customers) - 1)], "kept_high": 9.0, "evidence": "randomised"}
    kiosk.out.mkdir(exist_ok=True)
    path = kiosk.out / "effects.csv"
    pd.DataFrame({"customer": customers, "offer": "mail", **kept}).to_csv(path, index=False)
    job = Job(replace(kiosk, offers=(offer,), effects=path), trained_job.now)
    outcome = decide(job)
    assert outcome["left_alone"]["do not disturb"] == outcome["do_not_disturb"]["expected"] == 1
    assert (outcome["evidence"], outcome["chosen"]) == ("randomised", len(customers) - 1)
    with pytest.raises(SettingsError, match=r"There is no file of learned effects 'gone.csv' .*effects = \"effects\.p"):
        decide(Job(replace(kiosk, offers=(offer,), effects=kiosk.out / "gone.csv"), trained_job.now))


def test_deciding_answers_four_questions_before_the_campaign(kiosk, trained_job):
    lines = []
    job = Job(replace(kiosk, offers=(replace(MAIL, rest=0, eligible=()),), holdout=0.0), trained_job.now, lines.append)
    answers = decide(job)["preflight"]
    assert [answer.split(":")[0] for answer in answers] == ["capacity", "gain", "consent", "control"]
    assert "nobody said how many mail can do: [channels.mail] capacity = 1000" in answers[0]
    assert answers[3] == "control: none, so nobody will know what the offers did; [decisions] holdout = 0.1"
    assert [line for line in lines if line.startswith("preflight")] == [f"preflight {answer}" for answer in answers]


def test_customers_who_cost_more_than_they_bring_are_listed_and_nothing_is_done_about_them(kiosk, trained_job):
    job = Job(replace(kiosk, offers=(MAIL,)), trained_job.now)
    lossy = replace(job.plan, unprofitable=job.scores[["customer", "value"]].head(2).assign(shortfall=3.0))
    job.__dict__["plan"] = lossy
    files = [path.rsplit("/", 1)[1] for path in decide(job)["files"]]
    assert {"unprofitable.parquet", "unprofitable.csv"} <= set(files)
    assert pd.read_csv(kiosk.out / "unprofitable.csv").shortfall.tolist() == [3.0, 3.0]


def test_how_past_contacts_were_answered_is_advice_beside_the_plan_and_changes_nothing_of_it(kiosk, trained_job):
    lines = []
    job = Job(replace(kiosk, offers=(MAIL,)), trained_job.now, lines.append)
    outcome = decide(job)
    response = outcome["contact_response"]
    assert (response["evidence"], response["answer"], response["enough"]) == ("observational", "orders", None)
    assert (response["contacts"], response["left_out"]) == (0, {"horizon not over": 201})  # all lie in July or August
    assert response["sentences"][0].startswith("when and how to contact is unknown")
    assert [line for line in lines if line.startswith("response")] == [f"response  {s}" for s in response["sentences"]]
    assert set(job.plan.table) & {"when", "hour", "best_channel"} == set()
    check_summary("decide", outcome | {"asked": 80})


def test_a_business_without_contacts_is_told_nothing_of_them(trained_job, tmp_path):
    at = pd.Timestamp("2023-08-01").to_pydatetime()
    settings = replace(trained_job.settings, out=tmp_path, score_at=at, value=100.0, budget=9.0)
    lines = []
    outcome = decide(Job(replace(settings, offers=(Offer("mail", 0.5, effect=0.5),)), trained_job.now, lines.append))
    assert "contact_response" not in outcome
    assert not [line for line in lines if line.startswith("response")]
