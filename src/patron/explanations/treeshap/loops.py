"""Loops: exact contributions of all trees to all rows, tree by tree and one block of rows at a time."""

import numpy as np

from patron.compiling import compiled

__all__ = ["add_contributions"]

BLOCK = 1024
MOST_TABLED = 14  # tests of a group: a table of more patterns takes more memory than its rows
NOTHING = 1e-35  # what LightGBM takes for zero


@compiled
def add_contributions(nodes, patterns, points, weights, columns, parts):
    """Add what each feature gives to each row.

    A group whose patterns are more than the rows is computed for the rows' own patterns, by the same sums in the same
    order: a row has the same contributions to the last bit, whatever rows are beside it.

    Args:
        nodes: the splits of all trees.
        patterns: their groups of leaves.
        points: where a polynomial is looked at to integrate it, by the number of points, shape (most, most).
        weights: of these points.
        columns: the rows, shape (features, rows).
        parts: what is added to, shape (classes, features, rows).
    """
    rows = columns.shape[1]
    goes_left = np.empty((_most_splits(nodes.start), BLOCK), np.uint8)
    holds = np.empty(BLOCK, np.uint8)
    keys = np.empty(BLOCK, np.int64)
    for tree in range(len(nodes.start) - 1):
        first, stop = patterns.tree_start[tree], patterns.tree_start[tree + 1]
        starts, tables = _tables(patterns, first, stop, points, weights, rows)
        plane = parts[tree % len(parts)]
        for begin in range(0, rows, BLOCK):
            end = min(begin + BLOCK, rows)
            _decide(nodes, tree, columns, begin, end, goes_left)
            for group in range(first, stop):
                _find_keys(patterns, group, goes_left, holds, keys[: end - begin])
                start = starts[group - first]
                slots = patterns.feature[patterns.slot_start[group] : patterns.slot_start[group + 1]]
                if start < 0:
                    own = np.zeros((len(slots), end - begin))
                    _add_group(patterns, group, points, weights, keys[: end - begin], own)
                    for slot in range(len(slots)):
                        _add(plane[slots[slot]][begin:end], own[slot])
                else:
                    size = 1 << (patterns.test_start[group + 1] - patterns.test_start[group])
                    for slot in range(len(slots)):
                        table = tables[start + slot * size : start + (slot + 1) * size]
                        _add_at(plane[slots[slot]][begin:end], table, keys)


@compiled
def _most_splits(start):
    most = 1
    for tree in range(len(start) - 1):
        most = max(most, start[tree + 1] - start[tree])
    return most


@compiled
def _tables(patterns, first, stop, points, weights, rows):
    """Return where the table of each group of a tree begins, -1 for those without, and all of them in one."""
    starts = np.empty(stop - first, np.int64)
    total = 0
    for group in range(first, stop):
        tests = patterns.test_start[group + 1] - patterns.test_start[group]
        is_tabled = tests <= MOST_TABLED and 1 << tests <= rows
        starts[group - first] = total if is_tabled else -1
        total += (patterns.slot_start[group + 1] - patterns.slot_start[group]) << tests if is_tabled else 0
    tables = np.zeros(total)
    for group in range(first, stop):
        if starts[group - first] >= 0:
            size = 1 << (patterns.test_start[group + 1] - patterns.test_start[group])
            width = patterns.slot_start[group + 1] - patterns.slot_start[group]
            begin = starts[group - first]
            table = tables[begin : begin + width * size].reshape((width, size))
            _add_group(patterns, group, points, weights, np.arange(size), table)
    return starts, tables


@compiled
def _decide(nodes, tree, columns, begin, end, goes_left):
    """Set for each split of a tree which rows go left there."""
    for node in range(nodes.start[tree], nodes.start[tree + 1]):
        column, left = columns[nodes.feature[node]][begin:end], goes_left[node - nodes.start[tree]]
        threshold, missing_left = nodes.threshold[node], nodes.missing_left[node]
        if nodes.is_categorical[node]:
            codes = nodes.codes[nodes.code_start[node] : nodes.code_stop[node]]
            for row in range(len(column)):
                left[row] = _is_among(codes, column[row])
        elif nodes.is_zero_missing[node]:
            for row in range(len(column)):
                is_known = abs(column[row]) > NOTHING
                left[row] = column[row] <= threshold if is_known else missing_left
        else:
            for row in range(len(column)):
                left[row] = (column[row] <= threshold) | (missing_left & (column[row] != column[row]))


