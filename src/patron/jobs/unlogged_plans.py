"""Unlogged plans: what is to go into MLflow of each plan, in a folder of its own until the store has taken it."""

import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, TypedDict

from patron.engines.outputs import private_path
from patron.errors import RegistryError
from patron.jobs.job import Job
from patron.jobs.tracking import served_with
from patron.models.serving import Policy, standalone_policy

__all__ = ["PlanRun", "TrackedPlan", "hold_plan", "log_plans"]

FOLDER, RUN, POLICY = "unlogged_plans", "run.json", "policy"


class TrackedPlan(TypedDict):
    """Where a plan is kept in MLflow."""

    run_id: str
    policy: Annotated[str, "address by which mlflow.pyfunc.load_model loads the model that decides alike"]


@dataclass(frozen=True)
class PlanRun:
    """A run of MLflow that is to hold a plan.

    Args:
        experiment: whose run it is.
        name: of the run.
        params: the campaign.
        figures: what the plan promises.
        texts: files by their names.
        tags: words to find the run by.
        run_id: the run that has all this and lacks the policy, or empty.
    """

    experiment: str
    name: str
    params: Mapping[str, str]
    figures: Mapping[str, float]
    texts: Mapping[str, str]
    tags: Mapping[str, str]
    run_id: str = ""


def hold_plan(out: Path, name: str, run: PlanRun, policy: Policy) -> None:
    """Keep what is to be logged of a plan, by the name of the plan in the decision log."""
    policy.save(out / FOLDER / name / POLICY)
    _write(out / FOLDER / name, run)


def log_plans(job: Job) -> dict[str, TrackedPlan]:
    """Log the plans that MLflow has not taken yet, the newest first; return where they are, by their names.

    The first that is refused ends it, which is said: the next `patron decide` tries again.
    """
    tracked: dict[str, TrackedPlan] = {}
    for path in sorted((job.out / FOLDER).glob(f"*/{RUN}"), reverse=True):
        folder = path.parent
        try:
            run = _read(path)
            where = tracked[folder.name] = _logged(job, folder, run)
        except RegistryError as error:
            job.tell(f"beware    the plan is not kept in MLflow: {error} The next patron decide tries again.")
            break
        shutil.rmtree(folder)
        with suppress(OSError):  # others wait in it
            folder.parent.rmdir()
        job.tell(f"mlflow    {run.name}: experiment {run.experiment}, run {where['run_id']}; policy {where['policy']}")
    return tracked


def _logged(job: Job, folder: Path, run: PlanRun) -> TrackedPlan:
    """Log what is missing; a run that the store has taken is remembered before its policy is logged."""
    run_id = run.run_id
    if not run_id:
        run_id = job.registry.log_run(run.experiment, run.name, run.params, run.figures, run.texts, tags=run.tags)
        _write(folder, replace(run, run_id=run_id))
    with TemporaryDirectory() as scratch:
        code = Path(scratch) / "policy.py"
        code.write_text(standalone_policy(), encoding="utf-8")
        name = f"{job.settings.name}-policy"
        address = job.registry.log_model(name, run_id, folder / POLICY, code, served_with())
    return {"run_id": run_id, "policy": address}


def _read(path: Path) -> PlanRun:
    try:
        return PlanRun(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise RegistryError(
            f"What was to be logged of it is broken ({type(error).__name__}): {FOLDER}/{path.parent.name}/{RUN}. "
            "Remove that folder, and it is given up."
        ) from None


def _write(folder: Path, run: PlanRun) -> None:
    with private_path(folder / RUN) as unfinished:
        unfinished.write_text(json.dumps(asdict(run)), encoding="utf-8")
