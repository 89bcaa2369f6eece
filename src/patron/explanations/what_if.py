"""What if: the smallest plausible change in levers that would take a customer below a threshold, in a model's view.

It says what the model would answer for such a row, never what would come of changing it: only a trial knows that.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from patron.errors import QuestionError, is_number
from patron.explanations.candidate_values import Lever, movable_levers
from patron.explanations.levers import measure_name
from patron.explanations.pushes import check_features, explained_answers, explained_score
from patron.formatting import amount, percent
from patron.models.serving import Bundle, encode
from patron.questions.matrices import KEY, Matrix

__all__ = ["COLUMNS", "RISK", "what_if"]

COLUMNS = (
    *("customer", "cutoff", "feature", "lever", "from", "to", "second_feature", "second_lever", "second_from"),
    *("second_to", "risk", "risk_if", "below", "text"),
)
RISK = "the risk"
BATCH = 20_000
PAIRED, STEPS = 3, 8  # pairs are tried of so many levers, with so many values of each
VIEW = "the model's view, not an effect"
TEXTS, ENDS = ("feature", "lever", "second_feature", "second_lever"), ("from", "to", "second_from", "second_to")
NOTHING = dict.fromkeys(TEXTS, "") | dict.fromkeys(ENDS, np.nan)
KINDS = (
    dict.fromkeys((*TEXTS, "text"), "str") | dict.fromkeys((*ENDS, "risk", "risk_if"), "float64") | {"below": "bool"}
)


def what_if(model: Bundle, rows: Matrix, threshold: float, levers: Sequence[str] = ()) -> pd.DataFrame:
    """Compute the smallest change in levers that takes each customer at risk below a threshold, in the model's view.

    Levers are numbers that the business can change (`pt.measure(..., lever="complaints answered")`). Each is moved
    alone, over the values at which the model's answer changes, within the range of customers known about as long: the
    5th to the 95th percentile of their third of the training rows. Where none suffices alone, pairs of the strongest
    are moved. Features that follow from a lever by other columns, such as its other windows, ratios and totals, stay
    as they are.

    Args:
        model: any trained model of the risk to leave.
        rows: features of n customers.
        threshold: the risk to get below, between 0 and 1.
        levers: measures or columns to move, by default all levers of the model.

    Returns:
        For each customer at or above the threshold, sorted as *rows*, what suffices before what does not and small
        changes before large ones: customer, cutoff, feature, lever (what the business does, in words), from, to,
        second_feature, second_lever, second_from, second_to (empty where one moves alone), risk, risk_if (where it is
        moved so), below (whether that is below the threshold), text. A lever that does not suffice stands at its best
        value; a customer whom none helps has one line without a lever.

    Raises:
        QuestionError: the model is of no risk, the threshold no share, or what is named is no lever.
        ScoreError: the rows lack a feature, or the model does not know what is plausible.

    >>> tickets = {"name": "tickets", "words": "Requests for service", "theme": "service", "unit": "tickets",
    ...            "source": "tickets", "formula": "", "lever": "requests answered", "dtype": "float64", "levels": [],
    ...            "usual": 1.0, "plausible": {"whole": True, "all": [0.0, 9.0], "thirds": [[0.0, 4.0]]}}
    >>> spec = {"features": [tickets], "calibration": None, "answer": {"kind": "churn", "horizon": 90},
    ...         "estimator": {"kind": "linear", "inputs": [0], "mean": [0.0], "scale": [1.0], "coef": [[1.0]],
    ...         "intercept": [[-1.0]]}}
    >>> key = pd.DataFrame({"customer": ["ann"], "cutoff": pd.to_datetime(["2024-05-01"])})
    >>> rows = Matrix(key, pd.DataFrame({"tickets": [3.0]}), ())
    >>> " ".join(what_if(Bundle(spec), rows, threshold=0.5).text[0].split())
    "Requests for service: 1 ticket instead of 3 tickets, the risk 42.4 % instead of 59.5 % (the model's view, ...
    """
    _check_question(model, threshold)
    check_features(model, rows)
    movable = movable_levers(model, levers)
    tables = [
        _table(model, Matrix(rows.key[part], rows.X[part], rows.definitions), threshold, movable)
        for part in (slice(start, start + BATCH) for start in range(0, len(rows), BATCH))
    ]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(COLUMNS))


def _check_question(model: Bundle, threshold: float) -> None:
    if explained_score(model).noun != RISK:
        raise QuestionError(
            f"what_if lowers the risk to leave, and the model of {model.spec['answer']['kind']!r} answers another "
            "question. Give the model of churn or cancellation: pt.what_if(trained.model, rows, threshold=0.3)."
        )
    if not is_number(threshold) or not 0 < threshold < 1:
        raise QuestionError(
            f"The threshold of what_if is a risk between 0 and 1, got {threshold!r}. Write for example threshold=0.3."
        )


@dataclass(frozen=True)
class _Moves:
    """Changes of rows, each of one lever or two: `row`, place of each `lever` and its `value`, shape (m, k)."""

    row: np.ndarray
    lever: np.ndarray
    value: np.ndarray
    risk: np.ndarray
    size: np.ndarray

    def take(self, which: np.ndarray) -> "_Moves":
        return _Moves(*(part[which] for part in (self.row, self.lever, self.value, self.risk, self.size)))


def _table(model: Bundle, batch: Matrix, threshold: float, levers: Sequence[Lever]) -> pd.DataFrame:
    X = encode(batch.X, model.spec["features"])
    risk = _risk(model, X)
    asked_of = np.flatnonzero(risk >= threshold)
    alone = _best(_evaluated(model, X, levers, _alone(X, levers, asked_of)), threshold)
    alone = alone.take(alone.risk < risk[alone.row])
    unhelped = np.setdiff1d(asked_of, alone.row[alone.risk < threshold])
    pairs = _best(_evaluated(model, X, levers, _in_pairs(X, levers, alone, unhelped)), threshold)
    pairs = pairs.take(pairs.risk < threshold)
    lines = [*_lines(alone, levers, X), *_lines(pairs, levers, X)]
    helpless = np.setdiff1d(asked_of, np.concatenate([alone.row, pairs.row]))
    lines += [_helpless(row, X[row], levers) for row in helpless]
    return _sorted(lines, batch, risk, threshold)


def _risk(model: Bundle, X: np.ndarray) -> np.ndarray:
    """Return the model's answers; who is paid up for the whole horizon does not leave within it."""
    answer, risk = model.spec["answer"], explained_answers(model, X)
    return np.where(X[:, answer["settled"]] >= answer["horizon"], 0.0, risk) if "settled" in answer else risk


