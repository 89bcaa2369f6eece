"""Settings as plain JSON values, for a run's log."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from patron.decisions import Offer
from patron.history.row_conditions import RowCondition
from patron.periods import Span
from patron.questions.question import Question
from patron.settings.values import Settings

__all__ = ["describe"]


def describe(settings: Settings) -> dict[str, object]:
    """Describe the settings as plain JSON values under dotted names, for a run's log.

    Of a path its last part is kept, and of a condition its columns, as its values may be customers'.

    >>> from patron.periods import Split
    >>> from patron.questions.kinds import churn
    >>> split = Split.of(["2011-01-01"], ["2011-06-01"], ["2011-12-01"])
    >>> plain = describe(Settings("shop", {}, (churn(90),), split, Path("a/b"), Path("a/b/out")))
    >>> plain["questions.churn.horizon"], plain["split.test"], plain["root"]
    (90, ['2011-12-01T00:00:00'], 'b')
    """
    return dict(_flat("", _plain(settings)))


def _plain(value: Any) -> Any:
    """Turn frozen values into texts, numbers, lists and mappings by name."""
    if isinstance(value, Span):
        return value.plain
    if isinstance(value, Path):
        return value.name
    if isinstance(value, datetime):
        return value.isoformat()
    if callable(value):
        return "a function of the table"
    if isinstance(value, Mapping):
        return {key: _plain(below) for key, below in value.items()}
    if isinstance(value, list | tuple):
        named = {item.name: _plain(item) for item in value if isinstance(item, Question | Offer)}
        return named or [_plain(item) for item in value]
    if is_dataclass(value):
        values = {field.name: _logged(field.name, getattr(value, field.name)) for field in fields(value)}
        return {name: _plain(below) for name, below in values.items()}
    return value if isinstance(value, str | int | float | None) else f"a {type(value).__name__}"


def _logged(name: str, value: Any) -> Any:
    """Keep the names of features, the columns of conditions, and how many keys: the rest is code or may be personal."""
    if name == "features":
        return tuple(feature.name for feature in value)
    if name == "eligible" and value:
        return tuple(RowCondition(text).column for text in ((value,) if isinstance(value, str) else value))
    if name in ("not_customers", "never") and value is not None and not isinstance(value, str | Path):
        return len(value)
    return tuple(value) if name in ("where", "returns") and value else value


def _flat(name: str, value: Any) -> Iterator[tuple[str, object]]:
    if not isinstance(value, dict):
        yield name, value
        return
    for key, below in value.items():
        yield from _flat(f"{name}.{key}".lstrip("."), below)
