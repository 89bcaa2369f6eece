"""The registry when something breaks: killed promotions, changed files, broken databases, absent servers."""

import errno
import json
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from patron.errors import LockError, RegistryError
from patron.jobs import promote
from patron.registry import Registry, audit, export_model, import_model, local_store, page, registry
from patron.registry.hashes import hashes
from patron.registry.mlflow_import import mlflow

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
LATER = [("churn", "2", "better"), ("tier", "2", "better")]
MOVES = ("DELETE FROM registered_model_aliases", "INSERT INTO registered_model_aliases", "COMMIT")
NEEDS_FORK = pytest.mark.skipif(not hasattr(os, "fork"), reason="a process is killed")


def killed(work) -> None:
    """Do a work in a process that ends in the middle of it, as a kill ends it."""
    process = os.fork()
    if not process:
        work()
        os._exit(1)  # it did not end where it should
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 9


def dies_after(module, name):
    """Let a function end the process once it is done."""
    does = getattr(module, name)

    def ends(*arguments):
        does(*arguments)
        os._exit(9)

    setattr(module, name, ends)


def dies_at(statement):
    """Let the database end the process when it comes to a statement."""
    connect = sqlite3.connect

    def watched(*arguments, **options):
        connection = connect(*arguments, **options)
        connection.set_trace_callback(lambda text: os._exit(9) if text.startswith(statement) else None)
        return connection

    sqlite3.connect = watched


@NEEDS_FORK
@pytest.mark.parametrize(
    "die",
    [
        lambda: dies_after(audit, "append"),
        *(lambda statement=statement: dies_at(statement) for statement in MOVES),
        lambda: dies_after(registry, "move_champions"),
    ],
    ids=["after the lines", *MOVES, "after the move"],
)
def test_a_promotion_that_is_killed_anywhere_moves_all_champions_or_none(store, die):
    killed(lambda: (die(), store.promote_together(LATER, NOON)))
    assert [c.version for c in store.champions(["churn", "tier"])] in (["1", "1"], ["2", "2"])
    store.promote_together(LATER, NOON)
    assert [c.version for c in store.champions(["churn", "tier"])] == ["2", "2"]
    assert [store.rollback(name, NOON, "worse") for name in ("churn", "tier")] == ["1", "1"]
    with pytest.raises(RegistryError, match="'tier' has no earlier champion"):
        store.rollback("tier", NOON, "worse")


@NEEDS_FORK
def test_a_rollback_that_is_killed_before_it_moved_anything_can_be_done_again(store):
    store.promote_together(LATER, NOON)
    killed(lambda: (dies_after(audit, "append"), store.rollback("churn", NOON, "worse")))
    assert store.champion("churn").version == "2"
    assert store.rollback("churn", NOON, "worse") == "1"
    assert [p.action for p in store.promotions("churn")][1:] == ["promote", "rollback", "promote", "rollback"]


def test_on_a_server_a_promotion_that_fails_on_its_way_takes_the_others_back(store, monkeypatch):
    server = Registry.server(store.tracking_uri)
    client = mlflow().MlflowClient
    sets = client.set_registered_model_alias

    def dies(self, name, alias, version):
        if (name, version) == ("tier", "2"):
            raise KeyboardInterrupt
        sets(self, name, alias, version)

    monkeypatch.setattr(client, "set_registered_model_alias", dies)
    with pytest.raises(KeyboardInterrupt):
        server.promote_together(LATER, NOON)
    assert [c.version for c in server.champions(["churn", "tier"])] == ["1", "1"]
    assert [(p.action, p.version) for p in server.promotions("tier")] == [("promote", "2"), ("rollback", "1")]


def test_of_two_people_who_promote_on_a_server_at_once_the_second_moves_nothing(store, monkeypatch):
    server, writes = Registry.server(store.tracking_uri), audit.append

    def overtaken(*arguments):
        monkeypatch.setattr(audit, "append", writes)
        server.promote("churn", "2", "faster", NOON, "bob")
        return writes(*arguments)

    server.promote("churn", "1", "again", NOON, "ann")
    monkeypatch.setattr(audit, "append", overtaken)
    with pytest.raises(LockError, match="Somebody else is changing the champion of model 'churn' at this moment"):
        server.promote_together([("tier", "2", "better"), ("churn", "2", "better")], NOON, "ann")
    assert [c.version for c in server.champions(["churn", "tier"])] == ["2", "1"]
    assert [(p.action, p.who) for p in server.promotions("churn")] == [("promote", "bob"), ("refuse", "ann")]
    assert [(p.action, p.who) for p in server.promotions("tier")] == [("refuse", "ann")]


