"""The registry as one value: what it keeps, which version is champion, and how that is undone."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from patron.errors import LockError, RegistryError
from patron.registry import audit
from patron.registry.approvals import approval, check_approval, check_still, open_request
from patron.registry.audit import NOBODY, Promotion, moves, previous_champion, undone
from patron.registry.hashes import check_files_unchanged
from patron.registry.local_store import ensure_store, move_champions
from patron.registry.mlflow_import import mlflow
from patron.registry.quick_reads import kept_champions
from patron.registry.records import Records
from patron.registry.together import marked, move_aliases, recover, standing_together
from patron.registry.versions import Champion, aliases_of, check_version, no_champion, runs_of, standing

__all__ = ["TRAINING", "Registry"]

TRAINING = "training"
ANY: Mapping[str, str | None] = MappingProxyType({})


@dataclass(frozen=True)
class Registry(Records):
    """Runs and models, kept locally or on a server, and which version is champion.

    Make one with `Registry.at(folder)` or `Registry.server(address)`; nothing is opened until it is used.
    """

    def champion(self, name: str) -> Champion:
        """Return the version that scores, with its bundle on this machine.

        Raises:
            RegistryError: as `champions`.
        """
        return self.champions([name])[0]

    def champions(self, names: Sequence[str]) -> tuple[Champion, ...]:
        """Return the versions of several models that score, as one promotion left them, with their bundles here.

        Raises:
            RegistryError: there is no such model, it has no champion, or files of a bundle are not as registered.
        """
        if (kept := self._kept(names)) is not None:
            return kept
        with self._client() as client:
            with suppress(Exception):  # who may only read scores with what the switch says
                self._recovered(client, names)
            versions = self._standing(client, names)
            # A promotion moves all at once: two readings that agree have none between them.
            while (again := self._standing(client, names)) != versions:
                versions = again
            return tuple(self._opened(client, name, version) for name, version in versions.items())

    def opened_version(self, name: str, number: str) -> Champion:
        """Return one version, whether it scores or not, with its bundle on this machine.

        Raises:
            RegistryError: there is no such version, or files of its bundle are not as registered.
        """
        with self._client() as client:
            check_version(client, name, number)
            return self._opened(client, name, number)

    def standing(self, name: str) -> str | None:
        """Return the version that scores, or None where there is no such model, or none of its versions scores."""
        with self._client() as client:
            alias = standing(client, name, self._shown)
            return alias and self._scoring(client, name, alias)

    def promote(self, name: str, version: str, reason: str, at: datetime, who: str = "") -> None:
        """Make a version champion, so that it scores from now on; the audit log keeps when, instead of which and why.

        Promoting the champion again changes nothing. Whether the version is good enough `patron.jobs.promote` asks.

        Args:
            name: the registered model.
            version: of it.
            reason: why, for the audit log.
            at: when.
            who: by whom.

        Raises:
            RegistryError: there is no such version.
        """
        self.promote_together([(name, version, reason)], at, who)

    def promote_together(
        self,
        chosen: Sequence[tuple[str, str, str]],
        at: datetime,
        who: str = "",
        instead: Mapping[str, str | None] = ANY,
    ) -> None:
        """Make versions of several models champions: all of them, or none where one is refused or fails.

        Args:
            chosen: name, version and reason of each.
            at: when.
            who: by whom.
            instead: the champion, by model, that was there when this was decided; None for none.

        Raises:
            RegistryError: a version is not there, or the store refuses; every champion is then what it was.
            LockError: somebody else has moved a champion meanwhile.
        """
        with self._client() as client, self._alone():
            seen = self._seen(client, [name for name, *_ in chosen])
            planned = [self._promotion(client, *version, at, who) for version in chosen]
            for move in planned:
                check_still(move, instead.get(move.name, move.previous))
            self._move(client, [move for move in planned if move.previous != move.version], seen)

    def approve(self, names: Sequence[str], at: datetime, who: str) -> tuple[Promotion, ...]:
        """Make the versions champions that somebody else has requested, all or none; return the lines of the log.

        Args:
            names: the models.
            at: when.
            who: the second person.

        Raises:
            RegistryError: nothing is requested, the same person has requested it, or it was overtaken.
        """
        with self._client() as client, self._alone():
            seen = self._seen(client, names)
            requests = [self._request(client, name, at, who) for name in names]
            words, promotions = zip(*(approval(request, _utc(at), who) for request in requests), strict=True)
            self._move(client, promotions, seen, noted=words)
        return promotions

    def note(self, lines: Sequence[Promotion]) -> None:
        """Add lines to the audit log that move no champion: what was requested, refused, or made a rule.

        Raises:
            RegistryError: there is no such model, or the store refuses.
        """
        with self._client() as client, self._alone():
            for line in lines:
                aliases_of(client, line.name, self._shown)
            audit.append(client, self.folder, lines)

    def challenge(self, name: str, version: str) -> None:
        """Mark a version that did not win as challenger, to be found as `models:/<name>@challenger`.

        Raises:
            RegistryError: there is no such version.
        """
        with self._client() as client:
            aliases_of(client, name, self._shown)
            check_version(client, name, version)
            client.set_registered_model_alias(name, "challenger", str(version))

    def rollback(self, name: str, at: datetime, reason: str, who: str = "") -> str:
        """Undo the latest promotion that still stands, and return the version that scores again.

        Two rollbacks undo two promotions; the audit log grows by a line each time.

        Raises:
            RegistryError: no promotion stands, the one that stands was the first, or the log does not tell of it.
        """
        with self._client() as client, self._alone():
            self._recovered(client, [name])
            current = aliases_of(client, name, self._shown).get("champion")
            log = self._settled(client, name, current)
            last = moves(log)[-1:]
            if last and last[0].version != (current or NOBODY):
                raise RegistryError(
                    f"The audit log does not tell how version {current} of model {name!r} became champion: its last "
                    f"line is about version {last[0].version}, so that its end is cut or somebody else moved it. "
                    f"Name the version that is to score: patron promote {name} <version>"
                )
            back = previous_champion(log)
            if back is None:
                raise RegistryError(
                    f"Model {name!r} has no earlier champion to go back to from version {current}: "
                    f"the audit log names none. Promote one instead: patron promote {name} <version>"
                )
            check_version(client, name, back)
            seen = {name: len(moves(log))}
            self._move(client, [Promotion(_utc(at), "rollback", name, back, current, reason, who)], seen)
        return back

    def promotions(self, name: str) -> tuple[Promotion, ...]:
        """Return a model's audit log, oldest first."""
        with self._client() as client:
            return audit.read(client, self.folder, name)

    def _kept(self, names: Sequence[str]) -> tuple[Champion, ...] | None:
        """Return the champions of a local store, without mlflow; None where its database does not tell them all."""
        if self.folder is None or not (self.folder / "mlflow.db").is_file():
            return None
        ensure_store(self.folder)
        kept = kept_champions(self.folder, list(dict.fromkeys(names)))
        return None if kept is None else tuple(_verified(v.name, v.version, v.run_id, v.bundle, v.tags) for v in kept)

    def _standing(self, client: Any, names: Sequence[str]) -> dict[str, str]:
        versions = {}
        for name in names:
            pointing = aliases_of(client, name, self._shown)
            version = self._scoring(client, name, pointing.get("champion"))
            if version is None:
                raise no_champion(client, name, pointing)
            versions[name] = version
        return versions

    def _scoring(self, client: Any, name: str, alias: str | None) -> str | None:
        return alias if self.folder is not None else standing_together(client, name, alias)

    def _recovered(self, client: Any, names: Sequence[str]) -> None:
        """End what a kill left half-way on a server; in a local store there is nothing of the kind."""
        if self.folder is None:
            for name in names:
                aliases_of(client, name, self._shown)
            recover(client, names)

    def _opened(self, client: Any, name: str, number: str) -> Champion:
        if number not in runs_of(client, name):
            raise no_champion(client, name, aliases_of(client, name, self._shown))
        version = client.get_model_version(name, number)
        address = client.get_model_version_download_uri(name, number)
        uri = f"{address}/artifacts/bundle"
        bundle = Path(mlflow().artifacts.download_artifacts(artifact_uri=uri, tracking_uri=self.tracking_uri))
        return _verified(name, number, version.run_id, bundle, version.tags)

    def _request(self, client: Any, name: str, at: datetime, who: str) -> Promotion:
        """Return the open request of a model that this person may approve."""
        champion = aliases_of(client, name, self._shown).get("champion")
        request = open_request(name, self._settled(client, name, champion))
        check_version(client, name, request.version)
        if request.who == who:
            refused = replace(
                request, at=_utc(at), action="refuse", reason=f"approved by the one who requested it: {who}"
            )
            audit.append(client, self.folder, [refused])
        check_approval(request, champion, who)
        return request

    def _promotion(self, client: Any, name: str, version: str, reason: str, at: datetime, who: str) -> Promotion:
        previous = aliases_of(client, name, self._shown).get("champion")
        check_version(client, name, version)
        self._settled(client, name, previous)
        return Promotion(_utc(at), "promote", name, str(version), previous, reason, who)

    def _settled(self, client: Any, name: str, champion: str | None) -> tuple[Promotion, ...]:
        """Return the log of a model, after a line that takes back what a killed run began and did not do."""
        log = audit.read(client, self.folder, name)
        taken_back = undone(log, champion)
        if taken_back is None:
            return log
        audit.append(client, self.folder, [taken_back])
        return (*log, taken_back)

    def _seen(self, client: Any, names: Sequence[str]) -> dict[str, int]:
        """Return how many lines have moved the champion of each model, before it is looked at."""
        self._recovered(client, names)
        champions = {name: aliases_of(client, name, self._shown).get("champion") for name in names}
        return {name: len(moves(self._settled(client, name, champion))) for name, champion in champions.items()}

    def _move(
        self, client: Any, moves: Sequence[Promotion], seen: Mapping[str, int], noted: Sequence[Promotion] = ()
    ) -> None:
        # The lines come first: a promotion that dies half-way leaves a trace, never a silent champion.
        moves = moves if self.folder is not None else marked(moves)
        try:
            lines = audit.append(client, self.folder, [*noted, *moves])
            audit.refuse_rivals(client, lines, seen)
            if self.folder is not None:
                move_champions(self.folder, [(move.name, move.version) for move in moves])
            else:
                move_aliases(client, moves)
        except LockError:
            raise
        except BaseException:
            for move in moves:
                self._settled(client, move.name, move.previous)
            raise


def _verified(name: str, number: str, run_id: str, bundle: Path, tags: Mapping[str, str]) -> Champion:
    verified = check_files_unchanged(name, number, bundle, tags)
    return Champion(name, number, run_id, bundle, tags.get(TRAINING, ""), verified)


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
