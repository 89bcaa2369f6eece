"""Tuning: repeatable, resumed, shared, by the loss that chooses; and worth it only where it is beyond noise."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from patron.errors import LockError, QuestionError, SettingsError
from patron.models.budgets import Budget
from patron.models.preparation import Beside, dated, later_folds, later_part
from patron.models.rolling_origin import predict_out_of_fold
from patron.models.selection import choose
from patron.models.studies import open_study
from patron.models.training import train
from patron.models.tuned import TreeSetting, Tuned
from patron.models.tuning import search, study_path, tune
from patron.periods import Split
from patron.questions.kinds import churn
from patron.questions.matrices import labels, matrix, row_source
from worlds.shop import CUTOFFS, HORIZON, shop

QUESTION = churn(HORIZON)
FEW = Split(CUTOFFS[1:3], CUTOFFS[3:4], CUTOFFS[4:])
LONG = 1000.0  # minutes


@cache
def parts_of(customers: int = 120):
    history = shop(customers)
    source = row_source(history)
    question = source.complete(QUESTION, FEW.known[-1])
    rows = matrix(question, source, FEW.known)
    training_set = dated(question, source, rows, labels(question, source, FEW.known, rows=rows), FEW, 0)
    return training_set, [later_part(training_set, fold) for fold in later_folds(question, FEW)]


def tried(path: Path, trials: int, minutes: float = LONG, seed: int = 0):
    training_set, parts = parts_of()
    return search(replace(training_set, seed=seed), parts, path, Budget(minutes, trials))


def values(study) -> list[tuple[str, object]]:
    return [(trial.state.name, trial.params, trial.value) for trial in study.finished]


@pytest.fixture(scope="module")
def forty(tmp_path_factory):
    """Forty trials in one go."""
    return tried(tmp_path_factory.mktemp("forty") / "shop.journal", 40)


def test_seventeen_trials_and_twenty_three_more_equal_forty(forty, tmp_path):
    tried(tmp_path / "shop.journal", 17)
    tuned, study = tried(tmp_path / "shop.journal", 40)
    assert len(study.finished) == 40
    assert values(study) == values(forty[1])
    assert tuned == forty[0]
    assert Tuned.load(tmp_path / "shop.json") == tuned


def test_the_defaults_are_the_first_trials_and_some_trials_are_stopped_after_a_fold(forty):
    first, second = forty[1].finished[:2]
    assert [trial.params["grown_as"] for trial in (first, second)] == ["lightgbm", "hybrid"]
    assert (first.params["num_leaves"], first.params["learning_rate"]) == (15, 0.1)
    stopped = [trial for trial in forty[1].finished if trial.state.name == "PRUNED"]
    assert stopped
    assert all(len(trial.intermediate_values) < len(parts_of()[1]) for trial in stopped)


def test_the_objective_of_the_default_is_the_log_loss_that_chooses_candidates(forty):
    training_set, parts = parts_of()
    oof = predict_out_of_fold([training_set.predict(part) for part in parts])
    for trial, name in zip(forty[1].finished[:2], ("lightgbm", "hybrid"), strict=True):
        assert trial.value == pytest.approx(oof.losses(oof.log_odds[name]).mean(), abs=1e-12)


def test_what_was_tuned_is_a_candidate_with_a_model_that_is_kept_like_any_other(forty, tmp_path):
    result = train(QUESTION, shop(120), FEW, candidates=[forty[0]])
    assert "tuned" in result.reason
    assert result.losses["tuned"].value > 0
    bundle = result.bundles["tuned"]
    rows = matrix(result.question, shop(120), FEW.test).X
    loaded = type(bundle).load(bundle.save(tmp_path / "tuned"))
    assert loaded.predict(rows).equals(bundle.predict(rows))
    assert bundle.spec["parameters"]["num_leaves"] == forty[0].best.parameters["num_leaves"]
    alone = train(QUESTION, shop(120), FEW)
    assert {name: result.losses[name] for name in alone.losses} == dict(alone.losses)


def test_each_half_of_the_customers_is_compared_by_what_the_other_half_chose(forty):
    training_set, parts = parts_of()
    first, second = forty[0].by_half
    usual = TreeSetting({}, "lightgbm", 5)
    for half, by_half in enumerate(((first, usual), (usual, second))):
        tuned = replace(forty[0], by_half=by_half)
        oof = predict_out_of_fold([replace(training_set, tuned=tuned).predict(part) for part in parts])
        both = predict_out_of_fold([replace(training_set, tuned=forty[0]).predict(part) for part in parts])
        halves = (np.unique(oof.customers, return_inverse=True)[1] % 2)[oof.row]
        same = oof.log_odds["tuned"] == both.log_odds["tuned"]
        assert same[halves == half].all()
        assert not same[halves != half].all()


def test_tuning_that_gains_nothing_beyond_noise_leaves_the_default_and_says_so():
    noise = np.random.default_rng(0).normal(0, 0.1, 400)
    lost = {"constant": np.full(400, 0.7), "lightgbm": np.full(400, 0.5), "tuned": 0.5 + noise - noise.mean() - 0.001}
    choice = choose(lost, np.arange(400), np.ones(400))
    assert choice.champion == "lightgbm"
    assert "tuning was not worth it: tuned lowers the log loss of lightgbm by 0.001" in choice.reason
    assert "within noise" in choice.reason


def test_tuning_that_gains_beyond_noise_is_the_champion_but_not_if_it_fails_at_a_cutoff():
    lost = {"constant": np.full(400, 0.7), "lightgbm": np.full(400, 0.5), "tuned": np.full(400, 0.45)}
    choice = choose(lost, np.arange(400), np.ones(400))
    assert choice.champion == "tuned"
    assert choice.reason.startswith("tuned lowers the log loss of the best that is not tuned (lightgbm) by 0.050")
    cutoffs = np.repeat([1, 2], 200)
    uneven = lost | {"tuned": np.where(cutoffs == 1, 0.3, 0.51)}
    failing = choose(uneven, np.arange(400), cutoffs)
    assert failing.champion == "lightgbm"
    assert "beyond noise, but not at each of them" in failing.reason


def test_no_trial_begins_when_the_minutes_are_over(tmp_path):
    training_set, parts = parts_of()
    seconds = iter([0.0, 1.0, 59.0, 61.0])
    tuned, study = search(training_set, parts, tmp_path / "shop.journal", Budget(1.0), clock=lambda: next(seconds))
    assert tuned.trials == len(study.finished) == 2


@pytest.mark.parametrize("minutes", [0, -1.0, float("nan"), "10"])
def test_a_budget_of_no_minutes_is_refused_before_any_work(minutes):
    with pytest.raises(SettingsError, match=r"more than 0 minutes, got minutes = .* minutes = 10"):
        tune(QUESTION, None, FEW, minutes=minutes)


@pytest.mark.parametrize("trials", [0, -1, 2.5])
def test_a_budget_of_no_trials_is_refused(trials):
    with pytest.raises(SettingsError, match=r"at least one trial, got trials = .* trials = 40"):
        tune(QUESTION, None, FEW, trials=trials)


def test_without_optuna_the_line_that_installs_it_is_shown(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(SettingsError, match=r"needs Optuna.* pip install 'patron\[tuning\]'"):
        tune(QUESTION, None, FEW)


def test_another_seed_begins_another_study_in_the_same_journal(tmp_path):
    tried(tmp_path / "shop.journal", 3)
    _, study = tried(tmp_path / "shop.journal", 2, seed=1)
    assert len(study.finished) == 2
    _, again = tried(tmp_path / "shop.journal", 3)
    assert len(again.finished) == 3


def test_what_was_tuned_for_another_question_is_no_candidate(forty):
    with pytest.raises(QuestionError, match=r"of another question than 'churn'.*horizon 60, asked 30.*pt\.tune"):
        train(churn(30), shop(120), FEW, candidates=[forty[0]])
    with pytest.raises(QuestionError, match="2 results of tuning, and one is a candidate"):
        Beside.of([forty[0], forty[0]])


def test_a_journal_that_was_cut_short_is_refused_with_the_line_that_begins_anew(tmp_path):
    path = tmp_path / "shop.journal"
    path.write_text("{half a line\n{}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"shop\.journal cannot be read .* rm .*shop\.journal"):
        tried(path, 1)


def test_a_trial_of_a_killed_process_fails_and_its_place_is_tried_again(forty, tmp_path):
    path = tmp_path / "shop.journal"
    _, study = tried(path, 5)
    child = os.fork()
    if child == 0:
        with open_study(path, study.trials.study_name, {}, study.space, [], 0) as doomed:
            doomed.begin_trial(None)
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    states = [trial.state.name for trial in study.trials.get_trials()]
    assert states.count("RUNNING") == 1
    resumed = tried(path, 7)[1]
    assert [trial.state.name for trial in resumed.trials.get_trials()].count("FAIL") == 1
    assert values(resumed) == values(forty[1])[:7]
    assert list(tmp_path.glob(".shop.?*.lock")) == [tmp_path / ".shop.journal.lock"]


def test_a_trial_that_another_process_is_running_is_left_alone(tmp_path):
    path = tmp_path / "shop.journal"
    _, study = tried(path, 1)
    name, about = study.trials.study_name, dict(study.trials.user_attrs["about"])
    with open_study(path, name, about, study.space, [], 0) as other:
        running = other.begin_trial(None)
        resumed = tried(path, 4)[1]
        assert len(resumed.finished) == 3
        assert {trial.state.name for trial in resumed.trials.get_trials()} == {"COMPLETE", "RUNNING"}
        other.fail(running)


def test_trials_that_are_all_being_run_elsewhere_are_waited_for(tmp_path):
    path = tmp_path / "shop.journal"
    _, study = tried(path, 1)
    path.unlink()
    with open_study(path, study.trials.study_name, {"question": "churn"}, study.space, [], 0) as other:
        running = other.begin_trial(None)
        with pytest.raises(LockError, match=r"All 1 trials of shop\.journal are being run by another process"):
            tried(path, 1)
        other.fail(running)


def test_two_processes_share_a_study_and_try_different_things(tmp_path):
    code = (
        "import sys; from pathlib import Path\n"
        "from patron.models.tuning import tune; from patron.questions.kinds import churn\n"
        "from patron.periods import Split; from worlds.shop import CUTOFFS, HORIZON, shop\n"
        "split = Split(CUTOFFS[1:3], CUTOFFS[3:4], CUTOFFS[4:])\n"
        "tune(churn(HORIZON), shop(120), split, minutes=5, trials=12, root=sys.argv[1])\n"
    )
    env = os.environ | {
        "PYTHONPATH": os.pathsep.join([os.environ.get("PYTHONPATH", ""), str(Path(__file__).parents[1])])
    }
    running = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], env=env) for _ in range(2)]
    assert [process.wait(timeout=120) for process in running] == [0, 0]
    training_set, parts = parts_of()
    tuned, study = search(training_set, parts, study_path(tmp_path, "churn"), Budget(LONG, 12))
    assert tuned.trials == 12
    assert len({tuple(trial.params.items()) for trial in study.finished}) == 12
