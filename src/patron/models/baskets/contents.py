"""Contents: what the lines of a history tell of baskets, and how items are called.

Items stand for categories too, where categories are asked about.
"""

from patron.errors import QuestionError, listed
from patron.history.history import History

__all__ = ["basket_kinds", "check_contents", "item_categories", "item_names"]

NAME = "item_name"


def basket_kinds(history: History) -> tuple[str, ...]:
    """Return what baskets can be told in: category, item, both or neither."""
    columns = history["lines"].columns if "lines" in history.tables else ()
    return tuple(by for by in ("category", "item") if by in columns)


def check_contents(history: History, by: str) -> None:
    """Refuse a history that does not say what its baskets held.

    Raises:
        QuestionError: there are no order lines, or they have no such column.
    """
    if "lines" not in history.tables or by not in history["lines"].columns:
        held = listed(history["lines"].columns) if "lines" in history.tables else "no order lines"
        raise QuestionError(
            f"What is bought next needs the {by} of each order line. This history has: {held}. "
            f"Declare it at the door: lines = pt.events(..., {by} = '...')."
        )


def item_names(history: History, by: str) -> dict[str, str]:
    """Return what each item is called most often, where a column of the lines gives names."""
    lines = history["lines"]
    if by != "item" or NAME not in lines.columns:
        return {}
    known = lines.filter(lines["item"].notnull(), lines[NAME].notnull())
    counts = known.group_by(["item", NAME]).aggregate(n=known.count())
    frame = counts.to_pyarrow().to_pandas().sort_values(["n", NAME], ascending=[False, True])
    return dict(frame.drop_duplicates("item").set_index("item")[NAME].sort_index())


def item_categories(history: History, by: str) -> dict[str, str]:
    """Return the category of each item, where the lines have both."""
    lines = history["lines"]
    if by != "item" or "category" not in lines.columns:
        return {}
    known = lines.filter(lines["item"].notnull(), lines.category.notnull())
    frame = known.group_by("item").aggregate(category=known.category.min()).to_pyarrow().to_pandas()
    return dict(frame.set_index("item").category.sort_index())
