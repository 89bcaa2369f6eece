"""Operations: the table of exit codes is that of the code, and the examples for schedulers can be read."""

import ast
import re
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from patron import errors
from patron.cli import app

ROOT = Path(__file__).parents[1]
SCHEDULES = ROOT / "pipelines" / "schedules"
OF_THE_SYSTEM = {0, 130, 137, 141, 143}  # well done, and ended from outside


def documented() -> dict[int, tuple[str, str, str]]:
    """Return the rows of the table of exit codes: what it means, what to do, and whether to try again."""
    rows = re.findall(
        r"^\| ([\d, ]+) \| (.+?) \| (.+?) \| (.*?) ?\|$", (ROOT / "docs" / "operations.md").read_text(), re.M
    )
    return {int(code): tuple(texts) for codes, *texts in rows for code in codes.split(",")}


def raised() -> set[int]:
    kinds = [getattr(errors, name) for name in errors.__all__]
    return {kind.exit_code for kind in kinds if isinstance(kind, type)}


def retried() -> set[int]:
    return {code for code, (_, _, again) in documented().items() if again.startswith("yes")}


def commands(text: str) -> list[str]:
    return re.findall(r"patron (\w+) shop\.toml", text)


def test_every_exit_code_that_is_raised_is_in_the_table_and_no_other():
    assert set(documented()) == raised() | OF_THE_SYSTEM
    drawn = {int(code) for code in re.findall(r"Error +(\d)  ", errors.__doc__)}
    assert drawn == raised()


@pytest.mark.parametrize("page", ["epilog", "readme"])
def test_the_short_lists_name_the_same_codes_and_the_page_that_has_them_all(page):
    text = app.info.epilog if page == "epilog" else (ROOT / "README.md").read_text()
    line = re.search(r"Exit codes.*?(?=\.(?:\s|$))", text, re.S).group()
    assert {int(code) for code in re.findall(r"(?<!\d)(\d) [a-z]", line)} == raised() | {0}
    assert "docs/operations.md" in text


def test_every_verb_of_the_examples_is_one():
    verbs = CliRunner().invoke(app, ["--help"]).output
    named = [verb for path in SCHEDULES.iterdir() for verb in commands(path.read_text())]
    assert "run" in named
    assert all(f" {verb} " in verbs for verb in named)


def test_the_dockerfile_runs_as_nobody_special_with_its_loops_compiled():
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    steps = [line.split(maxsplit=1) for line in text.splitlines() if line and not line.startswith("#")]
    assert {step for step, _ in steps} <= {"FROM", "RUN", "WORKDIR", "COPY", "USER", "ENV", "ENTRYPOINT"}
    order = [step for step, _ in steps]
    assert order[0] == "FROM"
    assert steps[-1] == ["ENTRYPOINT", '["patron"]']
    assert dict(steps)["USER"] == "patron"
    compiling = next(i for i, (_, text) in enumerate(steps) if "compile_loops()" in text)
    assert order.index("USER") < compiling
    copied = [name for step, text in steps if step == "COPY" for name in text.split()[1:-1]]
    assert all((ROOT / name).exists() for name in copied)
    assert not [text for step, text in steps if step == "COPY" and text.startswith(". ")]


def test_the_cron_job_never_runs_twice_at_once_and_tries_again_what_can_be_mended_by_waiting():
    job = yaml.safe_load((SCHEDULES / "cronjob.yaml").read_text())["spec"]
    work = job["jobTemplate"]["spec"]
    pod = work["template"]["spec"]
    assert (job["concurrencyPolicy"], pod["restartPolicy"]) == ("Forbid", "Never")
    rules = {rule["action"]: rule for rule in work["podFailurePolicy"]["rules"]}
    refused = set(rules["FailJob"]["onExitCodes"]["values"])
    assert refused == raised() - retried()
    assert work["backoffLimit"] > 0
    assert pod["securityContext"]["runAsNonRoot"]
    assert [step["args"][:2] for step in pod["containers"]] == [["run", "shop.toml"]]


def test_the_dag_tries_again_the_same_codes():
    tree = ast.parse((SCHEDULES / "airflow_dag.py").read_text())
    values = {node.targets[0].id: node.value for node in tree.body if isinstance(node, ast.Assign)}
    assert ast.literal_eval(values["FOR_SOMEBODY"]) == raised() - retried()
    assert ast.literal_eval(values["NIGHT"])[:2] == ["patron", "run"]
    decorators = [
        ast.unparse(d) for node in tree.body if isinstance(node, ast.FunctionDef) for d in node.decorator_list
    ]
    assert any("max_active_runs=1" in text and "catchup=False" in text for text in decorators)


def test_the_crontab_has_one_night_and_no_lock():
    lines = [line for line in (SCHEDULES / "crontab").read_text().splitlines() if re.match(r"[\d*]", line)]
    assert len(lines) == 1
    assert len(lines[0].split()[:5]) == 5
    assert commands(lines[0]) == ["run"]
    assert "flock" not in lines[0]
