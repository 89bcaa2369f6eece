"""On a server several champions move as one: whatever a kill leaves, readers see one training, and it is ended."""

import os
import shutil
from datetime import UTC, datetime

import pytest

from patron.errors import RegistryError
from patron.registry import Registry
from patron.registry.mlflow_import import mlflow

NOON = datetime(2026, 1, 2, tzinfo=UTC)
MODELS = ("churn", "tier")
FIRST, LATER = ([(name, version, "better") for name in MODELS] for version in "12")
WRITES = ("set_registered_model_alias", "set_registered_model_tag", "delete_registered_model_alias")

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="a kill is played by a process of its own")


@pytest.fixture(scope="module")
def copied(trained, tmp_path_factory) -> Registry:
    """A copy of the store, seen as a server."""
    folder = tmp_path_factory.mktemp("copied")
    shutil.copytree(trained.folder, folder / "mlruns")
    return Registry.server(Registry.relocate(folder).tracking_uri)


@pytest.fixture
def server(copied) -> Registry:
    """That server, with the first versions as champions."""
    copied.promote_together(FIRST, NOON)
    return copied


def dies_before(number: int) -> None:
    """Let the process end in the place of a write to the server, the first being number 0."""
    count = iter(range(number))
    client = mlflow().MlflowClient
    for name in WRITES:
        write = getattr(client, name)
        setattr(
            client, name, lambda *about, write=write: write(*about) if next(count, None) is not None else os._exit(9)
        )


def killed(work, number: int) -> bool:
    """Do a work that a kill ends in the place of some write; return whether it came so far."""
    process = os.fork()
    if not process:
        dies_before(number)
        work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 9


def scoring(server: Registry) -> list[str]:
    return [champion.version for champion in server.champions(MODELS)]


def aliases(server: Registry) -> list[str]:
    """What other programs see, which ask MLflow alone."""
    with server._client() as client:
        return [f"{client.get_model_version_by_alias(name, 'champion').version}" for name in MODELS]


def read_only(monkeypatch, server: Registry) -> list[str]:
    """What a reader sees who may not write to the server."""

    def refused(*about):
        raise mlflow().exceptions.MlflowException("read only")

    with monkeypatch.context() as patch:
        for name in WRITES:
            patch.setattr(mlflow().MlflowClient, name, refused)
        return scoring(server)


@pytest.mark.parametrize("number", range(6))
def test_a_kill_before_any_write_leaves_one_training_for_every_reader_and_the_next_ends_it(server, monkeypatch, number):
    assert killed(lambda: server.promote_together(LATER, NOON), number)
    seen = read_only(monkeypatch, server)
    assert seen == (["1", "1"] if number < 3 else ["2", "2"])  # two lines of the log, then the switch
    assert scoring(server) == seen
    assert aliases(server) == seen
    server.promote_together(LATER, NOON)
    assert aliases(server) == ["2", "2"]
    assert [server.rollback(name, NOON, "worse") for name in MODELS] == ["1", "1"]


def test_those_are_all_writes(server):
    assert not killed(lambda: server.promote_together(LATER, NOON), 6)
    assert aliases(server) == ["2", "2"]


def test_a_kill_while_a_failed_promotion_goes_back_is_ended_too(server, monkeypatch):
    def fails(*about):
        raise KeyboardInterrupt

    def work():
        client = mlflow().MlflowClient
        points, count = client.set_registered_model_alias, iter(range(1))

        def second_fails(*about):
            return points(*about) if next(count, None) is not None else fails()

        client.set_registered_model_alias = second_fails
        turn = client.set_registered_model_tag

        def dies_when_undoing(self, name, key, value):
            turn(self, name, key, value)
            if value == "undoing":
                os._exit(9)

        client.set_registered_model_tag = dies_when_undoing
        server.promote_together(LATER, NOON)

    assert killed(work, 99)
    assert read_only(monkeypatch, server) == ["1", "1"]
    assert scoring(server) == aliases(server) == ["1", "1"]


def test_a_champion_that_somebody_moved_by_hand_stays(server):
    server.promote_together(LATER, NOON)
    with server._client() as client:
        client.set_registered_model_alias("tier", "champion", "1")
    assert scoring(server) == ["2", "1"]


def test_each_line_of_a_move_on_a_server_names_all_that_moved_with_it(server):
    server.promote_together(LATER, NOON)
    lines = [server.promotions(name)[-1].together for name in MODELS]
    assert lines[0] == lines[1]
    assert lines[0].partition("/")[2] == "churn/tier"
    with pytest.raises(RegistryError, match="There is no model 'chrun'"):
        server.promote_together([("chrun", "1", "x"), ("tier", "1", "x")], NOON)
