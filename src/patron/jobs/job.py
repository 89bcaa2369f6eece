"""The job: one business's work, with everything that several verbs need, computed once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from patron.decisions import Decisions, check_plan, decide, with_reasons, with_risk
from patron.engines.databases import is_remote
from patron.engines.memory import machine_gigabytes
from patron.engines.outputs import write
from patron.errors import DriverError, QuestionError
from patron.explanations.drivers import drivers
from patron.explanations.levers import with_levers
from patron.features import ALL, available
from patron.features.compute.plan import Progress
from patron.features.definitions import Definition, definitions
from patron.history.fingerprints import fingerprint
from patron.history.history import History
from patron.history.profiles import days_old, profile
from patron.history.receipts import Receipt
from patron.jobs.kept import Facts, ScoredRun, read_kept
from patron.jobs.reason_parts import reason_parts
from patron.jobs.run_identity import Request
from patron.jobs.scored import EVENTS, Block, scored_run, standing_run
from patron.models.baskets import Suggesting, item_names
from patron.models.serving import Bundle
from patron.periods import Span, Split
from patron.pseudonyms import key_at, pseudonyms
from patron.questions.contracts import Cancellation
from patron.questions.kinds import Tier
from patron.questions.matrices import MEMORY, Matrix, matrices, matrix, row_source
from patron.questions.profit import ledger, sensitivity
from patron.questions.question import Question
from patron.questions.row_source import RowSource
from patron.questions.shared import together
from patron.registry import Champion, Registry
from patron.reports.terminal import receipt_lines
from patron.scoring.breaks import Break
from patron.scoring.contract import contract
from patron.scoring.differences import age_breaks, breaks_of
from patron.scoring.model import check_asked, opened
from patron.scoring.stable_tiers import earlier_cutoffs
from patron.scoring.table import side_by_side, suggesting, with_baskets
from patron.settings import Settings

__all__ = ["Job", "sized"]

Tell = Callable[[str], None]
MEGABYTE = 1_000_000
MONTH = timedelta(days=30)
PART_ROWS = 300_000  # of all cutoffs: some ten seconds of work, which a killed run loses at most
SAMPLE_ROWS = 50_000
RISKS = ("churn_probability", "cancellation_probability")
WORDS = {feature.name: feature.words for feature in ALL}


@dataclass(frozen=True)
class Job:
    """One business's work: what its verbs share, computed once and when it is first needed.

    Args:
        settings: what is asked of which tables, and where results go.
        now: the time of the run, for the audit log and the report.
        tell: called with a sentence after each step.
        watch: called with a sentence on how far long work has come.
    """

    settings: Settings
    now: datetime
    tell: Tell = field(default=lambda sentence: None)
    watch: Tell = field(default=lambda sentence: None)

    @property
    def parts(self) -> tuple["Job", ...]:
        """The work on each kind of customers that questions are asked of; all of it where they are the same."""
        return (self,)

    @cached_property
    def history(self) -> History:
        """The checked event tables, read when they are first needed."""
        self.tell_sources()
        if self.settings.identity:
            path = self.settings.identity.path
            self.tell(f"reading   which keys are one customer from {sized(path)}")
        history = self.settings.history()
        for _, receipt in history.receipt().groupby("table", sort=False):
            self.tell(receipt_lines(receipt))
        return history

    @property
    def source(self) -> RowSource:
        """What rows come from."""
        return row_source(self.history)

    @property
    def split(self) -> Split:
        """The cutoffs by use.

        Raises:
            QuestionError: the settings have none.
        """
        if self.settings.split is None:
            raise QuestionError(
                "The settings have event tables and no cutoffs. Add them: split=Split.of(train=['2023-09-01'], "
                "valid=['2024-03-01'], test=['2024-06-01'])."
            )
        return self.settings.split

    @property
    def known_cutoffs(self) -> tuple[datetime, ...]:
        """The cutoffs of which rows are learned from or judged."""
        return (*self.split.known, *self.split.test)

    def check_passed(self, cutoff: datetime, horizon: Span) -> None:
        """Refuse a cutoff before the history, or whose label has not passed."""
        self.history.check_cutoff(cutoff)
        self.history.check_passed(cutoff, horizon)

    @property
    def receipts(self) -> Sequence[Receipt]:
        """What was read of each table."""
        return self.history.receipts

    @property
    def fingerprint(self) -> dict[str, Any]:
        """What the tables hold, without holding any of it."""
        return fingerprint(self.history)

    def profile(self, features: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return what the tables look like now, as far as some features look at them."""
        return profile(self.history, features) | {"age": days_old(self.history.ends, self.now)}

    def breaks(self) -> list[Break]:
        """Return in what the tables differ from those that the models were trained on."""
        return breaks_of(self.models.values(), self.history, self.scored_at, self.now, self.settings.contract)

    def age_breaks(self, ends: datetime) -> list[Break]:
        """Return in what tables that end at some time are too old by now."""
        return age_breaks(self.models.values(), ends, self.now, self.settings.contract)

    @property
    def holes(self) -> Sequence[tuple[datetime, datetime]]:
        """The times without any order in which there usually are some."""
        return self.history.holes

    @property
    def cautions(self) -> tuple[str, ...]:
        """What is odd about the rows, for the cards."""
        return ()

    @cached_property
    def left_out(self) -> tuple[str, ...]:
        """The features that the tables cannot give; of contracts without orders nobody expects those of orders."""
        of_orders = not self.history.contracts or "orders" in self.history.tables
        return available(self.history)[1] if of_orders else ()

    @property
    def left_out_words(self) -> list[str]:
        """The features that the tables cannot give, in words."""
        return [WORDS[name] for name in self.left_out]

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """The questions, with the features of all of them."""
        return together(self.settings.questions, self.history, self.split.known[-1])

    @cached_property
    def trained_questions(self) -> tuple[Question, ...]:
        """The questions, with the features that the models were trained on, however orders went on since."""
        questions = [replace(q, rhythm=self.models[q.name].spec["rhythm"]) for q in self.settings.questions]
        return together(questions, self.history)

    @property
    def tiers(self) -> list[Tier]:
        """The questions about profit."""
        return [question for question in self.settings.questions if isinstance(question, Tier)]

    @cached_property
    def ledger(self) -> dict[str, float]:
        """How the amounts that were read become profit, where a question asks for it."""
        return ledger(self.history, self.tiers[0].costs) if self.tiers else {}

    @cached_property
    def sensitivity(self) -> dict[str, float]:
        """The whole profit if an assumed cost were otherwise, where a question asks for it."""
        return sensitivity(self.history, self.tiers[0].costs) if self.tiers else {}

    @cached_property
    def scored(self) -> ScoredRun:
        """The scoring run that answers what is asked: the one that stands where nothing changed, or else a new one."""
        return scored_run(self)

    @cached_property
    def standing(self) -> ScoredRun | None:
        """The scoring run that stands, where that can be known before anything is read."""
        return standing_run(self)

    @cached_property
    def request(self) -> Request:
        """What is asked of which models, which are resolved once and before any data are read."""
        return Request(self.settings, self.champions)

    @property
    def out(self) -> Path:
        """The folder of results."""
        return self.settings.out

    @property
    def memory(self) -> float:
        """Gigabytes that scoring may take: a quarter of the machine unless the settings say otherwise."""
        return self.settings.memory or round(machine_gigabytes() / 4, 1)

    @property
    def sure_cutoff(self) -> datetime | None:
        """The cutoff to score, where it is known before any data are read."""
        return self.settings.score_at

    @property
    def layout(self) -> dict[str, float]:
        """What decides which customers are in which block."""
        return {"memory": self.memory, "rows": PART_ROWS}

    def blocks(self, finished: int) -> Iterator[Block]:
        """Yield the answers of today part by part, from one pass of the tables, but for those that are finished."""
        baskets = suggesting(self.models, self.history, self.scored_at)
        spent = min(MEMORY, EVENTS * self.memory)
        for rows in matrices(
            self.trained_questions[0],
            self.history,
            self.scoring_cutoffs,
            spent,
            PART_ROWS,
            finished,
            self.progress,
        ):
            yield self.block(rows, baskets)

    def whole_block(self) -> Block:
        """Return the answers of today about all customers, from one pass of the tables."""
        rows = matrix(self.trained_questions[0], self.history, self.scoring_cutoffs, progress=self.progress)
        return self.block(rows, suggesting(self.models, self.history, self.scored_at))

    def block(self, rows: Matrix, baskets: Sequence[Suggesting]) -> Block:
        """Return the answers of today for some customers.

        Args:
            rows: all of theirs, of today and earlier.
            baskets: what tells the next baskets.
        """
        today, before = rows.take(rows.at(self.scored_at)), [self.month_before] if self.month_before else []
        if not len(today):
            return Block(today.key, (), {})
        earlier, horizon = rows.take(~rows.at(self.scored_at)), self.settings.questions[0].horizon
        scores = side_by_side(self.models, horizon, today, earlier, self.settings.value)
        contracts = {name: (contract(model, today), len(today)) for name, model in self.models.items()}
        kept = rows.take(rows.at(self.scored_at, *before))
        return self.with_reasons(Block(with_baskets(scores, baskets), (kept,), contracts))

    def with_reasons(self, block: Block) -> Block:
        """Return a block with reasons beside the answers, where the settings ask for them."""
        if not self.settings.reasons_in_scores:
            return block
        reasons = self.reasons(block.rows)
        return replace(block, scores=with_reasons(block.scores, reasons), reasons=reasons)

    def facts(self) -> Facts:
        """Return what is known of the tables that were read, for the verbs after scoring."""
        has_items = any(basket["by"] == "item" for m in self.models.values() for basket in m.spec.get("baskets", ()))
        return Facts(
            receipts=tuple(self.receipts),
            left_out=tuple(self.left_out_words),
            definitions=self.definitions,
            item_names=item_names(self.history, "item") if has_items else {},
            ends=self.history.ends,
        )

    @property
    def definitions(self) -> tuple[tuple[Definition, ...], ...]:
        """What the columns of the rows mean, for each kind of customers."""
        return (definitions(self.history.tables, self.trained_questions[0].features),)

    def check_anybody(self, count: int) -> None:
        """Refuse to score nobody."""
        question = self.settings.questions[0]
        if not count:
            raise QuestionError(
                f"No customer {question.population.words} {self.scored_at:%Y-%m-%d}. "
                f"{question.population_hint}, or score at another day (score_at)."
            )

    @property
    def scoring_cutoffs(self) -> list[datetime]:
        """The cutoff to score and the earlier ones it is held against."""
        today, starts = self.scored_at, self.history.starts
        earlier = {cutoff for question in self.tiers for cutoff in earlier_cutoffs(question, today, starts)}
        earlier |= {self.month_before} if self.month_before else set()
        return sorted({*earlier, today})

    @cached_property
    def rows(self) -> Matrix:
        """The rows of the customers that are scored: those of today, and those of a month before where they count."""
        return self.scored.rows(0)

    def rows_at(self, cutoff: datetime) -> Matrix:
        """Return the rows of another cutoff, with the features that the models know."""
        return matrix(self.trained_questions[0], self.history, [cutoff], progress=self.progress)

    @property
    def scored_at(self) -> datetime:
        """The cutoff to score: today, or the one that is set."""
        return self.settings.score_at or self.known_cutoff or self.history.ends

    @property
    def known_cutoff(self) -> datetime | None:
        """The cutoff that was scored, once that is known."""
        return self.scored.cutoff if "scored" in self.__dict__ else None

    @property
    def month_before(self) -> datetime | None:
        """The cutoff with whose answers those of today are compared, where a cancellation is asked for that long."""
        if not any(isinstance(question, Cancellation) for question in self.settings.questions):
            return None
        before = self.scored_at - MONTH
        return before if before > self.history.starts else None

    @cached_property
    def today(self) -> Matrix:
        """The rows of the customers that are scored."""
        return self.rows.take(self.rows.at(self.scored_at))

    @cached_property
    def sample(self) -> Matrix:
        """The rows of some of those that are scored, spread evenly, where all are more than any picture needs."""
        if self.scored.manifest.rows <= SAMPLE_ROWS:
            return self.today
        return self.scored.sample(0, self.scored_at, SAMPLE_ROWS)

    @cached_property
    def champions(self) -> dict[str, Champion]:
        """The registered champion of each question."""
        names = [question.name for question in self.settings.questions]
        champions = dict(zip(names, self.registry.champions([self.registered(name) for name in names]), strict=True))
        for champion in champions.values():
            if not champion.verified:
                self.tell(
                    f"beware    model {champion.name!r} version {champion.version} was registered by an earlier "
                    "release, which kept no hashes of files: a change of them is not noticed. Train again: patron train"
                )
        return champions

    @cached_property
    def models(self) -> dict[str, Bundle]:
        """The champions' models, loaded from the registry, each trained for what is asked now, with today's levers."""
        levers = self.settings.levers
        loaded = {name: with_levers(opened(c.bundle, c.name, c.version), levers) for name, c in self.champions.items()}
        for question in self.settings.questions:
            check_asked(loaded[question.name], question)
        return loaded

    @property
    def explained_model(self) -> Bundle:
        """The model whose answers are explained: churn, which offers are for, or else the first."""
        return self.models[self.explained]

    @property
    def explained(self) -> str:
        """The name of the question whose answers are explained."""
        names = [question.name for question in self.settings.questions]
        return next((name for name in ("churn", "cancellation") if name in names), names[0])

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Today's answers, one row for each customer."""
        return self.scored.scores()

    @cached_property
    def why(self) -> pd.DataFrame:
        """The reasons of today's answers, the strongest first."""
        return pd.concat(map(read_kept, self.reason_paths), ignore_index=True)

    @cached_property
    def reason_paths(self) -> list[Path]:
        """The files of the reasons of today's answers, in parts; those that are not there yet are written."""
        staging = self.scored.staging
        return staging.paths("reasons") or reason_parts(staging, self.kinds, self.reasons)

    def reasons(self, rows: Sequence[Matrix]) -> pd.DataFrame:
        """Return the reasons of the answers for some customers, the strongest first.

        Args:
            rows: theirs, for each kind of customers; those of other cutoffs are not looked at.
        """
        with self.keeping_refused():
            today = rows[0].take(rows[0].at(self.scored_at))
            return drivers(self.explained_model, today, top=self.settings.top_reasons)

    def reasons_of(self, customers: pd.Series) -> pd.DataFrame:
        """Return the reasons of the answers for a few customers."""
        some = (frame[frame.customer.isin(customers)] for frame in map(read_kept, self.reason_paths))
        return pd.concat(some, ignore_index=True)

    @property
    def kinds(self) -> tuple[tuple[Definition, ...], ...]:
        """What the columns of the kept rows mean, for each kind of customers."""
        return self.scored.facts.definitions

    @cached_property
    def plan(self) -> Decisions:
        """Whom to treat with what."""
        chosen = self.settings
        check_plan(chosen.offers, chosen.budget, chosen.holdout)
        if not set(RISKS) & set(self.scored.columns):
            raise QuestionError(
                "Decisions need a probability of churn, but the settings ask no churn question. "
                "Add to [questions]: churn = { horizon = 90 }."
            )
        scores = with_risk(self.scored.scores([name for name in (*RISKS, "value") if name in self.scored.columns]))
        if "value" not in scores or scores.value.isna().any():
            raise QuestionError(f"Decisions need to know what a kept customer is worth: {self.value_needed}.")
        plan = decide(scores, chosen.offers, chosen.budget, chosen.holdout, seed=chosen.seed)
        return replace(plan, table=with_reasons(plan.table, self.reasons_of(plan.table.customer)))

    @property
    def value_needed(self) -> str:
        """What to write where nobody said what a kept customer is worth."""
        return (
            "there is no tier question and no value. Add to [decisions] for example value = 30.0, "
            "or ask a tier question"
        )

    @property
    def registry(self) -> Registry:
        """Where runs and models are kept."""
        return self.settings.registry.open(self.settings.root)

    def registered(self, question: str) -> str:
        """Return the name of a question's model, and of its experiment."""
        return f"{self.settings.name}-{question}"

    def card_path(self, question: Question) -> Path:
        """Return where the card of a question lies."""
        return self.settings.out / f"card_{question.name}.json"

    def named(self, frame: pd.DataFrame) -> pd.Series:
        """Return the pseudonyms of a table's customers."""
        return pseudonyms(frame.customer, key_at(self.settings.root / "mlruns"))

    @contextmanager
    def keeping_refused(self) -> Iterator[None]:
        """Write the rows whose drivers do not add up beside the results before the error goes on."""
        try:
            yield
        except DriverError as error:
            path, model = self.write("drivers.refused", error.batch), self.champions[self.explained]
            which = f"The model is {model.name!r} version {model.version}."
            raise DriverError(f"{error} {which} The rows are kept in {path}.", error.batch) from error

    def write(self, name: str, frame: pd.DataFrame, ending: str = "parquet", keys: Sequence[str] = ()) -> Path:
        """Write a table to the folder of results."""
        return write(frame, self.settings.out / f"{name}.{ending}", keys)

    def tell_sources(self) -> None:
        """Report which files are about to be read, and how large they are."""
        for name, table in self.settings.files.items():
            joined = [join.source for join in getattr(table, "joins", ()) if isinstance(join.source, str | Path)]
            self.tell(f"reading   {name} from {' and '.join(map(sized, (table.path, *joined)))}")

    def tell_left_out(self) -> None:
        """Report how many features the tables cannot give."""
        if self.left_out:
            count = len(self.left_out)
            self.tell(f"features  {count} left out, as the tables lack what they need (patron check names them)")

    def progress(self, progress: Progress) -> None:
        """Report how far long work has come, where it comes in parts."""
        if progress.seconds_left:
            self.watch(
                f"rows      {progress.what}: {progress.share:.0%} done, about {progress.seconds_left:,.0f} s left"
            )


def sized(source: Path | str) -> str:
    """Return the name of a file or folder and its size, where there is one; of a server its address, as it was said."""
    if is_remote(source):
        return str(source)
    path = Path(source)
    files = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
    size = sum(file.stat().st_size for file in files if file.exists())
    return f"{path.name} ({size / MEGABYTE:,.1f} MB)" if size else path.name
