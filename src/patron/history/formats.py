"""Formats: how the texts of a table are written, as far as somebody said so, and where a settings file says it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["FormSetting", "Formats"]


@dataclass(frozen=True)
class Formats:
    """How the texts of a table are written, as far as somebody said so; whatever is empty, the columns must prove.

    Args:
        at: the form of the times, for example "%d/%m/%Y", or of numbers: "seconds", "spreadsheet days".
        known_at: that of the times at which facts became known.
        decimal: the sign before decimals, "," or ".".
        delimiter: the sign between the columns of the file.
        columns: that of the dates of each further column, by its name.
        rates: what one unit of each currency is worth in that of the business.
        numbered: whether rows have a place that a person can find.
        compared: whether rows will be compared, so that instants must be told apart that clocks show alike.
    """

    at: str = ""
    known_at: str = ""
    decimal: str = ""
    delimiter: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    rates: Mapping[str, float] = field(default_factory=dict)
    numbered: bool = False
    compared: bool = False


@dataclass(frozen=True)
class FormSetting:
    """Where a column of times stands in a declaration.

    Args:
        place: in words, for messages.
        line: the line of a settings file that says its form, with {} for that.
        share: of its texts that may be no times.
    """

    place: str
    line: str
    share: float = 0.01

    def line_for(self, form: str) -> str:
        """Return the line of a settings file that says a form."""
        return self.line.replace("{}", form)

    @classmethod
    def of(cls, role: str) -> "FormSetting":
        """Return where the column of a role stands."""
        return cls(f"declared as {role!r}", f'{role}_format = "{{}}"')
