"""Proposals: settings that were drafted from files or frames, as text and as values, with what is in doubt."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from pathlib import Path

from patron.engines.files import Source
from patron.engines.outputs import write, write_text
from patron.errors import HistoryError, SettingsError
from patron.history.history import History
from patron.history.receipts import Receipt
from patron.settings.files import parse
from patron.settings.proposal.columns import TableLook, look_at
from patron.settings.proposal.cutoffs import Cutoffs, cutoffs_of
from patron.settings.proposal.drafts import OPEN, Draft
from patron.settings.proposal.links import links_of
from patron.settings.proposal.parts import named_sources
from patron.settings.proposal.refusals import check_no_panel, refusal_of
from patron.settings.proposal.sections import drafts_of
from patron.settings.proposal.survey import Survey, survey
from patron.settings.proposal.text import path_of, settings_text
from patron.settings.proposal.trial import Trial, tried
from patron.settings.values import Settings

__all__ = ["Proposal", "propose", "write_proposal"]

Tell = Callable[[str], None]
NOTHING_KNOWN = "every column looks written after what is asked about, which it would tell"


@dataclass(frozen=True, repr=False)
class Proposal:
    """Settings drafted from what files or frames look like, and opened through the door once.

    Args:
        settings: the text of a settings file.
        doubts: what could not be decided, each with the line that would change it.
        tables: by name the file or frame that each table is read from.
        left: the files that have no table, each with the reason.
        drafts: the sections.
        cutoffs: the horizon and the dates, and why.
        trial: what the door read.
        folder: from where the paths of the text are seen.
    """

    settings: str
    doubts: tuple[str, ...]
    tables: Mapping[str, str]
    left: Mapping[str, str]
    drafts: tuple[Draft, ...]
    cutoffs: Cutoffs
    trial: Trial
    folder: Path

    def history(self) -> History:
        """Return the history that the settings give; the one that was read to try them.

        Raises:
            HistoryError: the door refuses them, with the question that is to be answered first.
        """
        if self.trial.history is None:
            raise HistoryError(self.trial.refusal)
        return self.trial.history

    def values(self) -> Settings:
        """Return the settings as values: what `load_settings` returns of the file that `write` leaves in the folder."""
        return parse("proposal", self.settings, self.folder)

    def write(self, out: str | Path) -> Path:
        """Write the settings as a file; frames go beside it as Parquet, as the text names them.

        Raises:
            SettingsError: there is a file already.
        """
        path = Path(out)
        _check_free(path)
        here = path.resolve().parent
        looks = {look.name: look for draft in self.drafts for look in (draft.look, *(j.look for j in draft.joins))}
        for look in looks.values():
            if not isinstance(look.source, str | Path):
                write(look.table.to_pandas(), here / path_of(look, here))
        return write_text(_text(self.drafts, self.cutoffs, self.left, here), path)

    def summary(self) -> list[str]:
        """Return what was decided, why, and what is in doubt, as sentences for a terminal."""
        return list(_summary(self))

    def __repr__(self) -> str:
        """Return the summary, which shows no cell of a table."""
        return "\n".join(self.summary())

    def _repr_html_(self) -> str:
        """Return the summary and the settings as a notebook shows them."""
        sentences = "".join(f"<li>{escape(sentence)}</li>" for sentence in self.summary())
        return f"<ul>{sentences}</ul><details><summary>settings</summary><pre>{escape(self.settings)}</pre></details>"


def propose(sources: object, tell: Tell = lambda sentence: None, folder: Path | None = None) -> Proposal:
    """Look at files or frames together, and propose settings that run: what each is, the roles of columns, cutoffs.

    Args:
        sources: paths of files or folders, or a mapping from a name to a frame, a path or an Ibis table.
        tell: takes a sentence on what is being done.
        folder: from where the paths in the text are seen; by default where Python runs.

    Raises:
        HistoryError: a file cannot be read, or none holds events of customers: with what they hold instead.

    >>> import pandas as pd
    >>> rows = pd.DataFrame({"cust_id": ["a", "b"], "ts": ["2022-01-01", "2023-12-31"], "paid": [9.5, 3.0]})
    >>> proposal = propose({"orders": rows})
    >>> proposal.tables, proposal.history().receipts[0].used
    ({'orders': 'orders'}, 2)
    """
    looks, unread = _looks(named_sources(sources), tell)
    links = links_of(looks)
    result = survey(looks, links)
    if result.orders is None:
        raise refusal_of(looks)
    way = result.ways[result.orders]
    if way.at is not None and not way.joins:
        check_no_panel(looks[result.orders], way.person.name, way.at.column.name)
    trial = tried(drafts_of(looks, links, result), tell)
    if trial.history is None and not _is_open(trial.drafts):
        raise HistoryError(trial.refusal)
    cutoffs = cutoffs_of(trial.history) if trial.history else _unknown()
    left = _left(looks, result, trial) | unread
    return _proposal(trial, cutoffs, left, folder or Path.cwd())


def write_proposal(files: Sequence[str | Path], out: Path, tell: Tell) -> Proposal:
    """Write a settings file for some files, and return what it proposes.

    Args:
        files: files or folders; an event table each, or what is joined to one.
        out: the settings file to write, which must not be there yet.
        tell: takes a sentence on what is being done.

    Raises:
        SettingsError: there is a file already.
        HistoryError: as `propose`.
    """
    _check_free(out)
    proposal = propose(list(files), tell, out.resolve().parent)
    proposal.write(out)
    return proposal


def _looks(sources: Mapping[str, Source], tell: Tell) -> tuple[list[TableLook], dict[str, str]]:
    """Look at every source; of several, those that cannot be read are left with the reason.

    Raises:
        HistoryError: none of them can be read.
    """
    looks: list[TableLook] = []
    unread: dict[str, str] = {}
    for name, source in sources.items():
        label = Path(source).resolve().name if isinstance(source, str | Path) else name
        tell(f"looking   at {label}")
        try:
            looks.append(look_at(name, source))
        except HistoryError as error:
            unread[label] = f"it cannot be read: {error.args[0]}"
            refusal = error
    if not looks:
        raise refusal
    return looks, unread


def _left(looks: Sequence[TableLook], result: Survey, trial: Trial) -> dict[str, str]:
    """Return the files that have no section, each with the reason."""
    sections = {draft.look.label for draft in trial.drafts}
    left = {looks[i].label: why for i, why in result.left.items()}
    left |= {looks[i].label: NOTHING_KNOWN for i in result.attributes}
    left |= {j.look.label: f"its columns are joined to {draft.name}" for draft in trial.drafts for j in draft.joins}
    refused = {label: f"the door refuses it: {why}" for label, why in trial.dropped.items()}
    return {label: why for label, why in left.items() if label not in sections} | refused


def _check_free(out: Path) -> None:
    if out.exists():
        raise SettingsError(f"There is a file {out.name!r} already, which stays. Name another one: --out new.toml.")


def _is_open(drafts: Sequence[Draft]) -> bool:
    """Check whether a question in the drafts must be answered before anything can be read."""
    return any(entry.why == OPEN for draft in drafts for entry in draft.entries.values())


def _unknown() -> Cutoffs:
    """Return cutoffs for a history whose times could not be read."""
    year, step = datetime(2024, 1, 1), timedelta(days=90)
    dates = tuple(year + k * step for k in range(3))
    return Cutoffs(90, dates, year + 3 * step, year + 4 * step, None, "made up", "made up: no time could be read")


def _proposal(trial: Trial, cutoffs: Cutoffs, left: Mapping[str, str], folder: Path) -> Proposal:
    drafts = trial.drafts
    doubts = tuple(
        f"[{draft.section}.{draft.name}] {question}{f': {line}' if line else ''}"
        for draft in drafts
        for question, line in draft.questions
    )
    doubts += (f"[cutoffs] {cutoffs.doubt}",) if cutoffs.doubt else ()
    tables = {draft.name: draft.look.label for draft in drafts}
    return Proposal(_text(drafts, cutoffs, left, folder), doubts, tables, left, drafts, cutoffs, trial, folder)


def _text(drafts: Sequence[Draft], cutoffs: Cutoffs, left: Mapping[str, str], folder: Path) -> str:
    return settings_text(folder.name, drafts, cutoffs, left, folder)


def _summary(proposal: Proposal) -> Iterator[str]:
    history = proposal.trial.history
    receipts = {receipt.table: receipt for receipt in history.receipts} if history else {}
    for draft in proposal.drafts:
        yield _described(draft)
        if draft.name in receipts:
            yield f"  {_read(receipts[draft.name])}"
    for label, why in proposal.left.items():
        yield f"{label} has no section: {why}"
    cutoffs = proposal.cutoffs
    yield f"horizon {cutoffs.horizon} days, test cutoff {cutoffs.test:%Y-%m-%d}: {cutoffs.why}"
    for doubt in proposal.doubts:
        yield f"? {doubt}"


def _described(draft: Draft) -> str:
    roles = ", ".join(
        f"{key} = {entry.value}"
        for key, entry in draft.entries.items()
        if entry.why != OPEN and isinstance(entry.value, str)
    )
    kind = "attributes " if draft.section == "attributes" else ""
    parts = [f"{key} {draft.entries[key].why}" for key in ("where", "returns") if key in draft.entries]
    parts += [f"leave_out {', '.join(draft.value('leave_out'))}"] if "leave_out" in draft.entries else []
    joined = f", joined with {', '.join(join.look.label for join in draft.joins)}" if draft.joins else ""
    return f"{kind}{draft.name} from {draft.look.label}{joined}: {'; '.join((roles, *parts))}"


def _read(receipt: Receipt) -> str:
    aside = ", ".join(f"{rows:,} {why}" for why, rows in receipt.set_aside.items()) or "none"
    return (
        f"{receipt.read:,} rows read, {receipt.used:,} used ({receipt.customers:,} customers, {receipt.period}); "
        f"set aside: {aside}"
    )
