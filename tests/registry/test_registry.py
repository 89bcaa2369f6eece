"""The registry keeps runs and models, tells the champion, and leaves nothing of a customer behind."""

import json
import os
import pickle
import shutil
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patron.errors import LockError, RegistryError
from patron.registry import Promotion, Registry, local_store, registry, server_address, ui_command
from patron.registry.audit import previous_champion
from patron.registry.mlflow_import import mlflow
from patron.registry.versions import aliases_of, ensure_model

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)

SERVING = '''"""Score = weight x orders, and one more for Swedes."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd


class Bundle:
    def __init__(self, weight: float) -> None:
        self.weight = weight

    @classmethod
    def load(cls, path: str) -> Bundle:
        return cls(json.loads(Path(path, "spec.json").read_text())["weight"])

    def predict(self, frame: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"score": self.weight * frame["orders"] + (frame["country"] == "SE")})
'''

SPEC = {
    "features": [
        {"name": "orders", "dtype": "float64"},
        {"name": "country", "dtype": "category", "levels": ["SE", "NO"]},
    ],
    "outputs": [{"name": "score", "dtype": "float64"}],
}

ROWS = pd.DataFrame({"orders": [1.0, 2.0], "country": ["SE", "NO"]})


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    return Registry.at(tmp_path_factory.mktemp("a shop ü"))


@pytest.fixture(scope="session")
def run(store):
    return store.log_run("churn", "first", {"leaves": 15}, {"auc": 0.75})


@pytest.fixture
def make(store, run, tmp_path):
    """Register a model whose score is `weight` x orders."""

    def register(name, weight=2.0, serving=SERVING, spec=SPEC, registry=store):
        bundle, code = tmp_path / "a bundle", tmp_path / "serving.py"
        bundle.mkdir(exist_ok=True)
        bundle.joinpath("spec.json").write_text(json.dumps({**spec, "weight": weight}))
        code.write_text(serving)
        return registry.register(name, run, bundle, code, ["pandas"])

    return register


def python(code, *words, cwd=None):
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, words)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(Path(local_store.__file__).parents[2])},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def run_of(store, run_id):
    with store._client() as client:
        return client.get_run(run_id)


def pieces(store):
    return [p for p in (store.folder / "artifacts").rglob("*") if p.is_file()]


def test_importing_the_registry_does_not_import_mlflow():
    code = "import sys, patron.registry; print('mlflow' in sys.modules)"
    assert python(code).communicate() == ("False\n", "")