def _alone(X: np.ndarray, levers: Sequence[Lever], rows: np.ndarray) -> Iterator[tuple[np.ndarray, ...]]:
    """Give rows, levers and values where one lever moves alone."""
    for place, lever in enumerate(levers):
        for values, some in lever.candidates(X[rows]):
            row, value = np.repeat(rows[some], len(values)), np.tile(values, len(some))
            kept = value != X[row, lever.feature]
            yield row[kept], np.full((kept.sum(), 1), place), value[kept, None]


def _in_pairs(
    X: np.ndarray, levers: Sequence[Lever], alone: _Moves, rows: np.ndarray
) -> Iterator[tuple[np.ndarray, ...]]:
    """Give rows, levers and values where two levers move that lower the risk most alone; windows of one are no pair."""
    helps = pd.Series(alone.lever[:, 0], alone.row)[np.isin(alone.row, rows)] if len(rows) else pd.Series(dtype=int)
    by_risk = helps.iloc[np.argsort(alone.risk[np.isin(alone.row, rows)], kind="stable")] if len(helps) else helps
    for row, places in by_risk.groupby(level=0):
        for pair in combinations(places.iloc[:PAIRED], 2):
            first, second = (levers[place] for place in pair)
            if measure_name(first.name) != measure_name(second.name):
                grid = np.meshgrid(*(_few(lever.values(X[[row]])) for lever in (first, second)))
                value = np.column_stack([axis.ravel() for axis in grid])
                yield np.full(len(value), row), np.tile(pair, (len(value), 1)), value


def _few(values: np.ndarray) -> np.ndarray:
    return values[np.unique(np.linspace(0, len(values) - 1, STEPS).round().astype(int))]


