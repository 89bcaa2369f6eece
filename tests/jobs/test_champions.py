"""Champions change by a contest, by a second person's word, or by force with a reason; and the log keeps all of it."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from patron.errors import LockError, RegistryError
from patron.jobs import Job, approve, overview, promote, promote_by_force, rollback
from patron.jobs.champions import conclude
from patron.jobs.tracking import Logged
from patron.registry import CONTEST, Contest, Promotion, Registry, audit, between
from patron.reports.model_lines import model_lines
from patron.settings import RegistrySettings, Settings
from worlds.served_model import served_model

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
LOST = {"log loss": {"value": 0.02, "low": 0.01, "high": 0.03}}
WORSE = Contest("1", "worse", "log loss +0.0200 [+0.0100, +0.0300] on the same 500 rows at 2024-01-01", LOST)
EVEN = Contest("1", "as good", "log loss +0.0000 [-0.0100, +0.0100] on the same 500 rows at 2024-01-01")


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Registry:
    """Version 1 scores; 2 was worse than it, 3 as good, and 4 never judged beside it."""
    store = Registry.at(tmp_path_factory.mktemp("shop"))
    figures = {"test.logit.auc": 0.7, "test.logit.auc.low": 0.6, "test.logit.auc.high": 0.8}
    run_id, model = store.log_run("shop-churn", "r", {}, figures), served_model(tmp_path_factory.mktemp("models"))
    for contest in (None, WORSE, EVEN, None):
        tags = {"candidate": "logit"} | ({CONTEST: contest.text} if contest else {})
        store.register("shop-churn", run_id, *model, ["pandas"], tags)
    store.promote("shop-churn", "1", "first", NOON, "ann")
    return store


@pytest.fixture
def store(trained, tmp_path, monkeypatch) -> Registry:
    """A copy of that store, where Ann is at work."""
    monkeypatch.setenv("PATRON_USER", "ann")
    shutil.copytree(trained.folder, tmp_path / "mlruns")
    return Registry.relocate(tmp_path)


def job(store: Registry, approval: int | None = None) -> Job:
    root = Path(store.folder).parent
    return Job(Settings("shop", {}, (), None, root, root / "out", registry=RegistrySettings(approval=approval)), NOON)


def trace(store: Registry) -> list[tuple[str, str, str | None, str]]:
    return [(line.action, line.version, line.previous, line.who) for line in store.promotions("shop-churn")[1:]]


def test_a_version_that_was_worse_on_the_same_rows_is_refused_and_the_log_keeps_it(store):
    with pytest.raises(RegistryError, match=r"does not take the place of version 1: log loss \+0.0200 .* --force"):
        promote(store, "shop-churn", "2", "I like it", NOON)
    assert store.standing("shop-churn") == "1"
    assert trace(store) == [("refuse", "2", "1", "ann")]
    assert store.promotions("shop-churn")[-1].reason.startswith("I like it; beside the champion (version 1): worse")


def test_a_version_that_was_as_good_takes_over_and_the_one_before_it_may_come_back(store):
    promote(store, "shop-churn", "3", "newer", NOON)
    assert "version 1 is champion now" in promote(store, "shop-churn", "1", "older", NOON)
    assert trace(store) == [("promote", "3", "1", "ann"), ("promote", "1", "3", "ann")]


def test_versions_that_nobody_compared_are_refused_until_somebody_says_why(store):
    with pytest.raises(RegistryError, match=r"Version 4 .* was never judged beside version 1.*patron train"):
        promote(store, "shop-churn", "4", "newest", NOON)
    promote_by_force(store, "shop-churn", "4", "the law changed", NOON)
    last = store.promotions("shop-churn")[-1]
    assert (last.version, last.who, last.reason) == ("4", "ann", "by force: the law changed")


def test_a_contest_seen_from_the_other_side_has_the_other_sign(trained):
    tags = {CONTEST: WORSE.text}
    seen = between({}, "1", "2", tags)
    assert seen and (seen.against, seen.verdict) == ("2", "better")
    assert seen.figures["log loss"] == {"value": -0.02, "low": -0.03, "high": -0.01}
    assert between({}, "3", "2", tags) is None


def test_where_a_second_person_must_agree_nobody_is_both(store, monkeypatch):
    store.note([Promotion("", "rule", "shop-churn", "2", None, "approval = 2", "ann")])
    assert "A second person lets it score: patron approve" in promote(store, "shop-churn", "3", "newer", NOON)
    with pytest.raises(RegistryError, match="requested by 'ann' at 2024-05-01T12:00, who cannot be the second person"):
        approve(store, ["shop-churn"], NOON)
    assert store.standing("shop-churn") == "1"
    monkeypatch.setenv("PATRON_USER", "bob")
    assert "version 3 is champion now, requested by ann: newer" in approve(store, ["shop-churn"], NOON)
    assert "version 1 is champion again" in rollback(store, "shop-churn", "worse", NOON)
    lines = [("rule", "2", None, "ann"), ("request", "3", "1", "ann"), ("refuse", "3", "1", "ann")]
    assert trace(store) == [
        *lines,
        ("approve", "3", "1", "bob"),
        ("promote", "3", "1", "bob"),
        ("rollback", "1", "3", "bob"),
    ]


def test_force_does_not_spare_the_second_person(store):
    store.note([Promotion("", "rule", "shop-churn", "2", None, "approval = 2", "ann")])
    assert "is requested" in promote_by_force(store, "shop-churn", "4", "the law changed", NOON)
    assert store.standing("shop-churn") == "1"


def test_a_request_that_was_overtaken_is_refused(store, monkeypatch):
    store.note([Promotion("", "request", "shop-churn", "3", None, "newer", "ann")])
    monkeypatch.setenv("PATRON_USER", "bob")
    with pytest.raises(RegistryError, match=r"in place of version none, but version 1 scores now. Request it again"):
        approve(store, ["shop-churn"], NOON)
    with pytest.raises(RegistryError, match="There is no model 'shop-tier'"):
        approve(store, ["shop-tier"], NOON)


def test_nothing_is_approved_that_nobody_requested(store):
    with pytest.raises(RegistryError, match="Nobody has requested a new champion of model 'shop-churn'"):
        approve(store, ["shop-churn"], NOON)


def test_of_two_people_who_promote_at_once_the_second_is_told_and_nothing_moves(store):
    seen = {"shop-churn": store.standing("shop-churn")}
    promote(store, "shop-churn", "3", "newer", NOON)
    with pytest.raises(LockError, match=r"version 3 of model 'shop-churn' champion, while version 4 was compared with"):
        store.promote_together([("shop-churn", "4", "newest")], NOON, "bob", seen)
    assert store.standing("shop-churn") == "3"


def test_a_training_that_lost_leaves_the_champion_and_names_the_challenger(store):
    assert conclude(job(store), [Logged("shop-churn", "2", "logit", "simple", WORSE)]) == "refused"
    assert [v.aliases for v in store.versions("shop-churn")] == [("champion",), ("challenger",), (), ()]
    assert trace(store) == [("refuse", "2", "1", "ann")]


def test_a_training_that_did_not_lose_becomes_champion(store):
    assert conclude(job(store), [Logged("shop-churn", "3", "logit", "simple", EVEN)]) == "promoted"
    assert trace(store) == [("promote", "3", "1", "ann")]


def test_a_training_asks_the_second_person_whom_the_settings_name(store):
    assert conclude(job(store, approval=2), [Logged("shop-churn", "3", "logit", "simple", EVEN)]) == "requested"
    assert trace(store) == [("rule", "2", None, "ann"), ("request", "3", "1", "ann")]
    assert conclude(job(store, approval=1), [Logged("shop-churn", "3", "logit", "simple", EVEN)]) == "promoted"
    assert trace(store)[2:] == [("rule", "1", None, "ann"), ("promote", "3", "1", "ann")]


def test_models_are_shown_side_by_side_with_who_changed_them(store):
    with pytest.raises(RegistryError):
        promote(store, "shop-churn", "2", "I like it", NOON)
    (model,) = overview(store)
    assert (model["champion"], len(model["versions"]), model["approval"]) == ("1", 4, 1)
    assert model["versions"][0]["figures"] == {"auc": {"value": 0.7, "low": 0.6, "high": 0.8}}
    shown = model_lines(model)
    assert "0.700 [0.600, 0.800]" in shown and "worse (1)" in shown
    assert "2024-05-01 12:00  ann  promote  version 1 instead of none: first" in shown


def test_a_line_of_an_earlier_or_a_later_release_is_read(store):
    log = store.folder / audit.LOG
    plain = {"at": "", "action": "promote", "name": "shop-churn", "version": "1", "previous": None, "reason": ""}
    log.write_text("".join(json.dumps(line) + "\n" for line in (plain, plain | {"who": "bob", "new": 1})))
    assert [line.who for line in store.promotions("shop-churn")] == ["", "bob"]
