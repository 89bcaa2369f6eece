"""Whatever bytes settings, tables and the store hold, a verb ends with a known exit code, in a sentence, and in time.

By default some hundred cases; `PATRON_FUZZ=2000` runs as many. A case is its number: it is the same on every machine.
"""

import os
import random
import shutil
import signal
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from patron import jobs
from patron.cli import app
from patron.engines.failures import refusal
from patron.errors import PatronError
from patron.registry import Registry

CASES = int(os.environ.get("PATRON_FUZZ", "240"))
SECONDS = 30  # a case takes some hundredths of one
CODES = {0, 1, 2, 3, 4, 5, 6}
TEXT = """
name = "fuzzed"
[tables.orders]
path = "orders.csv"
customer = "client"
at = "when"
amount = "paid"
[questions]
churn = { horizon = 60 }
[cutoffs]
train = ["2023-05-01", "2023-07-01"]
valid = "2023-09-01"
test = "2023-11-01"
"""
TOKENS = (
    *(b'"', b"'", b"\n", b"\r\n", b"\0", b"\xff", b",", b";", b"[", b"]", b"{", b"=", b"#", b"\xef\xbb\xbf"),
    *(b"9" * 400, b"-1", b"nan", b"=cmd|x", b"0000-00-00", b"9999-12-31", b"\xed\xa0\x80", b"[" * 2000),
)


def mutated(content: bytes, rng: random.Random) -> bytes:
    """Return bytes of which one to three pieces were flipped, cut, doubled, moved or replaced."""
    for _ in range(rng.randint(1, 3)):
        at, length = rng.randrange(len(content) + 1), rng.choice([1, 1, 4, 30, 400])
        piece, rest = content[at : at + length], content[at + length :]
        content = rng.choice(
            [
                content[:at] + bytes(byte ^ (1 << rng.randrange(8)) for byte in piece) + rest,
                content[:at],
                content[:at] + rest,
                content[:at] + piece * rng.choice([2, 50]) + rest,
                content[:at] + rng.choice(TOKENS) + content[at:],
                content[:at] + rng.randbytes(len(piece)) + rest,
            ]
        )
    return content


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A business whose tables are whole in three formats, and whose store has two versions of a model."""
    folder = tmp_path_factory.mktemp("fuzzed")
    days = pd.date_range("2023-01-01", "2024-01-01", 240)
    table = pd.DataFrame({"client": [f"guest-{n % 30}" for n in range(240)], "when": days, "paid": range(1, 241)})
    table.to_csv(folder / "orders.csv", index=False)
    table.to_parquet(folder / "orders.parquet")
    with closing(sqlite3.connect(folder / "orders.db")) as database:
        table.astype({"when": str}).to_sql("orders", database, index=False)
    (folder / "fuzzed.toml").write_text(TEXT)
    store, bundle = Registry.at(folder), folder / "bundle"
    bundle.mkdir()
    spec = '{"features": [{"name": "a", "dtype": "int64"}], "outputs": [{"name": "a", "dtype": "int64"}]}'
    (bundle / "spec.json").write_text(spec)
    (folder / "serving.py").write_text(
        "class Bundle:\n    @classmethod\n    def load(cls, path):\n        return cls()\n\n"
        "    def predict(self, frame):\n        return frame\n"
    )
    run_id = store.log_run("fuzzed", "r", {}, {})
    for version in ("1", "2"):
        store.register("fuzzed-churn", run_id, bundle, folder / "serving.py", ["pandas"])
        store.promote("fuzzed-churn", version, "better", datetime(2024, 1, 1, tzinfo=UTC))
    return folder


@pytest.fixture
def reading(monkeypatch):
    """Let `patron check` read the tables and draw no page."""
    monkeypatch.setitem(jobs.VERBS, "check", lambda job: {"rows": len(job.history.receipt())})


def late(*arguments) -> None:
    raise TimeoutError(f"no end within {SECONDS} s")


def check_end(*arguments: str) -> None:
    """Run a verb; refuse an end that is no sentence, an exit code that nobody knows, and a customer's key."""
    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        result = CliRunner().invoke(app, [*arguments])
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    error = result.exception
    if isinstance(error, Exception) and not isinstance(error, SystemExit):
        sentence = error if isinstance(error, PatronError) else refusal(error)
        assert sentence is not None, f"{type(error).__name__}: {error}"
        code, said = sentence.exit_code, f"{result.output}{sentence}"
    else:
        code, said = result.exit_code, result.output
    assert code in CODES
    assert "Traceback" not in said
    assert "guest-" not in said, "a customer's key is shown"


pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="a case that hangs is ended by an alarm")


@pytest.mark.parametrize("first", range(0, CASES // 2, 40))
def test_settings_of_any_bytes_end_in_a_sentence(whole, reading, tmp_path, first):
    shutil.copy(whole / "orders.csv", tmp_path)
    for case in range(first, min(first + 40, CASES // 2)):
        (tmp_path / "fuzzed.toml").write_bytes(mutated(TEXT.encode(), random.Random(case)))
        check_end("check", str(tmp_path / "fuzzed.toml"))


@pytest.mark.parametrize("name", ["orders.csv", "orders.parquet", "orders.db"])
def test_tables_of_any_bytes_end_in_a_sentence(whole, reading, tmp_path, name):
    (tmp_path / "fuzzed.toml").write_text(TEXT.replace("orders.csv", name))
    for case in range(CASES // 16):
        (tmp_path / name).write_bytes(mutated((whole / name).read_bytes(), random.Random(case)))
        check_end("check", str(tmp_path / "fuzzed.toml"))


@pytest.mark.parametrize("name", ["mlflow.db", "promotions.jsonl", "registry.lock"])
def test_a_store_of_any_bytes_ends_in_a_sentence(whole, tmp_path, name):
    for case in range(CASES // 24):
        folder = tmp_path / str(case)
        shutil.copytree(whole / "mlruns", folder / "mlruns")
        path = folder / "mlruns" / name
        path.write_bytes(mutated(path.read_bytes(), random.Random(case)))
        check_end("relocate", str(folder))
        check_end("rollback", "fuzzed-churn", "--folder", str(folder))
