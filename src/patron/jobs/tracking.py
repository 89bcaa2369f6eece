"""Tracking: what of one training goes into the registry, so that it can be understood and used later."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from patron.evaluation.backtests import Card
from patron.evaluation.grades import grade
from patron.explanations.dependence import weighty_dependence
from patron.explanations.drivers import importance
from patron.explanations.pushes import explained_score
from patron.explanations.spread import push_spread, typical_of_high
from patron.explanations.waterfall import waterfall
from patron.jobs.inputs import data_sets
from patron.jobs.users import user
from patron.models.serving import Bundle, standalone
from patron.models.training import Trained
from patron.periods import Split
from patron.questions.matrices import Matrix
from patron.registry import CONTEST, TRAINING, Contest, Registry
from patron.reports import plots
from patron.reports.answer_words import AnswerWords
from patron.reports.driver_plots import beeswarm_plot, waterfall_plot
from patron.reports.model_card import ModelCard
from patron.settings import Settings, describe

if TYPE_CHECKING:
    from patron.scoring.learned_effects import LearnedEffect

__all__ = ["NOTE", "USER", "Entry", "Logged", "driver_pictures", "judged_figures", "log", "served_with"]

NOTHING: Mapping[str, str] = MappingProxyType({})
DRAWN, DRAWN_REASONS, DRAWN_ROWS = 3, 5, 2_000
NOTE = "mlflow.note.content"  # what MLflow's page shows as the description of a run
USER = "mlflow.user"
SERVED_WITH = ("lightgbm", "numpy", "pandas")


@dataclass(frozen=True)
class Entry:
    """What all questions of one training share.

    Args:
        settings: what was asked of which tables.
        split: the cutoffs by use; None where rows have no dates.
        data: fingerprint of the history.
        now: when.
        trained_on: what the tables look like, for the models to carry; none of ready-made rows.
        effects: what past campaigns showed of offers, by the question whose model keeps it.
    """

    settings: Settings
    split: Split | None
    data: Mapping[str, Any]
    now: datetime
    trained_on: Mapping[str, Any]
    effects: "Mapping[str, Sequence[LearnedEffect]]" = field(default_factory=dict)

    @property
    def training(self) -> str:
        """What tells this training from others, on each of its models."""
        return self.now.astimezone(UTC).isoformat()


@dataclass(frozen=True)
class Logged:
    """A registered version that is not yet champion: of which model, from which candidate, and why that one.

    Where there was a champion already, `contest` tells how it did beside it.
    """

    name: str
    version: str
    candidate: str
    reason: str
    contest: Contest | None = None


def log(
    registry: Registry,
    name: str,
    trained: Trained,
    card: Card,
    entry: Entry,
    contest: Contest | None = None,
    pictures: Mapping[str, str] = NOTHING,
) -> Logged:
    """Log one training and register its champion, to be promoted when all questions of the training are there.

    Args:
        registry: where to.
        name: of the experiment and the registered model.
        trained: the candidates and the champion among them.
        card: how they did at the test cutoffs.
        entry: settings, data and time.
        contest: how it did beside the champion of today, where there is one.
        pictures: plots of its drivers, by path.
    """
    against = {CONTEST: contest.text} if contest else {}
    page = ModelCard(name, trained, card, entry.split, entry.data, entry.settings.registry.contact)
    effects = entry.effects.get(trained.question.name, ())
    words = _words(trained, card, entry) | _evidence(effects)
    run_id = registry.log_run(
        name,
        f"{trained.champion} {entry.now:%Y-%m-%d %H:%M}",
        _parameters(trained, entry),
        _metrics(card) | _contest_metrics(contest) | _effect_metrics(effects),
        {**_texts(trained, card, entry), "model_card.md": page.text, **_contest_text(contest), **pictures}
        | {f"effects/{effect.offer}.json": effect.text for effect in effects},
        tags={"champion": trained.champion, "reason": trained.reason, NOTE: page.summary, USER: user(), **words},
        data_sets=data_sets(entry.settings, entry.data, entry.trained_on),
    )
    with TemporaryDirectory() as scratch:
        bundle = trained.carrying(entry.trained_on).model.save(Path(scratch) / "bundle")
        for effect in effects:
            effect.save(bundle)
        code = Path(scratch) / "serving.py"
        code.write_text(standalone(), encoding="utf-8")
        tags = {"candidate": trained.champion, TRAINING: entry.training} | words | against
        registered = registry.register(name, run_id, bundle, code, served_with(), tags)
    return Logged(name, registered, trained.champion, trained.reason, contest)


def judged_figures(registry: Registry, run_id: str) -> dict[str, float]:
    """Return the figures of the candidate of a run at its test cutoffs, by the plain names of the metrics: log_loss."""
    figures, tags = registry.run(run_id)
    stem = f"test.{tags.get('champion', '')}."
    return {name.removeprefix(stem): value for name, value in figures.items() if name.startswith(stem)}


def served_with() -> list[str]:
    """Return what a served model needs, in the versions that are here."""
    return [f"{package}=={version(package)}" for package in SERVED_WITH]


def driver_pictures(model: Bundle, rows: Matrix, currency: str) -> dict[str, str]:
    """Return plots of what moves the answers, by path: of many customers, of one, and by the weightiest numbers.

    Args:
        model: the champion.
        rows: features of n customers, of whom a sample is drawn; no key is written.
        currency: of money; empty where nobody said.
    """
    weights = importance(model, rows, most=DRAWN_ROWS)
    score, spread = explained_score(model), push_spread(model, rows, weights)
    if not len(spread):
        return {}
    words = AnswerWords(score.noun, score.is_chance, currency)
    steps = waterfall(model, typical_of_high(model, rows), DRAWN_REASONS)
    curves = weighty_dependence(model, rows, weights, DRAWN)
    plotted = {f"dependence_{_plain(feature['name'])}": plots.dependence_plot(feature, of) for feature, of in curves}
    plotted |= {"beeswarm": beeswarm_plot(spread, words), "waterfall": waterfall_plot(steps, words)}
    return {f"drivers/{name}.svg": picture for name, picture in plotted.items()}


def _parameters(trained: Trained, entry: Entry) -> dict[str, str | float]:
    question = trained.question
    fitted = {f"model.{k}": v for k, v in trained.model.spec["parameters"].items()}
    read = {f"data.{table}.{k}": v for table, counts in entry.data.items() for k, v in counts.items()}
    asking = {"horizon": str(question.horizon), "active_in": str(question.active_in), "seed": entry.settings.seed}
    parameters = {"champion": trained.champion} | asking | _dates(entry.split) | fitted | read
    return {name: str(value) for name, value in parameters.items()}


def _dates(split: Split | None) -> dict[str, str]:
    if split is None:
        return {"cutoffs": "none: customers held out"}
    return {f"cutoffs.{name}": ", ".join(f"{c:%Y-%m-%d}" for c in group) for name, group in split.groups.items()}


def _metrics(card: Card) -> dict[str, float]:
    metrics = {"test.rows": float(card.rows)} | {f"test.{_plain(k)}": v for k, v in card.base.items()}
    metrics |= {f"stability.{name}": value for name, value in card.stability.items()}
    named = {f"test.{candidate}": figures for candidate, figures in card.measured.items()}
    # Of whichever candidate is champion, so that trainings can be put in order.
    named |= {"test.difference": card.differences, "test": card.measured[card.champion]}
    for stem, figures in named.items():
        for metric, figure in figures.items():
            name = f"{stem}.{_plain(metric)}"
            metrics |= {name: figure.value, f"{name}.low": figure.low, f"{name}.high": figure.high}
    return metrics


def _words(trained: Trained, card: Card, entry: Entry) -> dict[str, str]:
    """Return what runs and versions are searched by."""
    graded = grade(card)
    latest = f"{max(entry.split.known):%Y-%m-%d}" if entry.split else "undated"
    words = {"business": entry.settings.name, "question": trained.question.name, "horizon": card.ahead}
    return words | {"trained_until": latest, "grade": graded.word if graded else "none known"}


def _contest_text(contest: Contest | None) -> dict[str, str]:
    return {"contest.json": contest.text} if contest else {}


def _contest_metrics(contest: Contest | None) -> dict[str, float]:
    """Return by how much each deciding figure differs from the champion's, with its interval."""
    bounds = {"value": "", "low": ".low", "high": ".high"}
    figures = contest.figures if contest else {}
    return {f"contest.{_plain(name)}{bounds[key]}": v for name, figure in figures.items() for key, v in figure.items()}


def _evidence(effects: "Sequence[LearnedEffect]") -> dict[str, str]:
    """Return on what evidence each learned effect rests, as runs and versions are searched by."""
    return {"effects": "; ".join(f"{e.offer}: {e.card['evidence']}" for e in effects)} if effects else {}


def _effect_metrics(effects: "Sequence[LearnedEffect]") -> dict[str, float]:
    """Return the mean effect of each offer with its interval, and how many customers it surely helps or harms."""
    return {f"effects.{_plain(e.offer)}.{name}": value for e in effects for name, value in e.figures.items()}


def _texts(trained: Trained, card: Card, entry: Entry) -> dict[str, str]:
    features = [
        {k: f[k] for k in ("name", "words", "theme", "unit", "formula")} for f in trained.model.spec["features"]
    ]
    return {
        "card.json": card.text,
        "features.json": json.dumps(features, indent=1),
        "settings.json": json.dumps(describe(entry.settings), indent=1, default=str),
        "data.json": json.dumps(entry.data, indent=1),
        "calibration.svg": plots.reliability_plot(card),
        "gain.svg": plots.gain_plot(card),
    }


def _plain(name: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in name.lower()).strip("_")
