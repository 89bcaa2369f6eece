"""Collisions: what a person should look at before merged customers are believed; counts and pseudonyms only."""

from collections.abc import Iterator

import pandas as pd

from patron.history.identities.evidence import Evidence
from patron.history.identities.grouping import Groups, components
from patron.history.identities.matching import MOST, Matching
from patron.pseudonyms import pseudonyms

__all__ = ["COLUMNS", "collisions"]

COLUMNS = ("what", "kind", "count", "keys", "pseudonym", "change")
LETTERS = 10
EXAMPLES = 20  # of each sort, the largest first
USUAL, MANY_TIMES = 3, 2
SURE = 0.99  # a probability from which on one link may carry a group
WORDS = {
    "invalid": "values that are none, and not used",
    "placeholder": "values that stand for nobody, and are not used",
    "key of many": "keys with more identifiers than a person has, not linked by them",
    "shared by many": "identifiers of more keys than a person has, linking none",
}


def collisions(
    evidence: Evidence, groups: Groups, doubtful: pd.DataFrame, matching: Matching, secret: bytes
) -> pd.DataFrame:
    """Return what was left out, and which groups are larger than usual, weakly joined, or were taken apart.

    Args:
        evidence: the keys and their identifiers.
        groups: which keys became one customer.
        doubtful: pairs of keys that may be one person, with a probability below the threshold.
        matching: the rules that were followed.
        secret: of this business, for the pseudonyms.

    Returns:
        the columns `what`; `kind` of identifier; `count` of values, keys or groups; `keys` that they concern;
        `pseudonym`, where a line is an example of the count above it; `change`: the line that would have it otherwise.
    """
    lines = [
        *_left_out(evidence.left_out, matching),
        *_large(evidence, groups, secret),
        *_weak(evidence, groups, secret),
    ]
    apart = doubtful[groups.labels[doubtful["left"]] != groups.labels[doubtful["right"]]]
    if len(apart):
        change = f"threshold = {apart.probability.min():.2f}"
        lines.append(
            (
                "pairs of keys that may be one person, below the threshold",
                "name",
                len(apart),
                2 * len(apart),
                "",
                change,
            )
        )
    if groups.parted:
        what = "groups that would join keys that are never one person, taken apart"
        lines.append((what, "", len(groups.parted), sum(groups.parted), "", ""))
    return pd.DataFrame(lines, columns=list(COLUMNS))


Line = tuple[str, str, int, int, str, str]


def _left_out(left_out: pd.DataFrame, matching: Matching) -> Iterator[Line]:
    for (what, kind), lines in left_out.groupby(["what", "kind"], sort=False):
        most = int(lines["size"].max())
        change = f"most_keys = {most}" if what == "shared by many" and most <= MOST else ""
        if (what, kind) == ("invalid", "phone") and not matching.country:
            change = 'country = "GB"'
        yield WORDS[what], kind, int(lines["count"].sum()), int(lines["size"].sum()), "", change
        for line in lines[lines.value != ""].nlargest(EXAMPLES, "size").itertuples():
            yield f"example: {what}", kind, 1, int(line.size), line.value[:LETTERS], ""


def _large(evidence: Evidence, groups: Groups, secret: bytes) -> Iterator[Line]:
    sizes = pd.Series(groups.labels).value_counts()
    several = sizes[sizes > 1]
    usual = max(USUAL, MANY_TIMES * several.quantile(0.9)) if len(several) else USUAL
    large = several[several > usual]
    if len(large):
        yield f"groups of more than {usual:.0f} keys, larger than usual", "", len(large), int(large.sum()), "", ""
    yield from _examples("large group", large, evidence, groups, secret)


def _weak(evidence: Evidence, groups: Groups, secret: bytes) -> Iterator[Line]:
    """Describe the groups that would fall apart without a phone number, which households share, or a doubtful name."""
    links = groups.links
    strong = links[
        (links.strength > 1) | (links.kinds == "email") | ((links.kinds == "name") & (links.strength >= SURE))
    ]
    pieces = pd.Series(components(len(groups.labels), strong)).groupby(groups.labels).nunique()
    sizes = pd.Series(groups.labels).value_counts()[pieces[pieces > 1].index]
    if len(sizes):
        what = f"groups of which a part is joined only by one phone number, or by a name with less than {SURE:.0%}"
        yield what, "", len(sizes), int(sizes.sum()), "", ""
    yield from _examples("weak group", sizes, evidence, groups, secret)


def _examples(what: str, sizes: "pd.Series[int]", evidence: Evidence, groups: Groups, secret: bytes) -> Iterator[Line]:
    first = pd.Series(evidence.keys.index).groupby(groups.labels).min()
    shown = sizes.sort_index().nlargest(EXAMPLES)
    names = pseudonyms(evidence.keys.name[first[shown.index]], secret)
    for size, name in zip(shown, names, strict=True):
        yield f"example: {what}", "", 1, int(size), name, ""
