"""Panels: ready-made rows of customers at cutoffs, with features and what came of them, in place of a history."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

import numpy as np
import pandas as pd

from patron.engines.frames import shapeless
from patron.errors import HistoryError, QuestionError, cell, listed, listed_columns
from patron.features.compute.plan import Progress
from patron.features.definitions import Definition
from patron.features.measures import Feature
from patron.history.customer_keys import check_keys_written
from patron.periods import EVER, Moment, Span, instant, span
from patron.questions.question import Question
from patron.questions.row_source import Matrix, RowSource, in_order

__all__ = ["COUNTED", "ROLES", "SOURCE", "Panel", "Snapshot", "panel", "snapshot"]

SOURCE = "panel"
COUNTED = ("recency", "tenure", "orders")
ROLES = (*COUNTED, "spend")
FEW, ALIKE = 50, 0.5  # more different texts than that, for half of the rows another, are names and not kinds


@dataclass(frozen=True)
class Panel(RowSource):
    """Rows that somebody else has made, checked; training and back-tests take it where they take a history.

    Args:
        horizon: how far the label looks ahead.
        key: `customer` and `cutoff` of each row, sorted by cutoff, then customer.
        X: features in the same order; numbers as float32 with NaN for unknown, texts as str.
        label: what came of each row, shape (n,), or None where nobody knows yet.
        definitions: what each column of X means.
    """

    horizon: Span
    key: pd.DataFrame
    X: pd.DataFrame
    label: np.ndarray | None
    definitions: tuple[Definition, ...]

    @property
    def starts(self) -> None:
        """Nobody knows when the business of these rows began."""

    def complete(self, question: Question, before: datetime | None = None) -> Question:
        """Return the question as it is, as a panel has its own features.

        Raises:
            QuestionError: its horizon is another one, it chooses customers or features, or a column that it needs is
                missing.
        """
        self._check_chosen(question)
        if set(question.required_columns) - set(self.X.columns):
            raise QuestionError(
                f"A tier is told beside the profit of the last {question.horizon.length}, which the panel lacks. "
                f"It has: {listed_columns(self.X.columns)}. Name the column: pt.panel(..., profit='...')."
            )
        return question

    def matrix(
        self, question: Question, cutoffs: Sequence[Moment], memory: float, progress: Callable[[Progress], None]
    ) -> Matrix:
        """Return the rows at some cutoffs."""
        self.complete(question)
        return Matrix(self.key, self.X, self.definitions).take(self.which(in_order(cutoffs)))

    def labels(self, question: Question, cutoffs: Sequence[Moment], memory: float, rows: Matrix | None) -> np.ndarray:
        """Return what came of the rows at some cutoffs, shape (n,).

        Raises:
            QuestionError: the panel has no label, or values that the question cannot have.
        """
        self.complete(question)
        if self.label is None:
            raise QuestionError(
                f"{question.name!r} is to be learned from a panel without a label. It has: "
                f"{listed_columns(self.X.columns)}. Name the column of the label: pt.panel(..., label='...')."
            )
        label = self.label[self.which(in_order(cutoffs))]
        strange = label[~question.is_label(label)]
        if len(strange):
            raise QuestionError(
                f"The label of the panel must be {question.label_words}, since {question.name!r} is asked, but "
                f"{len(strange):,} of {len(label):,} rows have others, such as {cell(strange[0], 'g')}. Mend the "
                "column, or leave such rows out."
            )
        return label

    def everybody(self, question: Question, features: Sequence[Feature], cutoff: datetime) -> pd.DataFrame:
        """Return the features of the last row of each customer, of the rows up to a cutoff."""
        past = self.key[(self.key.cutoff <= cutoff).to_numpy()]
        return self.X.loc[past.drop_duplicates("customer", keep="last").index]

    def check_events(self, purpose: str) -> None:
        """Refuse: a panel has no events.

        Raises:
            QuestionError: always.
        """
        raise QuestionError(
            f"{purpose} is found from the orders of each customer, and a panel has rows only. "
            "Give the event tables: pt.History.of(orders=pt.events(...))."
        )

    def which(self, cutoffs: Sequence[datetime]) -> np.ndarray:
        """Return which rows belong to some cutoffs, as a mask.

        Raises:
            QuestionError: the panel has no rows at one of them.
        """
        there = set(self.key.cutoff.dt.to_pydatetime())
        for cutoff in cutoffs:
            if cutoff not in there:
                raise QuestionError(
                    f"The panel has no rows at the cutoff {cutoff:%Y-%m-%d}. "
                    f"Choose from: {', '.join(f'{c:%Y-%m-%d}' for c in sorted(there)[:12])}."
                )
        return self.key.cutoff.isin(list(cutoffs)).to_numpy()

    def _check_chosen(self, question: Question) -> None:
        """Refuse a question with a horizon, customers or features of its own."""
        name, horizon, active_in = question.name, question.horizon, question.active_in
        if horizon != self.horizon:
            raise QuestionError(
                f"The label of the panel looks {self.horizon.length} ahead, but {name!r} asks {horizon.length}. "
                f"Ask with horizon={self.horizon.plain!r}, or give a panel with the label of {horizon.length}."
            )
        count = len(question.features) + len(question.own)
        if active_in != EVER or count:
            given = f"active_in = {active_in}" if active_in != EVER else f"{count} features"
            raise QuestionError(
                f"{name!r} asks with {given}, but a panel brings its own customers and features. "
                "Leave that out of the question, and choose rows and columns of the frame instead."
            )


@dataclass(frozen=True)
class Snapshot(Panel):
    """Rows that nobody dated, one for each customer: judged by customers held out, as no row is later than another."""

    dated: ClassVar[bool] = False


def panel(
    frame: pd.DataFrame,
    horizon: int | str,
    customer: str = "customer",
    cutoff: str = "cutoff",
    label: str | None = None,
    **roles: str,
) -> Panel:
    """Take ready-made rows, so that models are trained and judged on them as on rows made from events.

    Every further column is a feature. Nobody here can know whether it was known at the cutoff: what tells too much is
    named on the card (`suspects`). Simple rules need to know what a column means; those whose columns are
    not named are left out, and the reason of the choice tells which.

    Args:
        frame: one row for each customer and cutoff.
        horizon: days after the cutoff that the label looks at, or months such as "1 month".
        customer: the column of the customer.
        cutoff: the column of the instant at which the customer is looked at, wall-clock times.
        label: the column of what came of it: for churn 1 or 0, for the next purchase days (empty where none came),
            for the tier the profit (so that its costs are not asked); None where it is to be scored only.
        **roles: columns by what they mean, at the cutoff: `recency` and `tenure` (days since the last order and the
            first), `orders` (their number so far), `spend` (money so far), `active` (orders, or money, in the last
            horizon) and `profit` (in the last horizon; a tier needs it). Columns called `recency`, `tenure`, `orders`
            or `spend` need not be named.

    Raises:
        HistoryError: it is no data frame, a column is missing, has two uses or holds what it must not, or a customer
            has two rows at a cutoff.

    >>> rows = pd.DataFrame({"id": ["b", "a"], "on": ["2024-05-01"] * 2, "visits": [3, 1], "left": [0, 1]})
    >>> ready = panel(rows.assign(on=pd.to_datetime(rows.on)), 28, customer="id", cutoff="on", label="left")
    >>> ready.key.customer.tolist(), ready.X.visits.tolist(), ready.label.tolist()
    (['a', 'b'], [1.0, 3.0], [1.0, 0.0])
    """
    ahead, frame = span(horizon), _named(frame)
    names = _names(ahead, roles)
    uses = {"customer": customer, "cutoff": cutoff} | ({"label": label} if label else {}) | roles
    _check_columns(frame, list(uses.values()))
    _check_uses(uses)
    key = _key(frame, customer, cutoff)
    order = key.reset_index(drop=True).sort_values(["cutoff", "customer"]).index.to_numpy()
    features = [name for name in frame.columns if name not in {customer, cutoff, label}]
    X = pd.DataFrame({names.get(name, name): _feature(frame[name], name in names, key.customer) for name in features})
    _check_apart(X, features, names)
    _check_counted(X, {name: column for column, name in names.items()})
    known = None if label is None else _numbers(frame[label], key.customer).to_numpy(dtype=np.float64)[order]
    meant = tuple(_meant(names.get(name, name), name) for name in features)
    return Panel(ahead, key.iloc[order].reset_index(drop=True), X.iloc[order].reset_index(drop=True), known, meant)


def snapshot(
    frame: pd.DataFrame,
    horizon: int | str,
    at: Moment,
    customer: str = "customer",
    label: str | None = None,
    **roles: str,
) -> Snapshot:
    """Take ready-made rows without dates, one for each customer.

    Args:
        frame: one row for each customer.
        horizon: as in `panel`.
        at: the instant that stands as the cutoff of all rows, as nobody knows a better one.
        customer: the column of the customer.
        label: as in `panel`.
        **roles: as in `panel`.

    Raises:
        HistoryError: as `panel`.

    >>> rows = pd.DataFrame({"id": ["b", "a"], "visits": [3, 1], "left": [0, 1]})
    >>> snapshot(rows, 28, "2024-05-01", customer="id", label="left").label.tolist()
    [1.0, 0.0]
    """
    dated = _named(frame)
    cutoff = "cutoff" + "_" * sum(str(name).startswith("cutoff") for name in dated.columns)
    times = pd.Series(instant(at), dated.index, dtype="datetime64[us]")
    ready = panel(dated.assign(**{cutoff: times}), horizon, customer, cutoff, label, **roles)
    return Snapshot(ready.horizon, ready.key, ready.X, ready.label, ready.definitions)


def _named(frame: object) -> pd.DataFrame:
    if not isinstance(frame, pd.DataFrame):
        raise HistoryError(
            f"A panel is made from a pandas DataFrame, got {type(frame).__name__}. "
            "Make one of the rows: pt.panel(pd.DataFrame(rows), 28, customer='...', cutoff='...')."
        )
    return frame.rename(columns=str)


def _names(horizon: Span, roles: Mapping[str, str]) -> dict[str, str]:
    """Return the fixed name of each column that has a role."""
    fixed = {role: role for role in ROLES} | {"active": f"orders_{horizon}", "profit": f"profit_{horizon}"}
    strange = set(roles) - set(fixed)
    if strange:
        raise HistoryError(f"A panel knows no role {listed(strange)}. The roles are {listed(fixed)}.")
    return {column: fixed[role] for role, column in roles.items()}


def _check_columns(frame: pd.DataFrame, wanted: Sequence[str]) -> None:
    missing = [name for name in wanted if name not in frame.columns]
    if missing:
        raise HistoryError(
            f"The panel lacks {listed(map(repr, missing))}. It has: {listed_columns(frame.columns)}. "
            "Name its columns: pt.panel(frame, 28, customer='...', cutoff='...', label='...')."
        )
    if not frame.columns.is_unique:
        twice = listed(map(repr, frame.columns[frame.columns.duplicated()]))
        raise HistoryError(f"The panel has two columns of one name: {twice}. Rename one, or leave it out.")
    if frame.empty:
        raise HistoryError("The panel has no rows. Give at least one row for each customer and cutoff.")


def _check_uses(uses: Mapping[str, str]) -> None:
    for column in uses.values():
        several = [use for use, name in uses.items() if name == column]
        if len(several) > 1:
            raise HistoryError(
                f"The column {column!r} of the panel is given {len(several)} uses: {listed(several)}. "
                "Give each a column of its own, or leave out those that it is not."
            )


def _key(frame: pd.DataFrame, customer: str, cutoff: str) -> pd.DataFrame:
    """Return customer and cutoff of each row as the models know them; refuse two rows of one key."""
    _check_key(frame, customer, cutoff)
    key = pd.DataFrame({"customer": frame[customer].astype(str), "cutoff": frame[cutoff].astype("datetime64[us]")})
    if twice := int(key.duplicated().sum()):
        raise HistoryError(
            f"The panel has more than one row for a customer at a cutoff, {twice:,} too many of {len(frame):,} "
            "(customers are compared as text). If they are alike, keep one: "
            f"frame.astype({{{customer!r}: str}}).drop_duplicates([{customer!r}, {cutoff!r}])."
        )
    return key


def _check_key(frame: pd.DataFrame, customer: str, cutoff: str) -> None:
    check_keys_written(shapeless(frame[[customer]]), customer)
    if not pd.api.types.is_datetime64_dtype(frame[cutoff]):
        mend = f"frame[{cutoff!r}] = pd.to_datetime(frame[{cutoff!r}])"
        if isinstance(frame[cutoff].dtype, pd.DatetimeTZDtype):
            mend = (
                f"frame[{cutoff!r}] = frame[{cutoff!r}].dt.tz_localize(None), and where the business lives in another "
                "zone, .dt.tz_convert('...') before it"
            )
        raise HistoryError(
            f"The column {cutoff!r} of the panel must hold times without a zone, got {frame[cutoff].dtype}. "
            f"Turn it into such: {mend}."
        )
    for name in (customer, cutoff):
        if lacking := int(frame[name].isna().sum()):
            raise HistoryError(
                f"The column {name!r} of the panel is empty in {lacking:,} of {len(frame):,} rows. "
                f"Leave them out: frame.dropna(subset=[{name!r}])."
            )


def _check_apart(X: pd.DataFrame, features: Sequence[str], names: Mapping[str, str]) -> None:
    if X.shape[1] == len(features) > 0:
        return
    taken = listed(f"{name!r} for {column!r}" for column, name in names.items())
    raise HistoryError(
        f"The panel has {len(features)} columns of features under {X.shape[1]} names (by their roles {taken}). "
        "Give at least one feature, and each another name and role."
    )


def _check_counted(X: pd.DataFrame, columns: Mapping[str, str]) -> None:
    """Refuse days and orders below zero, which the purchase process cannot be fitted to."""
    for role in COUNTED:
        if role not in X.columns or not pd.api.types.is_numeric_dtype(X[role]):
            continue
        below, column = X[role][X[role] < 0], columns.get(role, role)
        if len(below):
            raise HistoryError(
                f"The column {column!r} of the panel, read as {role}, is below zero in {len(below):,} of {len(X):,} "
                f"rows, such as {cell(below.iloc[0], 'g')}. Count from 0 on, and leave empty what is unknown: "
                f"frame[{column!r}].where(frame[{column!r}] >= 0)."
            )


def _feature(column: pd.Series, named: bool, customers: pd.Series) -> pd.Series:
    """Return numbers as float32, and texts as str with unknown ones missing; what has a role is a number."""
    if named or pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return _numbers(column, customers).astype(np.float32)
    if pd.api.types.is_datetime64_any_dtype(column) or pd.api.types.is_timedelta64_dtype(column):
        raise HistoryError(
            f"The column {column.name!r} of the panel holds {column.dtype}, which is no feature. "
            f"Count days before the cutoff: (frame.cutoff - frame[{column.name!r}]).dt.days, or leave it out."
        )
    if (kinds := column.map(str, na_action="ignore").nunique()) > max(FEW, ALIKE * len(column)):
        raise HistoryError(
            f"The column {column.name!r} of the panel has {kinds:,} different texts in {len(column):,} rows: names, or "
            f"numbers read as text. Leave it out, or use pd.to_numeric(frame[{column.name!r}], errors='coerce')."
        )
    return column.astype("str").where(column.notna())


def _numbers(column: pd.Series, customers: pd.Series) -> pd.Series:
    """Return a column as numbers; where it holds none, a value that is a customer's key is not shown."""
    try:
        return column.astype("float64")
    except (TypeError, ValueError):
        first = column.dropna().iloc[0]
        shown = "" if customers.isin([str(first)]).any() else f" such as {cell(first)}"
        raise HistoryError(
            f"The column {column.name!r} of the panel must hold numbers, got {column.dtype}{shown}. "
            f"Compare first: (frame[{column.name!r}] == 'yes').astype(int)."
        ) from None


def _meant(name: str, column: str) -> Definition:
    words = column if name == column else f"{column} ({name})"
    return Definition(name, words, "lifecycle", "", f"panel column {column}", SOURCE)
