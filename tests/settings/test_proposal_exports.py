"""Exports of products: their truths are true, and what is proposed for them needs few edits and no wrong role."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from patron.cli import app
from patron.errors import HistoryError
from patron.history.history import History
from patron.jobs import check, job_of
from patron.settings import load
from worlds.exports import EXPORTS, Export, File
from worlds.exports.edits import edits

HORIZON = timedelta(days=90)
TIMELESS = ("telco",)
READ = tuple(name for name in EXPORTS if name not in TIMELESS)


def settings_of(export: Export) -> str:
    """Write the settings that say the truth, with the first of the columns that are right for each role."""
    last = export.span[1]
    cutoffs = [f"{last - k * HORIZON:%Y-%m-%d}" for k in (4, 3, 2, 1)]
    sections = "\n".join(line for file in export.files if file.kind != "joined" for line in section(file))
    return (
        f'name = "truth"\n{sections}\n[questions]\nchurn = {{ horizon = {HORIZON.days} }}\n'
        f'[cutoffs]\ntrain = {cutoffs[:2]}\nvalid = "{cutoffs[2]}"\ntest = "{cutoffs[3]}"\n'
    )


def section(file: File) -> Iterator[str]:
    kind = "attributes" if file.kind == "attributes" else "tables"
    name = "orders" if file.kind == "orders" else Path(file.name).stem.lower()
    yield f"[{kind}.{json.dumps(name)}]"
    yield f"path = {json.dumps(file.base or file.name)}"
    ways = file.money[0] if file.money else {}
    for role, columns in {**file.roles, **ways}.items():
        yield f"{role} = {json.dumps(columns[0], ensure_ascii=False)}"
    for key, rule in {"where": file.kept, "returns": file.returned}.items():
        if rule:
            yield f"{key} = {{ {', '.join(f'{json.dumps(c)} = {json.dumps(v)}' for c, v in rule.items())} }}"
    if file.joins:
        joins = (f"{{ path = {json.dumps(path)}, on = {json.dumps(key)} }}" for path, key in file.joins.items())
        yield f"joins = [{', '.join(joins)}]"
    if file.kept:
        yield f"fill_down = {json.dumps(list(file.kept))}"
    if file.leave_out:
        yield f"leave_out = {json.dumps(file.leave_out)}"


def is_right(history: History, export: Export) -> bool:
    """Check whether a history has as many orders of as many customers as a fair reading counts."""
    orders = history.tables["orders"]
    counts = orders.aggregate(n=orders.count(), of=orders.customer.nunique()).to_pyarrow().to_pylist()[0]
    bounds = ((counts["n"], *export.orders), (counts["of"], *export.customers))
    return all(least <= n <= most for n, least, most in bounds)


@pytest.mark.parametrize("name", ["olist", "xero", "dump"])
def test_settings_that_say_the_truth_need_no_edit_and_count_the_purchases(name, tmp_path):
    export, path = EXPORTS[name](tmp_path), tmp_path / "truth.toml"
    path.write_text(settings_of(export), encoding="utf-8")
    assert edits(export, tmp_path, path, "") == []
    assert is_right(load(path).history(), export)


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_is_the_same_each_time(name, tmp_path):
    folders = [tmp_path / "once", tmp_path / "twice"]
    for folder in folders:
        folder.mkdir()
    assert EXPORTS[name](folders[0]) == EXPORTS[name](folders[1])
    first, second = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.csv")} for folder in folders
    )
    assert first == second


WHERE = 'where = { "Order Status" = ["Completed", "Processing"] }'


@pytest.mark.parametrize(
    ("line", "changed", "place", "is_wrong", "is_silent"),
    [
        ('customer = "Billing Email"', 'customer = "Customer User ID"', "tables.orders.customer", True, True),
        (
            'customer = "Billing Email"',
            'customer = "Customer User ID"  # 0 may be several people',
            "tables.orders.customer",
            True,
            False,
        ),
        ('order = "Order Number"', "", "tables.orders.order", False, False),
        ('amount = "Order Total Amount"', "", "tables.orders.amount", False, False),
        (WHERE, "", "tables.orders.where", True, True),
        (WHERE, '# where = { "Order Status" = ["Completed"] }  # unpaid?', "tables.orders.where", True, False),
        (WHERE, 'where = { "Order Status" = ["Completed"] }', "tables.orders.where", True, True),
        (WHERE, f'{WHERE}\nreturns = {{ "Order Status" = ["Completed"] }}', "tables.orders.returns", True, True),
        ('test = "2024-02-08"', 'test = "2024-03-08"', "cutoffs.test", True, True),
        ("[tables.orders]", "[tables.events]", "tables.events", True, True),
    ],
)
def test_each_line_that_is_wrong_or_missing_is_one_edit(line, changed, place, is_wrong, is_silent, tmp_path):
    export, path = EXPORTS["woocommerce"](tmp_path), tmp_path / "own.toml"
    text = settings_of(export).replace('"orders"', "orders")
    assert line in text
    path.write_text(text.replace(line, changed), encoding="utf-8")
    (change,) = edits(export, tmp_path, path, "")
    assert (change.place, change.is_wrong, change.is_silent) == (place, is_wrong, is_silent)


@pytest.mark.parametrize("name", READ)
def test_what_is_proposed_runs_at_once_needs_no_edit_and_counts_the_purchases(name, tmp_path, monkeypatch):
    export = EXPORTS[name](tmp_path)
    monkeypatch.chdir(tmp_path)
    proposed = CliRunner().invoke(app, ["init", *(file.name for file in export.files)])
    assert proposed.exit_code == 0, proposed.exception
    job = job_of(load("patron.toml"), datetime(2026, 1, 1))
    check(job)
    assert edits(export, tmp_path, tmp_path / "patron.toml", proposed.output) == []
    assert is_right(job.history, export)


@pytest.mark.parametrize("name", TIMELESS)
def test_rows_without_times_are_refused_with_what_can_be_done(name, tmp_path, monkeypatch):
    export = EXPORTS[name](tmp_path)
    monkeypatch.chdir(tmp_path)
    proposed = CliRunner().invoke(app, ["init", *(file.name for file in export.files)])
    assert isinstance(proposed.exception, HistoryError)
    assert edits(export, tmp_path, tmp_path / "patron.toml", str(proposed.exception)) == []
