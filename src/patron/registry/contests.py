"""Contests: how a version did beside the champion of its time on the same rows, and whether that lets it take over.

The rule: a version takes over unless it is worse beyond noise, by a paired test on rows that are later than what either
has learned from. It need not be better: it has learned from later customers, which is a reason of its own, and a test
of usual size could not prove what one more month brings.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

__all__ = ["CONTEST", "Contest", "allowed", "between", "kept"]

CONTEST = "patron.contest"  # the tag of a version that holds it
SIGNS = {"better": "worse", "worse": "better"}

Verdict = Literal["better", "as good", "worse", "unable", "unfair", "undated"]


@dataclass(frozen=True)
class Contest:
    """How a version did beside the champion of its time.

    Args:
        against: the version that was champion.
        verdict: whether it was better, as good within noise, or worse; or that they could not be compared: the champion
            is `unable` to answer what is asked now, `unfair` as it has learned from what it would be judged by, or
            the rows are `undated`.
        reason: why, in a sentence.
        figures: the difference of each deciding figure, this version less the champion, with its 95 % interval.
        cutoffs: of the rows that both were asked.
        rows: how many.
        customers: of how many customers.
    """

    against: str
    verdict: Verdict
    reason: str
    figures: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    cutoffs: tuple[str, ...] = ()
    rows: int = 0
    customers: int = 0

    @property
    def text(self) -> str:
        """The contest as JSON."""
        return json.dumps(asdict(self))

    @property
    def words(self) -> str:
        """The contest as a sentence without its end."""
        return f"beside the champion (version {self.against}): {self.verdict}; {self.reason}"


def kept(tags: Mapping[str, str]) -> Contest | None:
    """Return the contest that a version is kept with, or None."""
    if CONTEST not in tags:
        return None
    plain: dict[str, Any] = json.loads(tags[CONTEST])
    return Contest(**plain | {"cutoffs": tuple(plain["cutoffs"])})


def allowed(contest: Contest) -> bool:
    """Return whether a version may take the champion's place.

    >>> allowed(Contest("1", "as good", "")), allowed(Contest("1", "worse", ""))
    (True, False)
    """
    return contest.verdict not in ("worse", "unfair")


def between(
    tags: Mapping[str, str], version: str, champion: str, tags_of_champion: Mapping[str, str]
) -> Contest | None:
    """Return how a version did beside the champion: its own contest, or the champion's with it, seen from its side.

    Args:
        tags: of the version.
        version: its number.
        champion: the number of the champion.
        tags_of_champion: its tags.
    """
    own, other = kept(tags), kept(tags_of_champion)
    if own and own.against == champion:
        return own
    if other and other.against == version and other.verdict in (*SIGNS, "as good"):
        return _reversed(other, champion)
    return None


def _reversed(contest: Contest, champion: str) -> Contest:
    """Return the same contest from the side of the other version."""
    figures = {
        name: {"value": -of["value"], "low": -of["high"], "high": -of["low"]} for name, of in contest.figures.items()
    }
    verdict: Any = SIGNS.get(contest.verdict, contest.verdict)
    reason = f"when version {champion} was trained, it was judged beside this one: {contest.reason}"
    return replace(contest, against=champion, verdict=verdict, reason=reason, figures=figures)
