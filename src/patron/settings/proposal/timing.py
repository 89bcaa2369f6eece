"""Timing: the time of the events of a table in a draft, how it is written, and which others there were."""

from collections.abc import Sequence
from dataclasses import replace

from patron.history.time_forms import family_of, is_instant
from patron.settings.proposal.columns import ColumnLook, TableLook
from patron.settings.proposal.drafts import OPEN, Draft
from patron.settings.proposal.forms import possible_forms
from patron.settings.proposal.reach import times
from patron.settings.proposal.statuses import is_pipeline
from patron.settings.proposal.survey import Way
from patron.settings.proposal.words import has

__all__ = ["with_time"]

FEW, NEAR = 50, 0.4


def with_time(draft: Draft, look: TableLook, columns: Sequence[ColumnLook], way: Way) -> Draft:
    """Add the time, which others there were, and how it is written where that is proven."""
    if way.at is None:
        return draft
    if way.at.joins:
        name = way.at.column.name
        source = next((join.look for join in draft.joins if name in join.look.columns), look)
        return _with_form(draft.with_entry("at", name), source, way.at.column)
    ranked = times(columns)
    if is_pipeline(columns):
        ranked.sort(key=lambda fit: -has(fit.column.words, "close|closed|won"))
    best, others = ranked[0].column, [fit.column.name for fit in ranked[1:]]
    draft = draft.with_entry("at", best.name, f"other times: {', '.join(others)}" if others else "")
    near = [fit.column.name for fit in ranked[1:] if 0 <= ranked[0].score - fit.score <= NEAR]
    for name in near[:1]:
        draft = draft.asking(f"{best.name!r} was taken for the time; {name!r} is about as likely", f'at = "{name}"')
    return _with_form(draft, look, best)


def _with_form(draft: Draft, look: TableLook, column: ColumnLook) -> Draft:
    """Add how times are written where the column proves it, or ask where it can be read in several ways."""
    draft = _with_zone(draft, column)
    forms = possible_forms(look, column)
    if len(forms) < 2:
        return draft.with_entry("at_format", forms[0], "as the column proves") if forms else draft
    lines = "   or   ".join(f'at_format = "{form}"' for form in forms)
    draft = draft.asking(f"the times of {column.name!r} can be read in {len(forms)} ways: say which", lines)
    return draft.with_entry("at_format", forms[0], OPEN)


def _with_zone(draft: Draft, column: ColumnLook) -> Draft:
    """Note by which clock times are read that name their zone."""
    zoned = any(is_instant(form) for text in column.texts[:FEW] for form in family_of(text))
    if column.kind != "text" or not zoned:
        return draft
    line = ("times name their zone, and are read by the clock of UTC", 'timezone = "Europe/Berlin"')
    return replace(draft, assumed=(*draft.assumed, line))