FOUR = """
import os, sys
from pathlib import Path
from patron.registry import Registry
from patron.registry.mlflow_import import mlflow
mlflow()
for number in range(4):
    if not os.fork():
        run = Registry.at(Path(sys.argv[1])).log_run("churn", str(number), {}, {"auc": 0.5})
        os.write(1, f"{run}\\n".encode())
        os._exit(0)
sys.exit(sum(os.wait()[1] for _ in range(4)))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")
def test_four_processes_may_start_on_a_fresh_store_and_say_nothing(tmp_path):
    here = tmp_path / "elsewhere"
    here.mkdir()
    process = python(FOUR, tmp_path / "shop", cwd=here)
    out, error = process.communicate()
    assert (process.returncode, error) == (0, "")
    ids = set(out.split())
    assert {run_of(Registry.at(tmp_path / "shop"), i).data.metrics["auc"] for i in ids} == {0.5}
    assert (len(ids), list(here.iterdir())) == (4, [])


def test_a_run_keeps_settings_figures_texts_and_files(store, tmp_path):
    card = tmp_path / "card.svg"
    card.write_text("<svg/>")
    run_id = store.log_run("tier", "r", {"k": 3}, {"auc": 0.5}, {"report/a.html": "<p>é"}, [card], {"q": "tier"})
    kept = run_of(store, run_id)
    texts = {p.name: p.read_text(encoding="utf-8") for p in pieces(store) if run_id in p.parts}
    assert (kept.data.params, kept.data.metrics, kept.data.tags["q"]) == ({"k": "3"}, {"auc": 0.5}, "tier")
    assert (kept.info.run_name, kept.info.status) == ("r", "FINISHED")
    assert texts == {"a.html": "<p>é", "card.svg": "<svg/>"}


def test_figures_that_are_not_finite_are_left_out_and_listed(store):
    figures = {"auc": 0.5, "lift": float("nan"), "gain": float("inf")}
    kept = run_of(store, store.log_run("churn", "r", {}, figures)).data
    assert (kept.metrics, kept.tags["patron.metrics_left_out"]) == ({"auc": 0.5}, "gain, lift")


def test_more_settings_and_figures_than_one_call_takes_are_all_kept(store):
    params, figures = {f"p{i}": i for i in range(201)}, {f"m{i}": i for i in range(1001)}
    kept = run_of(store, store.log_run("churn", "r", params, figures)).data
    assert (len(kept.params), len(kept.metrics), kept.metrics["m1000"]) == (201, 1001, 1000.0)


def test_a_run_that_the_store_refuses_is_marked_failed(store):
    with pytest.raises(RegistryError, match=r'Invalid value "bad\('):
        store.log_run("broken", "r", {"bad(": 1}, {})
    with store._client() as client:
        where = client.get_experiment_by_name("broken").experiment_id
        assert [r.info.status for r in client.search_runs([where])] == ["FAILED"]


def test_an_experiment_in_the_bin_is_taken_out_again(store):
    first = run_of(store, store.log_run("binned", "r", {}, {})).info.experiment_id
    with store._client() as client:
        client.delete_experiment(first)
    assert run_of(store, store.log_run("binned", "r", {}, {})).info.experiment_id == first


def test_an_experiment_that_cannot_be_made_is_refused(store):
    with pytest.raises(RegistryError, match=r"'name' exceeds the maximum length of 500 characters. Check"):
        store.log_run("x" * 600, "r", {}, {})


def test_a_text_may_not_leave_its_run(store):
    with pytest.raises(RegistryError, match=r"got '../a.html'"):
        store.log_run("churn", "r", {}, {}, {"../a.html": ""})


def test_a_missing_file_is_named(store):
    with pytest.raises(RegistryError, match=r"no file 'gone.svg' to keep"):
        store.log_run("churn", "r", {}, {}, files=[Path("gone.svg")])


def test_two_versions_score_side_by_side_where_patron_is_absent(store, make):
    make("absent", weight=2.0), make("absent", weight=10.0)
    store.promote("absent", "2", "better", NOON)
    code = (
        "import sys; sys.modules['patron'] = None; import mlflow, pandas as pd;"
        "mlflow.set_tracking_uri(sys.argv[1]);"
        "ask = lambda name: mlflow.pyfunc.load_model('models:/absent' + name).predict;"
        "rows = pd.DataFrame({'orders': [1., 2.], 'country': ['SE', 'NO']});"
        "one, two = ask('/1'), ask('@champion');"
        "print([list(m(rows)['score']) for m in (one, two, one)])\n"
        "try: one([['anna@shop.se']])\n"
        "except Exception as error: print('anna' in str(error))"
    )
    out, error = python(code, store.tracking_uri).communicate()
    assert out == "[[3.0, 4.0], [11.0, 20.0], [3.0, 4.0]]\nFalse\n", error


def test_a_model_holds_no_pickle_no_scratch_path_and_no_customer(store, make):
    make("clean")
    store.promote("clean", "1", "first", NOON)
    top = store.champion("clean").bundle.parent.parent
    kept = {p.relative_to(top).as_posix(): p.read_bytes() for p in top.rglob("*") if p.is_file()}
    assert {Path(name).suffix for name in kept} == {"", ".py", ".txt", ".yaml", ".json"}
    assert not [n for n, b in kept.items() if b[:1] == b"\x80" or b"cloudpickle" in b or b"/tmp" in b]
    assert json.loads(kept["input_example.json"]) == {"columns": ["orders", "country"], "data": [[0.0, "SE"]]}


def test_the_signature_mends_the_order_and_keeps_values_out_of_errors(store, make):
    make("signed")
    store.promote("signed", "1", "first", NOON)
    model = mlflow().pyfunc.load_model(str(store.champion("signed").bundle.parent.parent))
    missing = pd.DataFrame({"orders": [float("nan")], "country": [None]})
    assert list(model.predict(ROWS[["country", "orders"]])["score"]) == [3.0, 4.0]
    assert model.predict(missing)["score"].isna().all()
    with pytest.raises(mlflow().exceptions.MlflowException) as refused:
        model.predict(ROWS.assign(orders=["anna@shop.se", "b"])[["orders"]])
    assert "anna" not in str(refused.value)


@pytest.mark.parametrize("name, content", [("model.pkl", b"x"), ("model.txt", pickle.dumps([1]))])
def test_a_pickle_in_the_bundle_is_refused_whatever_its_name(make, tmp_path, name, content):
    (tmp_path / "a bundle").mkdir()
    (tmp_path / "a bundle" / name).write_bytes(content)
    with pytest.raises(RegistryError, match=f"'a bundle' holds a pickle: '{name}'"):
        make("pickled")


@pytest.mark.parametrize("line", ["import joblib", "from patron.models import x", "import pickle as p"])
def test_a_serving_file_must_stand_alone_and_unpickle_nothing(make, line):
    with pytest.raises(RegistryError, match=f"it imports {line.split()[1]}"):
        make("leaning", serving=SERVING + line)


def test_a_missing_serving_file_is_named(store, run, tmp_path):
    with pytest.raises(RegistryError, match=r"no file '.*gone.py'"):
        store.register("gone", run, tmp_path, tmp_path / "gone.py", [])


def test_a_bundle_without_outputs_is_refused_with_what_it_has(make):
    with pytest.raises(RegistryError, match=r"lacks 'outputs' in 'spec.json'. It has: features, weight"):
        make("bare", spec={"features": SPEC["features"]})


def test_a_column_of_another_type_is_refused_with_those_that_can_be(make):
    features = [{"name": "orders", "dtype": "int8"}]
    with pytest.raises(RegistryError, match=r"bool, category, float64, int64, string, but got .*'int8'"):
        make("typed", spec={**SPEC, "features": features})


def test_a_serving_file_that_fails_is_refused_before_anything_is_stored(store, make):
    before = len(pieces(store))
    with pytest.raises(RegistryError, match=r"'serving.py' fails on a made-up row of 'a bundle'.*no orders"):
        make("failing", serving=SERVING.replace("return pd.DataFrame", "raise ValueError('no orders') #"))
    assert len(pieces(store)) == before


def test_answers_that_the_spec_does_not_promise_are_refused(make):
    with pytest.raises(RegistryError, match=r"answers \['score'\], but 'spec.json' promises \['tier'\]"):
        make("other", spec={**SPEC, "outputs": [{"name": "tier", "dtype": "float64"}]})


def test_a_run_that_does_not_exist_is_named(store, make, tmp_path):
    make("known")
    with pytest.raises(RegistryError, match="Run with id=nope not found"):
        store.register("known", "nope", tmp_path / "a bundle", tmp_path / "serving.py", [])


def test_promotions_are_undone_one_by_one_and_the_log_only_grows(store, make):
    for version in (make("steps"), make("steps"), make("steps")):
        store.promote("steps", version, "better", NOON)
    assert store.champion("steps").version == "3"
    assert [store.rollback("steps", NOON, "worse") for _ in range(2)] == ["2", "1"]
    assert store.champion("steps").version == "1"
    moves = [(p.action, p.previous, p.version) for p in store.promotions("steps")]
    ups = [("promote", None, "1"), ("promote", "1", "2"), ("promote", "2", "3")]
    assert moves == [*ups, ("rollback", "3", "2"), ("rollback", "2", "1")]
    with pytest.raises(RegistryError, match="'steps' has no earlier champion to go back to from version 1"):
        store.rollback("steps", NOON, "worse")


def test_a_line_of_the_log_says_when_who_instead_of_whom_and_why(store, make):
    store.promote("told", make("told"), "3 % more profit", NOON)
    assert store.promotions("told") == (
        Promotion("2024-05-01T12:00:00+00:00", "promote", "told", "1", None, "3 % more profit"),
    )


def test_promoting_the_champion_again_changes_nothing(store, make):
    version = make("twice")
    store.promote("twice", version, "better", NOON)
    store.promote("twice", version, "again", NOON)
    assert [p.reason for p in store.promotions("twice")] == ["better"]


def test_versions_promoted_together_become_champions_all_or_none(store, make):
    make("left"), make("left"), make("right")
    store.promote("left", "1", "first", NOON)
    with pytest.raises(RegistryError, match="'right' has no version '9'"):
        store.promote_together([("left", "2", "better"), ("right", "9", "better")], NOON)
    assert store.champion("left").version == "1"
    store.promote_together([("left", "2", "better"), ("right", "1", "better")], NOON)
    assert [store.champion(name).version for name in ("left", "right")] == ["2", "1"]


def test_a_promotion_that_fails_on_its_way_takes_the_others_back(store, make, monkeypatch):
    make("one"), make("one"), make("two")
    store.promote("one", "1", "first", NOON)

    def dies(folder, champions):
        raise KeyboardInterrupt

    monkeypatch.setattr(registry, "move_champions", dies)
    with pytest.raises(KeyboardInterrupt):
        store.promote_together([("one", "2", "better"), ("two", "1", "better")], NOON)
    assert store.champion("one").version == "1"
    assert [(p.action, p.version) for p in store.promotions("one")][1:] == [("promote", "2"), ("rollback", "1")]
    with pytest.raises(RegistryError, match="Model 'two' has no champion"):
        store.champion("two")


def test_a_challenger_that_wins_is_no_longer_challenger(store, make):
    make("rivals"), make("rivals")
    store.promote("rivals", "1", "first", NOON)
    store.challenge("rivals", "2")
    assert [v.aliases for v in store.versions("rivals")] == [("champion",), ("challenger",)]
    store.promote("rivals", "2", "won", NOON)
    assert [v.aliases for v in store.versions("rivals")] == [(), ("champion",)]


def test_a_version_that_does_not_exist_is_refused_with_those_that_do(store, make):
    make("numbered")
    with pytest.raises(RegistryError, match=r"'numbered' has no version '7'. It has: 1"):
        store.promote("numbered", "7", "better", NOON)


def test_an_unknown_model_is_refused_with_the_nearest_name(store, make):
    make("lapse")
    with pytest.raises(RegistryError, match=r"no model 'lapze' in .*It has: .*lapse.*Did you mean 'lapse'\?"):
        store.champion("lapze")


@pytest.mark.parametrize("ask", [lambda client, name: aliases_of(client, name, "here"), ensure_model])
def test_a_name_that_no_model_can_have_is_refused(store, ask):
    refused = pytest.raises(RegistryError, match=r"Invalid model name 'a/b'. Names cannot .* Check its address")
    with refused, store._client() as client:
        ask(client, "a/b")


def test_a_model_without_champion_is_refused_with_its_versions(store, make):
    make("headless"), make("headless")
    store.challenge("headless", "1")
    with pytest.raises(RegistryError, match=r"Its versions: 1, 2 \(challenger: 1\). .*patron promote headless 2"):
        store.champion("headless")


def test_on_a_server_the_log_is_kept_with_the_model(store, make):
    server = Registry.server(store.tracking_uri)
    make("remote"), make("remote")
    server.promote("remote", "1", "first", NOON)
    server.promote("remote", "2", "better", NOON)
    assert server.rollback("remote", NOON, "worse") == "1"
    assert [p.reason for p in server.promotions("remote")] == ["first", "better", "worse"]
    assert store.promotions("remote") == ()


def test_a_moved_project_says_so_and_is_mended_in_one_line(store, make, tmp_path):
    make("moved")
    store.promote("moved", "1", "first", NOON)
    shutil.copytree(store.folder, tmp_path / "new" / "mlruns")
    with pytest.raises(RegistryError, match=r"was moved: .*a%20shop%20%C3%BC.*Registry.relocate\(Path\("):
        Registry.at(tmp_path / "new").champion("moved")
    assert Registry.relocate(tmp_path / "new").champion("moved").bundle.is_relative_to(tmp_path / "new")


def test_nothing_can_be_mended_where_there_is_no_store(tmp_path):
    with pytest.raises(RegistryError, match=r"no store to mend in .*: 'mlflow.db' is missing"):
        Registry.relocate(tmp_path)


def test_a_store_of_another_mlflow_is_told_how_to_be_mended(store, run, tmp_path):
    shutil.copytree(store.folder, tmp_path / "mlruns")
    with sqlite3.connect(tmp_path / "mlruns" / "mlflow.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '451aebb31d03'")
    with pytest.raises(RegistryError, match=r"another mlflow .*451aebb31d03.*mlflow db upgrade 'sqlite:///"):
        Registry.relocate(tmp_path).log_run("churn", "r", {}, {})


def test_a_path_that_no_database_address_can_hold_is_refused():
    with pytest.raises(RegistryError, match=r"cannot hold '\?', '#' or '%', but the store is in '.*a#b"):
        Registry.at(Path("a#b"))


def test_a_lock_that_another_run_holds_is_waited_for_then_told(tmp_path, monkeypatch):
    monkeypatch.setattr(local_store, "LOCK_SECONDS", 0)
    refused = pytest.raises(LockError, match="held by another run for 0 s")
    with local_store.locked(tmp_path), refused, local_store.locked(tmp_path):
        pass


def test_the_page_is_served_to_this_machine_only(store):
    command = ui_command(store, port=5001)
    assert command[0] == sys.executable
    assert command[command.index("--host") + 1] == "127.0.0.1"
    assert command[command.index("--backend-store-uri") + 1] == store.tracking_uri


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("https://ann:secret@mlflow.example", "https://mlflow.example comes with a name or password"),
        ("$NO_SUCH_REGISTRY", "The variable 'NO_SUCH_REGISTRY' of the environment, .* is not set. Set it: export"),
        ("sqlite:///mlflow.db", "The registry 'sqlite:///mlflow.db' is no address of a server"),
        ("$ODD_REGISTRY", r"The registry '\$ODD_REGISTRY' is no address of a server"),
    ],
)
def test_an_address_of_a_server_comes_without_a_password(monkeypatch, text, said):
    monkeypatch.setenv("ODD_REGISTRY", "ann:secret@mlflow")
    with pytest.raises(RegistryError, match=said) as refused:
        server_address(text)
    assert "secret" not in str(refused.value)


def test_an_address_from_the_environment_may_hold_what_the_environment_may(monkeypatch):
    monkeypatch.setenv("SHOP_REGISTRY", "https://ann:secret@mlflow.example")
    assert server_address("$SHOP_REGISTRY") == "https://ann:secret@mlflow.example"


def test_a_server_that_goes_away_while_it_is_asked_is_told_as_that():
    said = Registry.server("http://anna:secret@tracking:5000")._refusal("failed: Max retries exceeded with url: /api")
    assert said.startswith("The registry http://tracking:5000 went away while it was asked.")
    assert said.endswith("curl http://tracking:5000/health")


def test_a_password_in_an_address_is_never_shown():
    server = Registry.server("http://anna:secret@tracking:5000")
    with pytest.raises(RegistryError, match="http://tracking:5000 is a server") as refused:
        ui_command(server)
    assert "secret" not in f"{server!r} {refused.value} {server._refusal(server.tracking_uri)}"


@given(st.lists(st.sampled_from(["promote", "rollback"])))
def test_a_rollback_goes_back_to_whom_the_standing_promotions_say(actions):
    champions, log = [], []
    for number, action in enumerate(actions):
        before = champions[-1] if champions else None
        if action == "promote":
            champions.append(str(number))
        elif len(champions) > 1:
            champions.pop()
        else:
            continue
        log.append(Promotion("", action, "churn", champions[-1], before, ""))
    assert previous_champion(log) == (champions[-2] if len(champions) > 1 else None)
