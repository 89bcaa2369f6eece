"""The contract between training and scoring: values that a model understood then and does not understand now.

What would be scored as unknown for nobody's fault is refused before it is scored, or told where it is little.
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from patron.errors import ScoreError, cell
from patron.models.serving import Bundle, FeatureSpec, shares
from patron.questions.matrices import Matrix
from patron.scoring.breaks import HARD, Break

__all__ = ["check_contract", "contract", "feature_breaks", "shift_sentences", "shifts", "together"]

COLUMNS = ("feature", "words", "known_in_training", "known_now", "unseen_in_training", "unseen_now", "examples")
MIN_ROWS = 20  # of fewer rows a share says little
MOST_UNSEEN = 0.5
NEARLY_ALWAYS = 0.9
SHIFT = 0.1
WINDOW = r" over \d+d\b"  # as formulas tell it
EXAMPLES, LONGEST = 3, 20


def contract(model: Bundle, rows: Matrix) -> pd.DataFrame:
    """Return for each feature how much of it the model understood in training, and how much of it now.

    Args:
        model: a trained model; of one that remembers no shares, those of training are unknown.
        rows: features of the customers to score.

    Returns:
        `feature`, `words`; `known_in_training` and `known_now` (share of rows with a value), `unseen_in_training` and
        `unseen_now` (share of the known texts that the model does not know), and up to three `examples` of those.
    """
    lines = [_line(feature, rows.X[feature["name"]]) for feature in model.spec["features"]]
    return pd.DataFrame(lines, columns=list(COLUMNS))


def check_contract(model: Bundle, rows: Matrix) -> None:
    """Refuse rows of which most texts of a feature are new to the model, or a feature is unknown that hardly ever was.

    Raises:
        ScoreError: with all such features, and the texts that are new.
    """
    breaks = feature_breaks(model, contract(model, rows), len(rows))
    if breaks:
        lines = "".join(f"\n  {difference.words}" for difference in breaks)
        raise ScoreError(
            f"The rows are not as those that the model for {model.spec['question']!r} was trained on:{lines}\n"
            "Mend their columns (patron check tells how each table was read), or train again."
        )


def feature_breaks(model: Bundle, table: pd.DataFrame, count: int) -> list[Break]:
    """Return the features of which most texts are new to the model, and those unknown that hardly ever were.

    Args:
        model: a trained model.
        table: the `contract` of some rows, or of several parts of them together.
        count: how many rows there are.
    """
    if count < MIN_ROWS:
        return []
    source = {feature["name"]: feature["source"] for feature in model.spec["features"]}
    usual = table.unseen_in_training.fillna(1.0 - SHIFT)  # where the model remembers none, all must be new
    new = table[(table.unseen_now > MOST_UNSEEN) & (table.unseen_now >= usual + SHIFT)]
    gone = table[(table.known_now == 0) & (table.known_in_training >= NEARLY_ALWAYS)]
    return [
        *(
            Break(
                source[line.feature],
                f"{line.feature}",
                "kinds",
                _quoted(_levels(model, f"{line.feature}")),
                f"{line.unseen_now:.0%} of the rows where {line.words!r} is known have texts that the model does not "
                f"know, such as {line.examples}",
                HARD,
            )
            for line in new.itertuples()
        ),
        *(
            Break(
                source[line.feature],
                f"{line.feature}",
                "unknown",
                f"known for {line.known_in_training:.0%}",
                f"{line.words!r} is unknown for all {count:,} rows",
                HARD,
            )
            for line in gone.itertuples()
        ),
    ]


def shifts(model: Bundle, rows: Matrix) -> tuple[str, ...]:
    """Return a sentence for each feature that the model understands clearly less often than in training.

    What is counted over a window is unknown where nothing happened in it, which is more or less often in every season:
    of such features only those count that were known nearly always.

    Args:
        model: a trained model.
        rows: features of the customers to score.
    """
    return shift_sentences(model, contract(model, rows), len(rows))


def shift_sentences(model: Bundle, table: pd.DataFrame, count: int) -> tuple[str, ...]:
    """Return the sentences of `shifts`; arguments are those of `feature_breaks`."""
    new = table[table.unseen_now >= table.unseen_in_training.fillna(MOST_UNSEEN) + SHIFT]
    moving = [bool(re.search(WINDOW, feature["formula"])) for feature in model.spec["features"]]
    usual = ~pd.Series(moving) | (table.known_in_training >= NEARLY_ALWAYS)
    gone = table[usual & (table.known_now <= table.known_in_training - SHIFT) & (count >= MIN_ROWS)]
    return (
        *(
            f"{line.feature}: {line.unseen_now:.0%} of the customers have a value that the model does not know, such "
            f"as {line.examples}"
            for line in new.itertuples()
        ),
        *(
            f"{line.feature}: known for {line.known_now:.0%} of the customers, and for {line.known_in_training:.0%} "
            "in training"
            for line in gone.itertuples()
        ),
    )


def together(tables: Sequence[pd.DataFrame], counts: Sequence[int]) -> pd.DataFrame:
    """Return the contract of several parts of some rows as that of all of them.

    Args:
        tables: the `contract` of each part.
        counts: how many rows each has.

    >>> parts = [pd.DataFrame({"known_now": [known], "unseen_now": [new], "examples": [""]})
    ...          for known, new in ((1.0, 0.0), (0.5, 1.0))]
    >>> together(parts, [10, 20])[["known_now", "unseen_now"]].values.tolist()
    [[0.6666666666666666, 0.5]]
    """
    if len(tables) == 1:
        return tables[0]
    known = np.array([table.known_now * count for table, count in zip(tables, counts, strict=True)])
    new = (np.array([table.unseen_now for table in tables]) * known).sum(axis=0)
    texts = np.array([table.examples for table in tables], dtype=object)
    return tables[0].assign(
        known_now=known.sum(axis=0) / max(sum(counts), 1),
        unseen_now=new / np.maximum(known.sum(axis=0), 1.0),
        examples=[next(filter(None, column), "") for column in texts.T],
    )


def _line(feature: FeatureSpec, column: pd.Series) -> tuple[Any, ...]:
    now, levels = shares(column, feature["levels"]), feature["levels"]
    new = column[column.notna() & ~column.isin(levels)] if levels else column[:0]
    then = feature.get("known", np.nan), 1.0 - feature.get("seen", np.nan)
    examples = ", ".join(map(_example, new.value_counts().index[:EXAMPLES]))
    return feature["name"], feature["words"], then[0], now["known"], then[1], 1.0 - now["seen"], examples


def _levels(model: Bundle, name: str) -> list[str]:
    return next(feature["levels"] for feature in model.spec["features"] if feature["name"] == name)[:EXAMPLES]


def _example(value: object) -> str:
    """Return a value as a text of bearable length; a kind that became a number shows as one."""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return cell(text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…")


def _quoted(texts: Any) -> str:
    return ", ".join(repr(text) for text in texts)
