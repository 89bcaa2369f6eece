"""The check of a panel: what was read of its rows, what is odd about them, and which cutoffs would be used how."""

from typing import Any

import pandas as pd

from patron.engines.outputs import write_text
from patron.evaluation.leakage import too_good
from patron.history.receipts import receipt_table
from patron.jobs.panel_job import PanelJob
from patron.reports.panel_page import PanelReport, page

__all__ = ["check_panel"]

MOST = 50_000  # rows looked at for columns that tell too much


def check_panel(job: PanelJob) -> dict[str, Any]:
    """Check the rows: what was set aside, what cannot be, what tells the end, and how models will be judged; a page."""
    source, receipt = job.source, job.data.opened.receipt
    if source.dated:
        for cutoff in job.data.known_cutoffs:
            job.data.check_passed(cutoff, source.horizon)
        groups = {name: [f"{c:%Y-%m-%d}" for c in group] for name, group in job.split.groups.items()}
        job.tell("cutoffs   " + "; ".join(f"{name}: {', '.join(group)}" for name, group in groups.items()))
    else:
        job.tell("cutoffs   none: customers are held out, in two parts, five times over")
    for caution in job.data.cautions:
        job.tell(f"beware    {caution}")
    suspects = _too_good(job)
    for column, why in suspects.items():
        job.tell(f'beware    {column} seems to know the outcome: {why}; leave_out = ["{column}"]')
    job.tell(f"features  {source.X.shape[1]}: {', '.join(source.X.columns)}")
    path = write_text(page(_report(job, suspects)), job.settings.out / "check.html")
    job.tell(f"check     {path}")
    lines = receipt_table([receipt]).astype(object).replace({pd.NA: None}).to_dict("records")
    return {
        "receipt": lines,
        "features": source.X.shape[1],
        "cautions": list(job.data.cautions),
        "suspects": suspects,
        "files": [str(path)],
    }


def _too_good(job: PanelJob) -> dict[str, str]:
    """Return the columns that tell too much alone, of a sample of the labelled rows."""
    source = job.source
    rows = source.X.assign(**{" label": source.label, " customer": source.key.customer})
    sample = rows.sample(min(len(rows), MOST), random_state=job.settings.seed)
    X = sample.drop(columns=[" label", " customer"])
    return too_good(X, sample[" label"].to_numpy(), sample[" customer"].tolist())


def _report(job: PanelJob, suspects: dict[str, str]) -> PanelReport:
    source = job.source
    rates = pd.Series(source.label).groupby(source.key.cutoff.to_numpy()).agg(["size", "mean"])
    uses = {c: name for name, group in job.split.groups.items() for c in group} if source.dated else {}
    return PanelReport(
        name=job.settings.name,
        made_at=job.now,
        receipt=job.data.opened.receipt,
        cautions=job.data.cautions,
        suspects=suspects,
        cutoffs=[(c, uses.get(c.to_pydatetime(), ""), int(n), float(rate)) for c, n, rate in rates.itertuples()]
        if source.dated
        else [],
        features={d.name: float(source.X[d.name].notna().mean()) for d in source.definitions},
    )