def _evaluated(
    model: Bundle, X: np.ndarray, levers: Sequence[Lever], moves: Iterator[tuple[np.ndarray, ...]]
) -> _Moves:
    """Compute the risk of all changes, and how large they are beside what is plausible."""
    parts = [part for part in moves if len(part[0])]
    if not parts:
        return _Moves(*(np.empty(shape, kind) for shape, kind in _NONE))
    row, lever, value = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    feature = np.array([lever.feature for lever in levers])[lever]
    risk = np.empty(len(row))
    for start in range(0, len(row), BATCH):
        part = slice(start, start + BATCH)
        changed = X[row[part]]
        np.put_along_axis(changed, feature[part], value[part].astype(np.float32), axis=1)
        risk[part] = _risk(model, changed)
    third = np.stack([lever.third(X) for lever in levers])
    width = np.array([lever.widths for lever in levers])[lever, third[lever, row[:, None]]]
    size = (np.abs(value - X[row[:, None], feature]) / width).sum(axis=1)
    return _Moves(row, lever, value, risk, size)


_NONE = ((0, int), ((0, 1), int), ((0, 1), float), (0, float), (0, float))


def _best(moves: _Moves, threshold: float) -> _Moves:
    """Return of each row and lever, or pair, the smallest change that suffices, or else that which lowers most."""
    below = moves.risk < threshold
    deciding = np.where(below, moves.size, moves.risk)
    order = np.lexsort((moves.size, deciding, ~below, *moves.lever.T, moves.row))
    chosen = moves.take(order)
    keys = np.column_stack([chosen.row, chosen.lever])
    first = np.ones(len(keys), dtype=bool)
    first[1:] = (keys[1:] != keys[:-1]).any(axis=1)
    return chosen.take(first)


def _lines(moves: _Moves, levers: Sequence[Lever], X: np.ndarray) -> Iterator[dict[str, Any]]:
    """Give a line of the table for each change."""
    for row, places, values, risk, size in zip(
        moves.row, moves.lever, moves.value, moves.risk, moves.size, strict=True
    ):
        line: dict[str, Any] = {"row": row, "risk_if": risk, "size": size}
        said = []
        for prefix, place, value in zip(("", "second_"), places, values, strict=False):
            lever, now = levers[place], float(X[row, levers[place].feature])
            line |= {f"{prefix}feature": lever.name, f"{prefix}lever": lever.lever, f"{prefix}from": now}
            line[f"{prefix}to"] = float(value)
            shown = (amount(number, lever.unit).strip() for number in (value, now))
            said.append(f"{lever.words}: {' instead of '.join(shown)}")
        yield line | {"text": "; ".join(said)}


def _helpless(row: int, x: np.ndarray, levers: Sequence[Lever]) -> dict[str, Any]:
    """Return the line of a customer whom no lever helps, with the values that nobody in training had."""
    outside = [lever.outside(float(x[lever.feature])) for lever in levers]
    why = "; ".join(text for text in outside if text) or "within what was seen of such customers none lowers the risk"
    return {"row": row, "size": np.inf, "text": f"No lever is moved: {why}"}


def _sorted(lines: list[dict[str, Any]], batch: Matrix, risk: np.ndarray, threshold: float) -> pd.DataFrame:
    whole = [_whole(line, float(risk[line["row"]]), threshold) for line in lines]
    whole.sort(key=lambda line: (line["row"], not line["below"], line["size"]))
    rows = np.array([line["row"] for line in whole], dtype=np.intp)
    keys = {name: batch.key[name].array.take(rows) for name in KEY}
    columns = {name: _column([line[name] for line in whole], kind) for name, kind in KINDS.items()}
    return pd.DataFrame(keys | columns, columns=list(COLUMNS))


def _whole(line: dict[str, Any], risk: float, threshold: float) -> dict[str, Any]:
    """Return a line with all columns; the risk where nothing is moved is the customer's."""
    after = line.get("risk_if", risk)
    change = f", the risk {percent(after, 1)} instead of {percent(risk, 1)}" if after < risk else ""
    text = f"{line['text']}{change} ({VIEW})"
    return NOTHING | line | {"risk": risk, "risk_if": after, "below": after < threshold, "text": text}


def _column(values: list[Any], kind: str) -> Any:
    return pd.array(values, dtype="str") if kind == "str" else np.array(values, dtype=kind)
