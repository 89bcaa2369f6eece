"""Unlogged plans: what is to go into MLflow of each plan, in a folder of its own until the store has taken it."""

import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, TypedDict

from patron.engines.outputs import private_path
from patron.errors import RegistryError
from patron.jobs.decision_log import kept_plans
from patron.jobs.job import Job
from patron.jobs.tracking import served_with
from patron.models.serving import Policy, standalone_policy

__all__ = ["PlanRun", "TrackedPlan", "hold_plan", "log_plans"]

FOLDER, RUN, POLICY = "unlogged_plans", "run.json", "policy"
TAG = "plan"  # of a run, by which it is known again though nobody remembered its id


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

    @property
    def digest(self) -> str:
        """A hash of what the run is to hold."""
        return sha256(json.dumps(asdict(replace(self, run_id="")), sort_keys=True).encode()).hexdigest()


def hold_plan(out: Path, name: str, run: PlanRun, policy: Policy) -> None:
    """Hold what is to be logged of a plan, by its name in the decision log, before that has it.

    So a process that is killed between the two leaves a plan that waits and does not count yet, not the reverse.
    """
    folder = out / FOLDER / name
    if folder.exists():  # of a plan that never came into the log
        shutil.rmtree(folder)
    policy.save(folder / POLICY)
    _write(folder, run)


def log_plans(job: Job) -> dict[str, TrackedPlan]:
    """Log the plans of the decision log that MLflow has not taken yet, the newest first; return where they are.

    A plan that is refused waits for the next `patron decide`, which is said; where the store answers nothing at all,
    so do those after it.
    """
    tracked: dict[str, TrackedPlan] = {}
    kept = kept_plans(job.out)
    for path in sorted((job.out / FOLDER).glob(f"*/{RUN}"), reverse=True):
        folder = path.parent
        if folder.name not in kept:
            continue
        try:
            run = _read(path)
            where = tracked[folder.name] = _logged(job, folder, run)
        except RegistryError as error:
            job.tell(f"beware    the plan is not kept in MLflow: {error} The next patron decide tries again.")
            if not _answers(job):
                break
            continue
        shutil.rmtree(folder)
        with suppress(OSError):  # others wait in it
            folder.parent.rmdir()
        job.tell(f"mlflow    {run.name}: experiment {run.experiment}, run {where['run_id']}; policy {where['policy']}")
    return tracked


def _answers(job: Job) -> bool:
    """Whether the store answers, so that it refused the plan and not everything."""
    try:
        job.registry.names()
    except RegistryError:
        return False
    return True


def _logged(job: Job, folder: Path, run: PlanRun) -> TrackedPlan:
    """Log what is missing: a run that the store has taken is remembered, or else found by its tag."""
    mark = f"{folder.name} {run.digest}"
    run_id = run.run_id or job.registry.finished_run(run.experiment, TAG, mark)
    if not run_id:
        tags = {**run.tags, TAG: mark}
        run_id = job.registry.log_run(run.experiment, run.name, run.params, run.figures, run.texts, tags=tags)
    if not run.run_id:
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