def test_an_alias_that_points_nowhere_is_told_with_the_versions_that_are_there(store, tmp_path):
    with closing(sqlite3.connect(store.folder / "mlflow.db")) as database, database:
        database.execute("UPDATE registered_model_aliases SET version = 9 WHERE name = 'churn'")
    with pytest.raises(
        RegistryError, match=r"no champion: version 9, which was, is not there any more.* promote churn 2"
    ):
        store.champion("churn")
    promote(store, "churn", "2", "mended", NOON)
    assert store.champion("churn").version == "2"


def test_champions_are_read_again_where_a_promotion_came_between(store, monkeypatch):
    readings = iter([{"churn": "1", "tier": "2"}, {"churn": "2", "tier": "2"}, {"churn": "2", "tier": "2"}])
    monkeypatch.setattr(Registry, "_standing", lambda self, client, names: next(readings))
    server = Registry.server(store.tracking_uri)
    assert [c.version for c in server.champions(["churn", "tier"])] == ["2", "2"]


def test_a_line_that_a_kill_left_unfinished_is_none(store):
    log = store.folder / audit.LOG
    log.write_bytes(log.read_bytes() + b'{"at": "2024-05-0')
    store.promote("churn", "2", "better", NOON)
    assert [p.version for p in store.promotions("churn")] == ["1", "2"]


def test_a_rollback_is_refused_where_the_log_lost_its_end(store):
    store.promote("churn", "2", "better", NOON)
    log = store.folder / audit.LOG
    log.write_bytes(log.read_bytes()[:-9])
    store.promote("tier", "2", "better", NOON)
    with store._client() as client:
        client.set_registered_model_alias("churn", "champion", "1")
        client.create_model_version("churn", client.get_model_version("churn", "1").source)
        client.set_registered_model_alias("churn", "champion", "3")
    with pytest.raises(RegistryError, match=r"does not tell how version 3 of .* last line is about version 1"):
        store.rollback("churn", NOON, "worse")


@pytest.mark.parametrize("content", [b"[1]\n", b'{"a": 1}\n', b"\xff\xfe\x80\n"])
def test_a_broken_line_of_the_log_is_refused_with_its_number(store, content):
    log = store.folder / audit.LOG
    log.write_bytes(log.read_bytes() + content)
    with pytest.raises(RegistryError, match=r"Line 3 of the audit log 'promotions.jsonl' is broken"):
        store.rollback("churn", NOON, "worse")


def test_a_log_that_is_no_file_is_refused(store):
    (store.folder / audit.LOG).unlink()
    (store.folder / audit.LOG).mkdir()
    with pytest.raises(RegistryError, match=r"The audit log 'promotions.jsonl' is no file"):
        store.promotions("churn")


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda bundle: flip_a_bit(bundle / "spec.json"), "changed: spec.json"),
        (lambda bundle: (bundle / "spec.json").write_bytes(b""), "changed: spec.json"),
        (lambda bundle: (bundle / "spec.json").unlink(), "missing: spec.json"),
        (lambda bundle: (bundle / "next_item.txt").write_text("tree"), "new: next_item.txt"),
    ],
)
def test_a_file_that_is_not_as_it_was_registered_is_refused_before_it_is_read(store, change, what):
    champion = store.champion("churn")
    assert champion.verified
    change(champion.bundle)
    with pytest.raises(RegistryError, match=rf"'churn' version 1 are not those that were registered \({what}\)"):
        store.champion("churn")


def test_a_version_of_an_earlier_release_has_no_hashes_and_says_so(store):
    with store._client() as client:
        client.delete_model_version_tag("churn", "1", "patron.files")
    assert not store.champion("churn").verified


@pytest.fixture
def exported(store, tmp_path) -> Path:
    """A folder with version 1 of churn, as it was exported."""
    export_model(store, "churn", "1", tmp_path / "carried", NOON, "ann")
    return tmp_path / "carried"


