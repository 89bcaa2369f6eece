"""Kernels: compiled loops that go through the rows once for all draws, whose weights have the shape (n, draws).

Rows come in the order that each loop asks for; a weight of zero makes a row one that is not there.
"""

import numpy as np

from patron.compiling import compiled

__all__ = ["count_pairs", "precision", "rank_covariance", "sums", "tally", "top_sums"]

LANES = 32  # draws of which the counts of all levels stay in the processor's cache


@compiled
def sums(weights, values):
    """Return the weighted sum of the values, shape (draws,)."""
    n, draws = weights.shape
    total = np.zeros(draws)
    for i in range(n):
        for d in range(draws):
            total[d] += weights[i, d] * values[i] if weights[i, d] else 0.0
    return total


@compiled
def tally(weights, codes, size):
    """Return the weight of each code below *size*, shape (size, draws)."""
    n, draws = weights.shape
    counts = np.zeros((size, draws))
    for i in range(n):
        for d in range(draws):
            counts[codes[i], d] += weights[i, d]
    return counts


@compiled
def rank_covariance(weights, values, ends):
    """Return the sum of the values, each times how far its mid-rank lies above the middle, shape (draws,).

    Rows from the lowest score to the highest; *ends* marks the last row of each score.
    """
    n, draws = weights.shape
    covariance, mass, amount = np.zeros(draws), np.zeros(draws), np.zeros(draws)
    rank = sums(weights, np.ones(n)) / -2.0
    for i in range(n):
        for d in range(draws):
            mass[d] += weights[i, d]
            amount[d] += weights[i, d] * values[i]
        if ends[i]:
            for d in range(draws):
                covariance[d] += amount[d] * (rank[d] + mass[d] / 2.0)
                rank[d] += mass[d]
                mass[d] = amount[d] = 0.0
    return covariance


@compiled
def precision(weights, events, ends):
    """Return the sum over events of the share of events down to their score, shape (draws,).

    Rows from the highest score to the lowest; *ends* marks the last row of each score.
    """
    n, draws = weights.shape
    total, mass, hits, new = np.zeros(draws), np.zeros(draws), np.zeros(draws), np.zeros(draws)
    for i in range(n):
        for d in range(draws):
            mass[d] += weights[i, d]
            new[d] += weights[i, d] * events[i]
        if ends[i]:
            for d in range(draws):
                hits[d] += new[d]
                total[d] += new[d] * hits[d] / mass[d] if mass[d] else 0.0
                new[d] = 0.0
    return total


@compiled
def top_sums(weights, values, ends, shares):
    """Return the sum of the values over the top *shares* of the weight, shape (shares, draws).

    A row across the border counts in part. Rows from the highest score to the lowest; *ends* marks the last row of each
    score.
    """
    n, draws = weights.shape
    everything, borders = sums(weights, np.ones(n)), np.zeros(draws, np.int64)
    result, mass, amount = np.zeros((len(shares), draws)), np.zeros(draws), np.zeros(draws)
    new_mass, new_amount = np.zeros(draws), np.zeros(draws)
    for i in range(n):
        for d in range(draws):
            new_mass[d] += weights[i, d]
            new_amount[d] += weights[i, d] * values[i]
        if ends[i]:
            for d in range(draws):
                reached = mass[d] + new_mass[d]
                while borders[d] < len(shares) and reached > shares[borders[d]] * everything[d]:
                    part = shares[borders[d]] * everything[d] - mass[d]
                    result[borders[d], d] = amount[d] + part * new_amount[d] / new_mass[d]
                    borders[d] += 1
                mass[d] = reached
                amount[d] += new_amount[d]
                new_mass[d] = new_amount[d] = 0.0
    for d in range(draws):
        result[borders[d] :, d] = amount[d]
    return result


@compiled
def count_pairs(weights, turns, bought, levels, size):
    """Return the weight of pairs in the right order (half where levels tie), and of all pairs, shape (2, draws).

    Rows from the last turn to the first. A pair is a row that *bought*, and one of a later turn, which should have a
    higher level of the *size* levels. The weight below a level is read from a tree of partial sums (Fenwick 1994).
    """
    pairs = np.zeros((2, weights.shape[1]))
    for first in range(0, weights.shape[1], LANES):
        _count_pairs(weights, first, min(first + LANES, weights.shape[1]), turns, bought, levels, size, pairs)
    return pairs


@compiled
def _count_pairs(weights, first, stop, turns, bought, levels, size, pairs):
    tree, at_level = np.zeros((size + 1, stop - first)), np.zeros((size, stop - first))
    later, i = np.zeros(stop - first), 0
    while i < len(turns):
        begin = i
        while i < len(turns) and turns[i] == turns[begin]:
            i += 1
        for j in range(begin, i if begin else 0):
            if bought[j]:
                _compare(weights[j], first, levels[j], tree, at_level, later, pairs)
        for j in range(begin, i):
            _insert(weights[j], first, levels[j], begin, tree, at_level, later)
        if begin == 0:
            _sum_up(tree)
    return pairs


@compiled
def _compare(weights, first, level, tree, at_level, later, pairs):
    """Add the pairs of a row and those of later turns."""
    for d in range(len(later)):
        pairs[0, first + d] += weights[first + d] * (later[d] + at_level[level, d] / 2.0)
        pairs[1, first + d] += weights[first + d] * later[d]
    node = level + 1
    while node > 0:
        for d in range(len(later)):
            pairs[0, first + d] -= weights[first + d] * tree[node, d]
        node -= node & -node


@compiled
def _insert(weights, first, level, summed, tree, at_level, later):
    """Add a row to its level, and where the tree is summed up to all nodes above it."""
    for d in range(len(later)):
        at_level[level, d] += weights[first + d]
        later[d] += weights[first + d]
    node = level + 1
    while node < len(tree):
        for d in range(len(later)):
            tree[node, d] += weights[first + d]
        node = node + (node & -node) if summed else len(tree)


@compiled
def _sum_up(tree):
    """Make a tree of levels a tree of partial sums."""
    for node in range(1, len(tree)):
        parent = node + (node & -node)
        if parent < len(tree):
            for d in range(tree.shape[1]):
                tree[parent, d] += tree[node, d]
