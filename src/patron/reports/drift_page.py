"""The drift page: whether the models still fit the customers, what it is where they do not, and what to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from patron.evaluation.realised import Realised
from patron.reports.rendering import render
from patron.scoring.drift import ANSWERS, FAR, MOVES, Drift
from patron.scoring.drift_kinds import LAST, TRAINING, Verdict

__all__ = ["DriftReport", "page"]

MOST = 15  # features shown beside training, and beside the last run


@dataclass(frozen=True)
class DriftReport:
    """What the drift of a business looks like.

    Args:
        name: the business.
        made_at: when the page was made.
        cutoff: of today's scores.
        verdict: what it is taken for in all.
        verdicts: the same for each question.
        drifts: how features and answers look beside training and the last run, those beyond the limits marked.
        realised: what came true of past scores.
        breaks: in what tables differ from those of the training, in words.
    """

    name: str
    made_at: datetime
    cutoff: datetime
    verdict: Verdict
    verdicts: Mapping[str, Verdict]
    drifts: Sequence[Drift]
    realised: Sequence[Realised]
    breaks: Sequence[str]

    def plain(self) -> dict[str, Any]:
        """Return the report as plain JSON values."""
        kinds = {"": self.verdict, **self.verdicts}
        words = {name: _plain(known) for name, known in kinds.items()}
        return {
            "cutoff": f"{self.cutoff}",
            "beyond": self.verdict.beyond,
            **words.pop(""),
            "questions": words,
            "drifts": [drift.plain() for drift in self.drifts],
            "realised": [figure.plain() for figure in self.realised],
            "breaks": list(self.breaks),
        }

    def groups(self) -> list[tuple[str, list[Drift], int]]:
        """Return what is shown beside training and beside the last run, and how many features hardly move answers."""
        groups = []
        for beside in (TRAINING, LAST):
            known = [d for d in self.drifts if d.beside == beside]
            shown = sorted((d for d in known if d.beyond or d.was), key=lambda d: (d.feature != ANSWERS, -d.moved))
            if known:
                groups.append((beside, shown[:MOST], len(known) - len(shown[:MOST])))
        return groups


def page(report: DriftReport) -> str:
    """Return the page as HTML.

    >>> verdict = Verdict("none", ())
    >>> report = DriftReport("Shop", datetime(2024, 5, 2), datetime(2024, 5, 1), verdict, {}, [], [], [])
    >>> print(page(report)[:15])
    <!doctype html>
    """
    widest = max((drift.moved for drift in report.drifts), default=0.0) or 1.0
    return render("drift.html.j2", "", report=report, widest=widest, far=FAR, moves=MOVES)


def _plain(verdict: Verdict) -> dict[str, Any]:
    return {"kind": verdict.kind, "words": verdict.words, "action": verdict.action, "why": list(verdict.why)}
