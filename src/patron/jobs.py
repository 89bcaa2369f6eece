"""Jobs: what one command does, from settings to files; every step of the way through, on its own or in one go."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from filelock import FileLock, Timeout

from patron import logbook, quality, reports, stores
from patron.backtests import Backtest, backtest, judge, predictions
from patron.baskets import asked_by, fit_basket, judge_basket
from patron.cards import Card
from patron.decisions import Decisions, decide
from patron.driver_tables import drivers, importance
from patron.errors import LockError, QuestionError
from patron.features import available
from patron.fingerprints import fingerprint
from patron.history import History
from patron.matrices import Matrix, answers, matrix
from patron.models.scoring import check_asked
from patron.models.serving import Bundle
from patron.models.training import Trained, fit
from patron.portfolio import migration
from patron.profit import ledger, sensitivity
from patron.pseudonyms import key_at, pseudonyms
from patron.questions import NextPurchase, Question, Tier, together
from patron.registry import Champion, Registry
from patron.scores import side_by_side
from patron.settings import Settings
from patron.terminal import backtest_lines, basket_lines, card_lines

__all__ = ["Job", "alone"]

Tell = Callable[[str], None]
IMPORTANCE_ROWS = 5000


@contextmanager
def alone(out: Path) -> Iterator[None]:
    """Let no other run write to the same results meanwhile.

    Raises:
        LockError: another run is at work there.
    """
    out.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(out / ".lock", timeout=0):
            yield
    except Timeout:
        raise LockError(
            f"Another run is writing to {out.name!r}. Wait until it has ended, or give these settings another 'out'."
        ) from None


@dataclass(frozen=True)
class Job:
    """One business's work: the steps of the way through, each of which can be run on its own.

    What several steps need (the history, the rows of today, the champions) is made once.

    Args:
        settings: what is asked of which tables, and where results go.
        now: the time of the run, for the audit log and the report.
        tell: called with a sentence after each step.
    """

    settings: Settings
    now: datetime
    tell: Tell = field(default=lambda sentence: None)

    @cached_property
    def history(self) -> History:
        """The checked event tables."""
        made = self.settings.history()
        for receipt in made.receipts:
            aside = ", ".join(f"{n:,} {why}" for why, n in receipt.set_aside.items()) or "none"
            notes = "".join(f"; {note}" for note in receipt.notes)
            self.tell(
                f"history   {receipt.table}: {receipt.read:,} rows read, set aside: {aside}; {receipt.used:,} used, "
                f"{receipt.customers:,} customers, {receipt.first:%Y-%m-%d} to {receipt.last:%Y-%m-%d}{notes}"
            )
        return made

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """The questions, with the features of all of them."""
        _, left_out = available(self.history)
        if left_out:
            self.tell(f"features  left out, because the tables lack what they need: {', '.join(left_out)}")
        return together(self.settings.questions, self.history)

    @cached_property
    def today(self) -> Matrix:
        """The rows of the customers to score."""
        cutoff = self.settings.score_at or self.history.ends
        made = matrix(self.questions[0], self.history, [cutoff])
        self.tell(f"today     {cutoff:%Y-%m-%d}: {len(made):,} customers, {made.X.shape[1]} features")
        return made

    @cached_property
    def champions(self) -> dict[str, Champion]:
        """The registered champion of each question."""
        return {q.name: self.registry.champion(self.registered(q.name)) for q in self.settings.questions}

    @cached_property
    def models(self) -> dict[str, Bundle]:
        """The champions' models, loaded from the registry, each trained for what is asked now."""
        loaded = {name: Bundle.load(champion.bundle) for name, champion in self.champions.items()}
        for question in self.settings.questions:
            check_asked(loaded[question.name], question)
        return loaded

    @property
    def _told(self) -> Bundle:
        """The model whose reasons are told: churn, which offers are for, or else the first."""
        return self.models.get("churn") or next(iter(self.models.values()))

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Today's answers, one row for each customer."""
        return side_by_side(self.models, self.questions, self.history, self.today, self.settings.value)

    @cached_property
    def why(self) -> pd.DataFrame:
        """The reasons of today's answers, the strongest first."""
        return drivers(self._told, self.today, top=self.settings.top_reasons)

    @cached_property
    def plan(self) -> Decisions:
        """Whom to treat with what."""
        if "churn_probability" not in self.scores:
            raise QuestionError(
                "Decisions need a probability of churn, but the settings ask no churn question. "
                "Add to [questions]: churn = { horizon = 90 }."
            )
        if "value" not in self.scores:
            raise QuestionError(
                "Decisions need to know what a kept customer is worth: there is no tier question and no value. "
                "Add to [decisions] for example value = 30.0, or ask a tier question."
            )
        chosen = self.settings
        return decide(self.scores, chosen.offers, chosen.budget, chosen.holdout, self.why, chosen.seed)

    @property
    def registry(self) -> Registry:
        """Where runs and models are kept."""
        return Registry.at(self.settings.root)

    def registered(self, question: str) -> str:
        """Return the name of a question's model, and of its experiment."""
        return f"{self.settings.name}-{question}"

    def check(self) -> None:
        """Read the tables and tell what was found, what was set aside, and which features can be made."""
        self.tell(f"features  {len(self.questions[0].features)} measures can be made")
        self._tell_ledger()

    def train(self) -> dict[str, Card]:
        """Train every question, judge it at the test cutoffs, log and register what came of it."""
        split = self.settings.split
        for question in self.settings.questions:
            split.check_gap(question.horizon)
        cutoffs = (*split.known, *split.test)
        labelled = {q.name: answers(q, self.history, cutoffs) for q in self.questions}
        rows = matrix(self.questions[0], self.history, cutoffs)
        counts = rows.key.cutoff.value_counts().sort_index()
        made = ", ".join(f"{cutoff:%Y-%m-%d}: {n:,}" for cutoff, n in counts.items())
        self.tell(f"rows      {len(rows):,} rows x {rows.X.shape[1]} features at {len(counts)} cutoffs ({made})")
        self._tell_ledger()
        entry = logbook.Entry(self.settings, fingerprint(self.history), self.now)
        return {q.name: self._train_one(q, rows, labelled[q.name], entry) for q in self.questions}

    def backtest(self) -> Path:
        """Judge every question at the last few cutoffs as if each were today; nothing is registered."""
        tests = [self._test_one(question) for question in self.questions]
        page = quality.page(self.settings.name, self.now, tests)
        path = stores.write_text(page, self.settings.out / "backtest.html")
        self.tell(f"backtest  {path}")
        return path

    def score(self) -> Path:
        """Score today's customers with the champions and write the answers."""
        path = self._write("scores", self.scores)
        used = {name: champion.version for name, champion in self.champions.items()}
        lineage = {"cutoff": f"{self.today.key.cutoff.max()}", "models": used, "data": fingerprint(self.history)}
        stores.write_text(json.dumps(lineage, indent=1), self.settings.out / "scores.lineage.json")
        versions = ", ".join(f"{name} version {v}" for name, v in used.items())
        self._tell_moves()
        self.tell(f"scores    {len(self.scores):,} customers by {versions}: {path}")
        return path

    def explain(self) -> Path:
        """Write the reasons of today's answers."""
        path = self._write("drivers", self.why)
        self.tell(f"drivers   {len(self.why):,} reasons, up to {self.settings.top_reasons} for each customer: {path}")
        return path

    def decide(self) -> Path:
        """Write whom to treat with what, within the budget."""
        table = self.plan.table.assign(pseudonym=self._named(self.plan.table))
        path = self._write("decisions", table)
        self._write("decisions", table, "csv")
        said = {k: v for k, v in self.plan.summary.items() if isinstance(v, int | float)}
        told = ", ".join(f"{k.replace('_', ' ')} {v:,.{0 if isinstance(v, int) else 2}f}" for k, v in said.items())
        self.tell(f"decisions {told}: {path} and .csv")
        return path

    def report(self) -> Path:
        """Write the page for the retention manager."""
        path = stores.write_text(reports.page(self._report()), self.settings.out / "report.html")
        self.tell(f"report    {path}")
        return path

    def everything(self) -> None:
        """Go the whole way: train, score, explain, decide, report."""
        self.train()
        self.score()
        self.explain()
        if self.settings.offers:
            self.decide()
            self.report()

    def _test_one(self, question: Question) -> Backtest:
        test = backtest(question, self.history, self.settings.split, self.settings.seed)
        cards = {"pooled": test.pooled.plain(), "folds": [card.plain() for card in test.folds]}
        written = stores.write_text(json.dumps(cards, indent=1), self.settings.out / f"backtest_{question.name}.json")
        path = self._write(f"backtest_{question.name}_predictions", test.predictions)
        self.tell(
            f"{question.name}: {test.pooled.reason}\n{backtest_lines(test)}\n          {written}; predictions: {path}"
        )
        return test

    def _train_one(self, question: Question, rows: Matrix, label: np.ndarray, entry: logbook.Entry) -> Card:
        split = self.settings.split
        trained = fit(question, self.history, rows, label, split, self.settings.seed)
        if isinstance(question, NextPurchase):
            trained = self._train_baskets(question, trained)
        test = rows.at(*split.test)
        card = judge(trained, rows.take(test), label[test], self.settings.seed)
        judged = predictions(trained, rows.take(test), label[test])
        path = self._write(f"predictions_{question.name}", judged)
        stores.write_text(json.dumps(card.plain(), indent=1), self._card_path(question))
        logged = logbook.log(self.registry, self.registered(question.name), trained, card, entry)
        self.tell(f"{question.name}: {trained.reason}\n{card_lines(card)}\n          {logged}; predictions: {path}")
        return card

    def _train_baskets(self, question: NextPurchase, trained: Trained) -> Trained:
        """Choose and judge what the next basket holds, and let every candidate carry the choice."""
        where, split = (question.active_in, question.horizon), self.settings.split
        chosen = []
        for by in asked_by(self.history):
            basket = fit_basket(self.history, split.valid, *where, by)
            card = judge_basket(self.history, split.test, *where, basket, self.settings.seed)
            stores.write_text(json.dumps(asdict(card), indent=1), self.settings.out / f"card_next_{by}.json")
            self.tell(basket_lines(card))
            chosen.append(asdict(basket))
        if not chosen:
            self.tell("basket    not asked, because no order line has a category or item")
        return replace(
            trained, bundles={n: replace(b, spec=b.spec | {"baskets": chosen}) for n, b in trained.bundles.items()}
        )

    def _tell_ledger(self) -> None:
        """Show how the amounts that were read become the profit of customers."""
        for question in self._tiers:
            book = ledger(self.history, question.costs)
            stores.write_text(json.dumps(book, indent=1), self.settings.out / "ledger.json")
            self.tell("ledger    " + "; ".join(f"{line} {money:,.2f}" for line, money in book.items()))
            moved = sensitivity(self.history, question.costs)
            self.tell("profit    " + "; ".join(f"{case} {money:,.0f}" for case, money in moved.items()))

    def _tell_moves(self) -> None:
        """Show how many customers are expected to change their tier."""
        for question in self._tiers:
            moves = migration(self.scores, question.names)
            self._write("migration", moves.rename_axis("present_tier").reset_index(), "csv")
            stay = int(sum(moves.loc[name, name] for name in moves.index))
            self.tell(f"tiers     {stay:,} of {len(self.scores):,} are expected to stay in their tier: migration.csv")

    @property
    def _tiers(self) -> list[Tier]:
        return [question for question in self.settings.questions if isinstance(question, Tier)]

    def _report(self) -> reports.Report:
        paths = [self._card_path(question) for question in self.settings.questions]
        named = self._named(self.today.key)
        return reports.Report(
            name=self.settings.name,
            made_at=self.now,
            currency=self.settings.currency,
            receipts=self.history.receipts,
            left_out=available(self.history)[1],
            cards=[Card.of(json.loads(p.read_text(encoding="utf-8"))) for p in paths if p.exists()],
            scores=self.scores.assign(pseudonym=named).drop(columns="customer"),
            why=self.why.assign(pseudonym=self._named(self.why)).drop(columns="customer"),
            importance=importance(self._told, self.today, most=IMPORTANCE_ROWS),
            decisions=Decisions(self.plan.table.assign(pseudonym=self._named(self.plan.table)), self.plan.summary),
            offers=self.settings.offers,
            costs=self._tiers[0].costs if self._tiers else None,
            versions={name: champion.version for name, champion in self.champions.items()},
        )

    def _named(self, frame: pd.DataFrame) -> pd.Series:
        return pseudonyms(frame.customer, key_at(self.settings.root / "mlruns"))

    def _card_path(self, question: Question) -> Path:
        return self.settings.out / f"card_{question.name}.json"

    def _write(self, name: str, frame: pd.DataFrame, ending: str = "parquet") -> Path:
        return stores.write(frame, self.settings.out / f"{name}.{ending}")
