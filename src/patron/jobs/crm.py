"""What CRM systems import: one file for each that the settings name, after scoring and after deciding."""

from pathlib import Path

import pandas as pd

from patron.decisions import crm_table
from patron.jobs.job import Job

__all__ = ["write_imports"]


def write_imports(job: Job, decisions: pd.DataFrame | None = None) -> list[Path]:
    """Write what each CRM imports: the answers, and the decisions where there are some.

    Args:
        job: the work.
        decisions: a row for each customer chosen.
    """
    paths = []
    for wanted in job.settings.crm:
        table = crm_table(job.scores, decisions, wanted)
        paths.append(job.write(f"crm_{wanted.name}", table, "csv", keys=[wanted.key]))
        job.tell(f"crm       {len(table):,} customers by {wanted.key}, {table.shape[1] - 1} fields: {paths[-1]}")
    return paths
