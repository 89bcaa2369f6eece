"""Champions: which version of a model scores, and how that changes: by a contest, a second person's word, or force."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from patron.errors import RegistryError
from patron.jobs.job import Job
from patron.jobs.tracking import Logged
from patron.jobs.users import user
from patron.registry import Contest, Promotion, Registry, allowed, between, needed

__all__ = ["approve", "conclude", "promote", "promote_by_force", "rollback", "stays"]


def promote(registry: Registry, name: str, version: str, reason: str, now: datetime) -> str:
    """Make a version champion if it was not worse than the champion on the same rows; return what was done.

    Where a second person must agree, that is requested.

    Args:
        registry: where the model is kept.
        name: of the model.
        version: of it.
        reason: why, for the audit log.
        now: when.

    Raises:
        RegistryError: there is no such version, it was worse, or nobody has compared the two; the log keeps that.
    """
    champion = registry.standing(name)
    chosen = registry.version(name, version)
    versions = {known.version: known for known in registry.versions(name)}
    if champion not in versions or champion == version:
        return _change(registry, name, version, champion, reason, now)
    contest = between(chosen.tags, version, champion, versions[champion].tags)
    if contest is None or not allowed(contest):
        registry.note([_line("refuse", name, version, champion, _why(reason, contest), now)])
        raise RegistryError(_refusal(name, version, champion, contest))
    return _change(registry, name, version, champion, _why(reason, contest), now)


def promote_by_force(registry: Registry, name: str, version: str, reason: str, now: datetime) -> str:
    """Make a version champion whatever it was compared with; arguments and result are those of `promote`.

    Raises:
        RegistryError: there is no such version.
    """
    registry.version(name, version)
    return _change(registry, name, version, registry.standing(name), f"by force: {reason}", now)


def approve(registry: Registry, names: Sequence[str], now: datetime) -> str:
    """Make the versions champions that somebody else has requested, all together or none.

    Args:
        registry: where the models are kept.
        names: of the models.
        now: when.

    Raises:
        RegistryError: nothing is requested, this person has requested it, or another champion scores by now.
    """
    lines = registry.approve(names, now, user())
    return "\n".join(f"{line.name}: version {line.version} is champion now, {line.reason}" for line in lines)


def rollback(registry: Registry, name: str, reason: str, now: datetime) -> str:
    """Undo the latest promotion of a model; it needs no second person, as the version was agreed to before.

    Raises:
        RegistryError: as `Registry.rollback`.
    """
    return f"{name}: version {registry.rollback(name, now, reason, user())} is champion again."


def stays(versions: Sequence[Logged]) -> bool:
    """Return whether the champions of today go on: where one of the new versions may not take over, none does."""
    return any(version.contest is not None and not allowed(version.contest) for version in versions)


def conclude(job: Job, versions: Sequence[Logged]) -> str:
    """End a training: its versions become champions together, are requested, or are challengers; return which.

    Args:
        job: the work.
        versions: what was registered for each question.
    """
    _keep_rule(job, versions)
    if stays(versions):
        return _challenge(job, versions)
    if any(needed(job.registry.promotions(version.name)) > 1 for version in versions):
        return _request(job, versions)
    chosen = [(version.name, version.version, _why(version.reason, version.contest)) for version in versions]
    job.registry.promote_together(chosen, job.now, user(), {v.name: _instead(v) for v in versions})
    job.tell("champions " + ", ".join(f"{v.name} version {v.version} ({v.candidate})" for v in versions))
    return "promoted"


def _change(registry: Registry, name: str, version: str, champion: str | None, reason: str, now: datetime) -> str:
    if champion == version:
        return f"{name}: version {version} is champion already."
    if needed(registry.promotions(name)) > 1:
        registry.note([_line("request", name, version, champion, reason, now)])
        return f"{name}: version {version} is requested. A second person lets it score: patron approve {name}"
    registry.promote_together([(name, version, reason)], now, user(), {name: champion})
    return f"{name}: version {version} is champion now. Undo it: patron rollback {name}"


def _refusal(name: str, version: str, champion: str, contest: Contest | None) -> str:
    force = f'patron promote {name} {version} --force --reason "..."'
    if contest is None:
        return (
            f"Version {version} of model {name!r} was never judged beside version {champion}, which scores now, on the "
            "same rows. Train again, which judges both: patron train; or, with a reason that is kept: " + force
        )
    return (
        f"Version {version} of model {name!r} does not take the place of version {champion}: {contest.reason}. "
        f"It stays challenger. To let it score all the same, with a reason that is kept: {force}"
    )


def _why(reason: str, contest: Contest | None) -> str:
    return f"{reason}; {contest.words}" if contest else reason


def _instead(version: Logged) -> str | None:
    return version.contest.against if version.contest else None


def _line(action: Any, name: str, version: str, champion: str | None, reason: str, now: datetime) -> Promotion:
    return Promotion(now.astimezone(UTC).isoformat(), action, name, version, champion, reason, user())


def _keep_rule(job: Job, versions: Sequence[Logged]) -> None:
    """Keep how many persons the settings ask for, where they say so and it is something new."""
    persons, lines = job.settings.registry.approval, []
    for version in versions if persons else ():
        before = needed(job.registry.promotions(version.name))
        if before != persons:
            reason = f"approval = {persons} in the settings, {before} before"
            lines.append(_line("rule", version.name, f"{persons}", None, reason, job.now))
    if lines:
        job.registry.note(lines)


def _challenge(job: Job, versions: Sequence[Logged]) -> str:
    """Keep the champions, and the new versions as challengers."""
    refused: Mapping[str, Contest] = {v.name: v.contest for v in versions if v.contest and not allowed(v.contest)}
    for version in versions:
        job.registry.challenge(version.name, version.version)
    lost = [v for v in versions if v.name in refused]
    job.registry.note(
        [_line("refuse", v.name, v.version, _instead(v), _why(v.reason, v.contest), job.now) for v in lost]
    )
    job.tell(
        "\n".join(
            [
                "champions stay as they were: what one training gave becomes champion together or not at all",
                *(f"          {_refusal(v.name, v.version, _instead(v) or '', v.contest)}" for v in lost),
            ]
        )
    )
    return "refused"


def _request(job: Job, versions: Sequence[Logged]) -> str:
    """Ask a second person to agree to the new versions."""
    for version in versions:
        job.registry.challenge(version.name, version.version)
    job.registry.note(
        [_line("request", v.name, v.version, _instead(v), _why(v.reason, v.contest), job.now) for v in versions]
    )
    names = " ".join(version.name for version in versions)
    job.tell(f"requested a second person lets the new versions score: patron approve {names}")
    return "requested"
