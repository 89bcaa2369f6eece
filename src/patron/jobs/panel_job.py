"""Panel job: the work of a business that has ready-made rows of its customers, in the place of events."""

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property

import pandas as pd

from patron.features.definitions import Definition
from patron.jobs.event_answers import rows_within
from patron.jobs.job import Job
from patron.jobs.panel_data import PanelData
from patron.jobs.work import Block
from patron.questions.matrices import Matrix
from patron.questions.panels import Panel
from patron.scoring.contract import contract
from patron.scoring.model import check_definitions
from patron.scoring.story import joint_answers

__all__ = ["PanelJob"]


class PanelJob(Job):
    """One business's work on a panel; whatever the verbs share, computed once and when it is first needed."""

    @cached_property
    def data(self) -> PanelData:
        """What is read, when it is first needed."""
        return PanelData(self.settings, self.now, self.tell)

    @property
    def source(self) -> Panel:
        """The rows with a label, from which models learn."""
        return self.data.source

    @property
    def definitions(self) -> tuple[tuple[Definition, ...], ...]:
        """What the columns of the rows mean."""
        return (self.data.opened.panel.definitions,)

    @property
    def row_columns(self) -> tuple[str, ...]:
        """The columns of the panel that models look at."""
        return tuple(meaning.name for meaning in self.definitions[0])

    def rows_at(self, cutoff: datetime) -> Matrix:
        """Return the rows of another cutoff."""
        return self.data.rows_at(cutoff)

    def blocks(self, finished: int) -> Iterator[Block]:
        """Yield the answers of today part by part, with the value at stake where it is known."""
        today = self.data.rows_to_score(self.scored_at)
        self._tell_unknown_value(today)
        most = rows_within(self.memory, today.X.shape[1])
        for start in range(finished * most, len(today), most):
            yield self.with_reasons(self._block(today.between(start, start + most)))

    def _block(self, rows: Matrix) -> Block:
        models = self.models
        for model in models.values():
            check_definitions(model, rows)
        answers = pd.concat([rows.key, *joint_answers(models, rows.X)], axis=1)
        contracts = {name: (contract(model, rows), len(rows)) for name, model in models.items()}
        return Block(self._with_value(answers, rows), (rows,), contracts)

    def _with_value(self, scores: pd.DataFrame, today: Matrix) -> pd.DataFrame:
        column = self.data.opened.value
        if column:
            return scores.assign(value=today.X[column].astype("float64").fillna(0.0))
        return scores if self.settings.value is None else scores.assign(value=float(self.settings.value))

    def _tell_unknown_value(self, today: Matrix) -> None:
        column = self.data.opened.value
        unknown = int(today.X[column].isna().sum()) if column else 0
        if unknown:
            named = self.data.file.value
            self.tell(f"beware    {named} is unknown for {unknown:,} of those scored: nothing at stake")