@compiled
def _is_among(codes, value):
    """Check whether a code is in a set of bits; what is no code is in none."""
    if not -1.0 < value < 32.0 * len(codes):
        return False
    code = int(value)
    return codes[code >> 5] >> (code & 31) & 1 == 1


@compiled
def _find_keys(patterns, group, goes_left, holds, keys):
    """Set which tests of a group each row meets, as bits."""
    keys[:] = 0
    first = patterns.test_start[group]
    for test in range(first, patterns.test_start[group + 1]):
        holds[:] = 1
        for split in range(patterns.split_start[test], patterns.split_start[test + 1]):
            wrong, left = np.uint8(1 - patterns.way[split]), goes_left[patterns.split[split]]
            for row in range(len(keys)):
                holds[row] &= left[row] ^ wrong
        for row in range(len(keys)):
            keys[row] |= np.int64(holds[row]) << (test - first)


@compiled
def _add_group(patterns, group, points, weights, keys, parts):
    """Add what the leaves of a group give to each of its features, for each key, shape (features, keys)."""
    met = np.empty(len(keys), np.int64)
    for leaf in range(patterns.leaf_start[group], patterns.leaf_start[group + 1]):
        start, depth = patterns.part_start[leaf], patterns.part_start[leaf + 1] - patterns.part_start[leaf]
        met[:] = 0
        for part in range(depth):
            mask, flip = patterns.mask[start + part], patterns.flip[start + part]
            for i in range(len(keys)):
                met[i] |= np.int64(((keys[i] ^ flip) & mask) == mask) << part
        is_tabled = depth <= MOST_TABLED and 1 << depth <= len(keys)
        wanted = np.arange(1 << depth) if is_tabled else met
        table = np.empty((depth, len(wanted)))
        _leaf_parts(patterns.share[start : start + depth], patterns.value[leaf], points, weights, wanted, table)
        for part in range(depth):
            target = parts[patterns.slot[start + part]]
            if is_tabled:
                _add_at(target, table[part], met)
            else:
                _add(target, table[part])


@compiled
def _leaf_parts(shares, value, points, weights, met, parts):
    """Set what a leaf gives to each feature of its path, for each pattern of conditions met, exactly.

    The leaf's value counts with the product, over the features of its path, of 1 or 0 where the feature is known and
    of the share of training rows where it is not. The mean over all orders of getting to know them is the integral of
    the slope of that product, as the chance of being known goes from 0 to 1 for all (Owen 1972); the slope is a
    polynomial, and Gauss's points integrate it without error.
    """
    depth = len(shares)
    count = (depth + 1) // 2
    factors = np.empty((depth, 2, count))
    for i in range(depth):
        for k in range(count):
            factors[i, 0, k] = shares[i] * (1.0 - points[count, k])
            factors[i, 1, k] = factors[i, 0, k] + points[count, k]
    inverse = 1.0 / factors
    product = np.empty(count)
    for pattern in range(len(met)):
        for k in range(count):
            product[k] = weights[count, k] * value
        for i in range(depth):
            own = factors[i, met[pattern] >> i & 1]
            for k in range(count):
                product[k] *= own[k]
        for i in range(depth):
            known = met[pattern] >> i & 1
            total, own = 0.0, inverse[i, known]
            for k in range(count):
                total += product[k] * own[k]
            parts[i, pattern] = (known - shares[i]) * total


@compiled
def _add(target, values):
    for i in range(len(target)):
        target[i] += values[i]


@compiled
def _add_at(target, table, places):
    for i in range(len(target)):
        target[i] += table[places[i]]
