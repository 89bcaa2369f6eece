"""Choosing: the loops over features that find which facts push most, and what a fact gives."""

import numpy as np

from patron.compiling import compiled

__all__ = ["add_parts", "choose"]


@compiled
def choose(pushes, fact, stable, chosen, strength, speaker):
    """Write the facts of each row that push most for and against, strongest first; ties by number.

    The first of a side is a stable one, where any pushes that way.

    Args:
        pushes: of each feature, shape (rows, features).
        fact: the number of each feature's fact, below zero where it has none, shape (rows, features).
        stable: whether a fact may be a first reason, by its number.
        chosen: written: facts, shape (rows, 2, most).
        strength: written: what the features of each push together.
        speaker: written: which of them pushes most that way.
    """
    rows, features = pushes.shape
    together, best, loudest = np.zeros(features), np.zeros(features), np.zeros(features, np.int64)
    for row in range(rows):
        together[:], best[:], loudest[:] = 0.0, 0.0, 0
        for i in range(features):
            if fact[row, i] >= 0:
                together[fact[row, i]] += pushes[row, i]
        for i in range(features):
            number = fact[row, i]
            if number >= 0 and pushes[row, i] * np.sign(together[number]) > best[number]:
                best[number], loudest[number] = pushes[row, i] * np.sign(together[number]), i
        for number in range(features):
            if together[number] != 0.0:
                side = 0 if together[number] > 0.0 else 1
                cell = chosen[row, side], strength[row, side], speaker[row, side]
                _insert(number, together[number], loudest[number], *cell)
        for side in range(2):
            if chosen[row, side, 0] >= 0 and not stable[chosen[row, side, 0]]:
                number = _strongest_stable(together, stable, 1.0 if side == 0 else -1.0)
                if number >= 0:
                    cell = chosen[row, side], strength[row, side], speaker[row, side]
                    _put_first(number, together[number], loudest[number], *cell)


@compiled
def _strongest_stable(together, stable, sign):
    number, most = -1, 0.0
    for i in range(len(together)):
        if stable[i] and sign * together[i] > most:
            number, most = i, sign * together[i]
    return number


@compiled
def _put_first(number, push, loudest, chosen, strength, speaker):
    """Put a fact before all others, which keep their order."""
    place = len(chosen) - 1
    for i in range(len(chosen)):
        if chosen[i] == number:
            place = i
    while place > 0:
        chosen[place], strength[place], speaker[place] = chosen[place - 1], strength[place - 1], speaker[place - 1]
        place -= 1
    chosen[0], strength[0], speaker[0] = number, push, loudest


@compiled
def _insert(number, push, loudest, chosen, strength, speaker):
    """Put a fact where it belongs among the strongest so far."""
    last = len(chosen) - 1
    if abs(push) <= abs(strength[last]):
        return
    place = last
    while place > 0 and abs(push) > abs(strength[place - 1]):
        chosen[place], strength[place], speaker[place] = chosen[place - 1], strength[place - 1], speaker[place - 1]
        place -= 1
    chosen[place], strength[place], speaker[place] = number, push, loudest


@compiled
def add_parts(parts, fact, row, which, total):
    """Add up what the features of one fact give, for each cell.

    Args:
        parts: contributions, shape (rows, steps, classes, features).
        fact: the number of each feature's fact, shape (rows, features).
        row: of each cell.
        which: fact of each cell.
        total: what is added to, shape (cells, steps, classes).
    """
    for cell in range(len(row)):
        for i in range(fact.shape[1]):
            if fact[row[cell], i] == which[cell]:
                for step in range(parts.shape[1]):
                    for kind in range(parts.shape[2]):
                        total[cell, step, kind] += parts[row[cell], step, kind, i]
