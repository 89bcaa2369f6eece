"""Customer parts: customers held out in turn, for rows without dates, of which none is later than another."""

import numpy as np

__all__ = ["held_out_parts"]


def held_out_parts(customers: np.ndarray, label: np.ndarray, parts: int, repeats: int, seed: int) -> list[np.ndarray]:
    """Return which rows are held out in each turn of a repeated cross-validation, as masks of shape (n,).

    All rows of a customer are in one part, and each part has its share of the answers where these are a few classes.
    Five repeats of two parts are the 5x2 cross-validation of Dietterich (1998), Neural Computation 10.

    Args:
        customers: of each row, shape (n,).
        label: what happened, shape (n,).
        parts: in how many parts the customers are divided.
        repeats: how often that is done anew.
        seed: of the drawing.

    >>> turns = held_out_parts(np.array(["a", "b", "c", "d"]), np.array([0.0, 1.0, 0.0, 1.0]), 2, 1, seed=0)
    >>> [int(turn.sum()) for turn in turns], int((turns[0] & turns[1]).sum())
    ([2, 2], 0)
    """
    _, first, place = np.unique(customers, return_index=True, return_inverse=True)
    answers = np.unique(label[first], return_inverse=True)[1]
    rng = np.random.default_rng(seed)
    turns = []
    for _ in range(repeats):
        order = rng.permutation(len(first))
        order = order[np.argsort(answers[order], kind="stable")]
        part = np.empty(len(first), dtype=np.int64)
        part[order] = np.arange(len(first)) % parts
        turns += [part[place] == k for k in range(parts)]
    return turns
