"""Grouping: whatever the links and the rules, no group has a pair that is never one person, and no other is touched."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from patron.history.identities.grouping import components, grouped

N = 9
NODES = st.integers(0, N - 1)
LINKS = st.dictionaries(
    st.tuples(NODES, NODES).filter(lambda pair: pair[0] < pair[1]), st.sampled_from([1.0, 2.0, 0.97]), max_size=14
)
PAIRS = st.lists(st.tuples(NODES, NODES).filter(lambda pair: pair[0] != pair[1]), max_size=4)


def frame(links: dict) -> pd.DataFrame:
    rows = [(left, right, "email", strength, 1.0) for (left, right), strength in links.items()]
    columns = ["left", "right", "kinds", "strength", "probability"]
    return pd.DataFrame(rows, columns=columns).astype({"left": "int64", "right": "int64", "strength": "float64"})


def partition(labels: np.ndarray) -> set[frozenset]:
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in np.unique(labels)}


@given(LINKS, PAIRS)
@settings(deadline=None)
def test_no_group_has_a_pair_that_is_never_one_person_and_groups_without_one_stay_whole(links, pairs):
    apart = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    groups, whole = grouped(N, frame(links), apart), partition(components(N, frame(links)))
    after = partition(groups.labels)
    assert not any({left, right} <= group for left, right in pairs for group in after)
    for group in whole:
        torn = any({left, right} <= group for left, right in pairs)
        assert torn or group in after
    assert len(groups.parted) == sum(any({*pair} <= group for pair in pairs) for group in whole)


@given(LINKS, PAIRS, st.permutations(range(N)))
@settings(deadline=None)
def test_the_order_of_keys_changes_no_group(links, pairs, order):
    apart = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    place = np.array(order)
    moved = {tuple(sorted((int(place[left]), int(place[right])))): s for (left, right), s in links.items()}
    before, after = grouped(N, frame(links), apart), grouped(N, frame(moved), place[apart].reshape(-1, 2))
    assert {frozenset(int(place[node]) for node in group) for group in partition(before.labels)} == partition(
        after.labels
    )


def test_a_stronger_link_is_followed_before_a_weaker_one():
    """0 and 1 share two identifiers, 1 and 2 one; 0 and 2 are never one person."""
    groups = grouped(3, frame({(0, 1): 2.0, (1, 2): 1.0}), np.array([[0, 2]]))
    assert partition(groups.labels) == {frozenset({0, 1}), frozenset({2})}
    assert (len(groups.links), groups.parted) == (1, (3,))
