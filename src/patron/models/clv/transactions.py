"""The purchase histories that the parametric models read: three numbers per customer, checked once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from patron.errors import HistoryError, QuestionError

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Transactions:
    """Purchase histories that every model reads, checked once, one entry per customer.

    Parameters
    ----------
    x : (n,) repeat purchases, the first one not counted; 0 or more.
    t_x : (n,) days from the first to the last purchase; 0 where ``x`` is 0.
    T : (n,) days from the first purchase to the cutoff; at least ``t_x``.
    covariates : (n, k) timeless numbers about the customers, or None.

    Raises
    ------
    HistoryError
        Where lengths differ, a number is missing, or the three numbers of a customer contradict each other.

    Examples
    --------
    >>> Transactions([0, 2], [0, 30], [90, 90]).x
    array([0., 2.])
    """

    x: Array
    t_x: Array
    T: Array
    covariates: Array | None = None

    def __init__(self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike, covariates: ArrayLike | None = None) -> None:
        columns = {"x": column(x, "x"), "t_x": column(t_x, "t_x"), "T": column(T, "T")}
        same_length(columns)
        for name, values in columns.items():
            object.__setattr__(self, name, values)
        object.__setattr__(self, "covariates", table(covariates, len(self.x)))
        self._check_order()

    @property
    def z(self) -> Array:
        """The covariates as an (n, k) array, with k = 0 where there are none."""
        return np.empty((len(self.x), 0)) if self.covariates is None else self.covariates

    def _check_order(self) -> None:
        refuse_where(self.x < 0, self.x, "x (repeat purchases) is negative", "count purchases after the first: x >= 0")
        refuse_where(self.t_x < 0, self.t_x, "t_x (last purchase) lies before the first", "t_x = last - first >= 0")
        refuse_where(
            (self.x == 0) & (self.t_x > 0),
            self.t_x,
            "t_x is positive for a customer without repeat purchase",
            "set t_x = 0 where x = 0",
        )
        refuse_where(
            self.t_x > self.T,
            self.t_x,
            "t_x (last purchase) lies after T (the cutoff)",
            "keep purchases before the cutoff only, in the same unit as T",
        )


def column(values: ArrayLike, name: str) -> Array:
    """Turn one number per customer into floats, refusing what is not a number."""
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim != 1:
        raise HistoryError(
            f"'{name}' must hold one number per customer. Got an array of shape {numbers.shape}. "
            f"Pass a flat array: numpy.ravel({name})."
        )
    refuse_where(
        ~np.isfinite(numbers), numbers, f"'{name}' is not a finite number", "drop or fill these customers first"
    )
    return numbers


def table(values: ArrayLike | None, rows: int) -> Array | None:
    """Turn covariates into an (n, k) array, refusing gaps and other lengths."""
    if values is None:
        return None
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim != 2 or len(numbers) != rows:
        raise HistoryError(
            f"Covariates must have one row per customer. Got shape {numbers.shape} for {rows} customers. "
            "Pass an array of shape (customers, covariates)."
        )
    refuse_where(
        np.asarray(~np.isfinite(numbers).all(axis=1)),
        numbers.sum(axis=1),
        "a covariate is not a finite number",
        "fill gaps first, for example with the column's median",
    )
    return numbers


def same_length(columns: dict[str, Array]) -> None:
    """Refuse columns that do not describe the same customers."""
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1 or 0 in lengths.values():
        raise HistoryError(
            f"Purchase histories need the same customers in every array, at least one. Got {lengths}. "
            "Build all of them from one table."
        )


def refuse_where(bad: NDArray[np.bool_], values: Array, fault: str, remedy: str) -> None:
    """Raise with the number of bad customers and the first of them, if there is any."""
    if bad.any():
        first = int(np.argmax(bad))
        raise HistoryError(
            f"Purchase histories: {fault} for {int(bad.sum())} of {len(bad)} customers; "
            f"the first, row {first}, has {values[first]:g}. Mend: {remedy}."
        )


def each(value: ArrayLike, name: str, rows: int) -> Array:
    """Return the value for each customer: one for all, or one each, never negative."""
    numbers = np.asarray(value, dtype=np.float64)
    if numbers.shape not in ((), (1,), (rows,)):
        raise QuestionError(
            f"'{name}' must be one number, or one per customer. Got shape {numbers.shape} for {rows} customers. "
            f"Pass one number or an array of length {rows}."
        )
    wrong = ~(np.isfinite(numbers) & (numbers >= 0))
    if wrong.any():
        raise QuestionError(
            f"'{name}' must be 0 or more. Got {np.ravel(numbers)[np.ravel(wrong)][0]:g}. "
            f"Pass {name} as one number or one per customer, none of them negative or missing."
        )
    return np.broadcast_to(numbers, (rows,))


def daily(yearly_rate: float) -> float:
    """Turn a discount rate a year (0.1 is 10 %) into the continuous rate a day that it equals."""
    if not 0.0 <= yearly_rate < np.inf:
        raise QuestionError(
            f"The yearly discount rate must be 0 or more. Got {yearly_rate}. Pass yearly_rate=0.1 for 10 %."
        )
    return float(np.log1p(yearly_rate)) / 365.0


def distinct(history: Transactions, weights: Array) -> tuple[Transactions, Array]:
    """Merge equal customers and count them, since equal histories have equal likelihoods."""
    if weights.sum() <= 0:
        raise HistoryError(
            f"The weights count no customer. Got a sum of {weights.sum():g} over {len(weights)} customers. "
            "Give the customers to learn from a positive weight."
        )
    first, back = equal_rows(history)
    return take(history, first), np.bincount(back, weights).astype(np.float64)


def equal_rows(history: Transactions) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return one customer of each kind of equal ones, (k,), and of which kind each customer is, (n,)."""
    keys = [history.T, history.t_x, history.x, *history.z.T]
    order = np.lexsort(keys)
    changes = np.zeros(len(order), dtype=bool)
    changes[0] = True
    for key in keys:
        changes[1:] |= np.diff(key[order]) != 0
    back = np.empty(len(order), dtype=np.intp)
    back[order] = np.cumsum(changes) - 1
    return order[changes], back


def take(history: Transactions, rows: NDArray[np.intp] | slice) -> Transactions:
    """Keep some customers."""
    covariates = None if history.covariates is None else history.covariates[rows]
    return Transactions(history.x[rows], history.t_x[rows], history.T[rows], covariates)