def test_of_an_exported_model_every_byte_counts_and_the_file_is_named(store, exported):
    for path in sorted(p for p in exported.rglob("*") if p.is_file()):
        before = path.read_bytes()
        flip_a_bit(path)
        with pytest.raises(RegistryError) as refused:
            import_model(store, exported, NOON, "bob")
        name = path.relative_to(exported).as_posix()
        assert f"{name} changed" in str(refused.value) or name == "SHA256SUMS"
        path.write_bytes(before)
    (exported / "more.txt").write_text("")
    with pytest.raises(RegistryError, match=r"not as it was exported: more.txt changed, is missing or is new"):
        import_model(store, exported, NOON, "bob")
    assert [version.version for version in store.versions("churn")] == ["1", "2"]


def test_a_model_that_a_newer_release_exported_is_refused(store, exported):
    manifest = json.loads((exported / "manifest.json").read_text())
    (exported / "manifest.json").write_text(json.dumps(manifest | {"format": 2}))
    sums = "".join(f"{digest}  {path}\n" for path, digest in hashes(exported).items() if path != "SHA256SUMS")
    (exported / "SHA256SUMS").write_text(sums)
    with pytest.raises(RegistryError, match="by another release of Patron: it has format 2, where this one reads"):
        import_model(store, exported, NOON, "bob")


def test_a_changed_model_is_not_exported_and_a_folder_that_is_there_stays(store, exported, tmp_path):
    with pytest.raises(RegistryError, match="'carried' is there already"):
        export_model(store, "churn", "1", exported, NOON, "ann")
    flip_a_bit(store.champion("churn").bundle / "spec.json")
    with pytest.raises(RegistryError, match=r"not those that were registered \(changed: spec.json\)"):
        export_model(store, "churn", "1", tmp_path / "again", NOON, "ann")
    assert not (tmp_path / "again").exists()
    with pytest.raises(RegistryError, match="'mlruns' holds no exported model"):
        import_model(store, store.folder, NOON, "bob")


def other_database(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("CREATE TABLE other (a)")


@pytest.mark.parametrize(
    "breaks",
    [
        lambda file: file.write_bytes(b""),
        lambda file: file.write_bytes(file.read_bytes()[:5000]),
        lambda file: file.write_text("no database" * 99),
        other_database,
        lambda file: (file.unlink(), file.mkdir()),
    ],
    ids=["empty", "cut", "text", "foreign", "folder"],
)
def test_a_database_that_is_broken_or_of_somebody_else_is_refused(store, breaks):
    breaks(store.folder / "mlflow.db")
    with pytest.raises(RegistryError, match=r"The database 'mlflow.db' in .* cannot be used: .* Put it back"):
        store.champion("churn")


def test_a_lock_that_is_no_lock_is_refused(tmp_path):
    (tmp_path / "registry.lock").write_text("hello" * 50)
    refused = pytest.raises(RegistryError, match=r"cannot be locked: file is not a database.*'registry.lock'")
    with refused, local_store.locked(tmp_path):
        pass


def test_a_full_disk_of_the_registry_is_a_sentence_and_moves_no_champion(store, monkeypatch):
    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RegistryError, match="No space left on device"):
        store.promote("churn", "2", "better", NOON)
    monkeypatch.undo()
    assert store.champion("churn").version == "1"


def test_a_disk_that_fills_up_while_a_run_is_logged_is_one_sentence_and_nothing_else(store, monkeypatch, capfd):
    def full(*arguments, **keywords):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("patron.registry.records.log_files", full)
    monkeypatch.setattr("mlflow.MlflowClient.set_terminated", full)
    with pytest.raises(RegistryError, match=r"cannot keep more: .*No space left on device\. Free the disk"):
        store.log_run("shop", "churn", {}, {})
    assert "Traceback" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "http://anna:secret@127.0.0.1:9"])
def test_a_server_that_does_not_answer_is_refused_at_once_without_its_password(address, monkeypatch):
    monkeypatch.setattr("patron.registry.store.getproxies", dict)
    with pytest.raises(RegistryError, match=r"The registry http://127\S+ does not answer \(.*\). Check") as refused:
        Registry.server(address).champion("churn")
    assert "secret" not in str(refused.value)


@NEEDS_FORK
def test_the_page_ends_with_the_process_that_asked_for_it():
    watch = page.START.partition("from patron")[0] + "print(os.getpid(), flush=True)\ntime.sleep(60)"
    asks = (
        "import subprocess, sys, time;"
        "subprocess.Popen([sys.executable, '-c', sys.argv[1]], process_group=0); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", asks, watch], stdout=subprocess.PIPE, text=True)
    served = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    last = time.monotonic() + 30
    while is_running(served) and time.monotonic() < last:
        time.sleep(0.1)
    assert not is_running(served)


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{process}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
