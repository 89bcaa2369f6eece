"""Choosing: the loops over features that find which facts push most, and what a fact gives."""

import numpy as np

from patron.compiling import compiled

__all__ = ["add_parts", "choose"]


@compiled
def choose(pushes, order, start, kind, stable, chosen, strength, speaker):
    """Write the facts of each row that push most for and against, strongest first; ties by number.

    The first of a side is a stable one, where any pushes that way.

    Args:
        pushes: of each feature, shape (rows, features).
        order: the features of each kind of rows by the number of their fact, shape (kinds, features).
        start: where those of each number begin among them, shape (kinds, numbers + 1).
        kind: of each row.
        stable: whether a fact may be a first reason, by its number.
        chosen: written: facts, shape (rows, 2, most).
        strength: written: what the features of each push together.
        speaker: written: which of them pushes most that way.
    """
    rows, features = pushes.shape
    most = chosen.shape[2]
    own, together = np.empty(features), np.empty(features)
    for row in range(rows):
        own[:] = pushes[row]
        members, begins = order[kind[row]], start[kind[row]]
        for number in range(features):
            push = 0.0
            for place in range(begins[number], begins[number + 1]):
                push += own[members[place]]
            together[number] = push
            side = 0 if push > 0.0 else 1
            if abs(push) > abs(strength[row, side, most - 1]):
                _insert(number, push, chosen[row, side], strength[row, side])
        for side in range(2):
            if chosen[row, side, 0] >= 0 and not stable[chosen[row, side, 0]]:
                number = _strongest_stable(together, stable, 1.0 if side == 0 else -1.0)
                if number >= 0:
                    _put_first(number, together[number], chosen[row, side], strength[row, side])
            for place in range(most):
                number = chosen[row, side, place]
                if number >= 0:
                    speaker[row, side, place] = _loudest(own, members[begins[number] : begins[number + 1]], side)


@compiled
def _loudest(pushes, members, side):
    """Return which feature of a fact pushes most towards a side, the first where some push alike."""
    loudest, most = 0, 0.0
    for i in members:
        push = pushes[i] if side == 0 else -pushes[i]
        if push > most:
            loudest, most = i, push
    return loudest


@compiled
def _strongest_stable(together, stable, sign):
    number, most = -1, 0.0
    for i in range(len(together)):
        if stable[i] and sign * together[i] > most:
            number, most = i, sign * together[i]
    return number


@compiled
def _put_first(number, push, chosen, strength):
    """Put a fact before all others, which keep their order."""
    place = len(chosen) - 1
    for i in range(len(chosen)):
        if chosen[i] == number:
            place = i
    while place > 0:
        chosen[place], strength[place] = chosen[place - 1], strength[place - 1]
        place -= 1
    chosen[0], strength[0] = number, push


@compiled
def _insert(number, push, chosen, strength):
    """Put a fact where it belongs among the strongest so far, of which the last gives way."""
    place = len(chosen) - 1
    while place > 0 and abs(push) > abs(strength[place - 1]):
        chosen[place], strength[place] = chosen[place - 1], strength[place - 1]
        place -= 1
    chosen[place], strength[place] = number, push


@compiled
def add_parts(parts, kinds, kind, row, which, total):
    """Add up what the features of one fact give, for each cell.

    Args:
        parts: contributions, shape (rows, steps, classes, features).
        kinds: the number of each feature's fact, shape (kinds, features).
        kind: of each row.
        row: of each cell.
        which: fact of each cell.
        total: what is added to, shape (cells, steps, classes).
    """
    for cell in range(len(row)):
        fact = kinds[kind[row[cell]]]
        for i in range(len(fact)):
            if fact[i] == which[cell]:
                for step in range(parts.shape[1]):
                    for number in range(parts.shape[2]):
                        total[cell, step, number] += parts[row[cell], step, number, i]
