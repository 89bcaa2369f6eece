"""Scored: the run that answers what is asked now; it stands where nothing changed, and else is made part by part."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from patron.engines.file_states import file_states
from patron.engines.memory import limit_engine, set_aside
from patron.engines.outputs import write_text
from patron.errors import HistoryError, ScoreError
from patron.jobs.kept import Facts, ScoredRun
from patron.jobs.run_identity import Request, digest, sources_of
from patron.jobs.staging import Part, Staging, publish, recover, remove_others, remove_replaced
from patron.jobs.work import Work
from patron.scoring.breaks import Break, check_breaks, tolerated
from patron.scoring.contract import feature_breaks, shift_sentences, together
from patron.scoring.partitions import MANIFEST, Manifest, folder_of, manifests

__all__ = ["ENGINE", "EVENTS", "SCORES_FOLDER", "scored_run", "standing_run"]

ENGINE, EVENTS = 0.4, 0.2  # shares of the memory: the rest is for rows, answers and reasons, and the program itself
RESTING = 0.1  # share that the engine keeps when all are scored
SCORES_FOLDER = "scores.parquet"


def standing_run(work: Work) -> ScoredRun | None:
    """Return the run of what is asked on the files as they stand, as far as that can be known without reading them.

    Raises:
        RegistryError: a model is missing.
    """
    request = work.request
    recover(work.out, work.out / SCORES_FOLDER)
    run = _unchanged(work, request)
    if run:
        remove_replaced(work.out, run.manifest.run_id)
    return run


def scored_run(work: Work) -> ScoredRun:
    """Return the run that answers what is asked: the one that stands, or a new one, published when it is whole.

    Raises:
        RegistryError: a model is missing; nothing is read then.
        HistoryError: a table cannot be read, or changed while it was.
        ScoreError: the models do not understand the data.
    """
    request, standing = work.request, work.standing
    if standing:
        return _still_fresh(work, standing)
    limit_engine(ENGINE * work.memory)
    data, cutoff = work.fingerprint, work.scored_at
    run_id = request.run_id(data, cutoff)
    standing = _standing_still(work, request, run_id, cutoff)
    return _still_fresh(work, standing) if standing else _made_anew(work, request, run_id, data)


def _still_fresh(work: Work, run: ScoredRun) -> ScoredRun:
    """Return a run that stands, refused where its tables are too old by now: a feed that stops changes nothing."""
    if run.facts.ends is not None:
        _check_breaks(work, work.age_breaks(run.facts.ends))
    return run


def _check_breaks(work: Work, breaks: Sequence[Break]) -> list[dict[str, Any]]:
    """Refuse tables that differ too much from those of the training; report and return smaller differences."""
    check_breaks(breaks)
    for difference in breaks:
        work.tell(f"beware    {difference.words}")
    return [asdict(difference) for difference in breaks]


def _unchanged(work: Work, request: Request) -> ScoredRun | None:
    """Return the run of this request on these files, as far as that can be known without reading them."""
    if not request.sources:
        return None
    for manifest in reversed(manifests(work.out / SCORES_FOLDER)):
        same_day = work.sure_cutoff in (None, manifest.moment)
        if same_day and (manifest.request, manifest.sources) == (request.hash, request.sources):
            return _opened(work, manifest)
    return None


def _standing_still(work: Work, request: Request, run_id: str, cutoff: datetime) -> ScoredRun | None:
    """Return the run of this name, of data that were written again as they are, and note the files that hold them."""
    root = work.out / SCORES_FOLDER
    for manifest in manifests(root):
        if manifest.run_id == run_id and (run := _opened(work, manifest)):
            noted = replace(manifest, sources=request.sources)
            write_text(noted.text, folder_of(root, cutoff) / MANIFEST)
            return replace(run, manifest=noted)
    return None


def _opened(work: Work, manifest: Manifest) -> ScoredRun | None:
    """Return a published run, where its parts and what it kept are whole."""
    path = folder_of(work.out / SCORES_FOLDER, manifest.moment)
    staging = Staging.of(work.out, manifest.run_id)
    try:
        manifest.check(path)
    except ScoreError:
        return None
    kept = [file for part in staging.parts() for file in part.files if not file.startswith("scores/")]
    whole = kept and staging.is_complete and all((staging.folder / f).is_file() for f in kept)
    return ScoredRun(manifest, path, staging, is_new=False) if whole else None


def _made_anew(work: Work, request: Request, run_id: str, data: Mapping[str, Any]) -> ScoredRun:
    """Stage all parts, check them together, and publish them."""
    breaks = _check_breaks(work, work.breaks())
    latest = max(manifests(work.out / SCORES_FOLDER), key=lambda known: known.scored_at, default=None)
    remove_others(work.out, run_id, latest.run_id if latest else "")
    staging, cutoff = Staging.of(work.out, run_id), work.scored_at
    parts, scored_at = staging.begin(work.layout, work.now.astimezone(UTC).isoformat())
    if parts:
        done = sum(part.rows for part in parts)
        work.tell(f"resuming  {len(parts)} parts with {done:,} customers are finished, by a run that ended early")
    lineage = _lineage(work, request, run_id, data, scored_at)
    if not staging.is_complete:
        parts.extend(work.staged(staging, len(parts), lineage))
        work.facts().write(staging.folder)
    rows = sum(part.rows for part in parts)
    work.check_anybody(rows)
    features = len({meaning.name for meanings in Facts.read(staging.folder).definitions for meaning in meanings})
    work.tell(f"today     {cutoff:%Y-%m-%d}: {rows:,} customers, {features} features")
    warnings, unlike = _checked(work, parts)
    breaks += _check_breaks(work, unlike)
    _check_unchanged(request)
    manifest = Manifest(
        run_id=run_id,
        cutoff=cutoff.isoformat(),
        scored_at=scored_at,
        identity={**request.parts, "data": data},
        request=request.hash,
        sources=request.sources,
        rows=rows,
        parts=[_listed(part) for part in parts if part.rows],
        warnings=warnings,
        breaks=breaks,
    )
    root = work.out / SCORES_FOLDER
    if root.is_file():
        work.tell(f"scores    {root.name} of an earlier release goes: it is a folder now, with a part for each cutoff")
    (work.out / "scores.lineage.json").unlink(missing_ok=True)  # of an earlier release; the manifest has it
    path = publish(staging, root, manifest, cutoff)
    remove_others(work.out, run_id)
    set_aside(RESTING * work.memory, ENGINE * work.memory)
    return ScoredRun(manifest, path, staging, is_new=True)


def _lineage(work: Work, request: Request, run_id: str, data: Mapping[str, Any], scored_at: str) -> dict[str, object]:
    """Return where all answers of a run come from, the same in each row."""
    champions = request.champions.values()
    features = {name: [(f["name"], f["formula"]) for f in m.spec["features"]] for name, m in work.models.items()}
    return {
        "models": ", ".join(f"{champion.name}/{champion.version}" for champion in champions),
        "training_runs": ", ".join(champion.run_id for champion in champions),
        "feature_fingerprint": digest(features),
        "data_fingerprint": digest(data),
        "run_id": run_id,
        "scored_on": datetime.fromisoformat(scored_at).date(),
    }


def _checked(work: Work, parts: list[Part]) -> tuple[list[str], list[Break]]:
    """Return where the models understand less than in training, and what they do not understand, over all parts."""
    sentences: list[str] = []
    breaks: list[Break] = []
    for name, model in work.models.items():
        noted = [part.notes[name] for part in parts if name in part.notes]
        tables, counts = [pd.DataFrame(note["table"]) for note in noted], [note["rows"] for note in noted]
        if not tables:
            continue
        table = together(tables, counts)
        breaks += feature_breaks(model, table, sum(counts))
        sentences += shift_sentences(model, table, sum(counts))
    return list(dict.fromkeys(sentences)), tolerated(breaks, work.request.settings.contract)


def _check_unchanged(request: Request) -> None:
    """Refuse files that were written to while they were scored."""
    if request.sources and file_states(sources_of(request.settings)) != request.sources:
        raise HistoryError(
            "A table changed while it was scored: a file has another size or time of change than at the beginning. "
            "Nothing was published. Wait until the tables are written, then score again: patron score SETTINGS"
        )


def _listed(part: Part) -> dict[str, Any]:
    """Return the line of a manifest about a part."""
    ((path, sha256),) = ((path, sha256) for path, sha256 in part.files.items() if path.startswith("scores/"))
    return {"file": path.removeprefix("scores/"), "rows": part.rows, "sha256": sha256}
