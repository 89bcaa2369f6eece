"""Registered: the champions of the questions, resolved together, and their models as they answer today."""

from collections.abc import Mapping

from patron.explanations.levers import with_levers
from patron.jobs.source_words import Tell
from patron.models.serving import Bundle
from patron.registry import Champion, Registry
from patron.scoring.model import check_asked, opened
from patron.settings import Settings

__all__ = ["champions_of", "explained_question", "loaded_models"]

EXPLAINED_FIRST = ("churn", "cancellation")  # which offers are for


def champions_of(registry: Registry, names: Mapping[str, str], tell: Tell) -> dict[str, Champion]:
    """Return the champion of each question, and report those whose files nobody can check.

    Args:
        registry: where they are kept.
        names: of the registered models, by question.
        tell: called with a sentence for each that has no hashes.

    Raises:
        RegistryError: a model has no champion.
    """
    champions = dict(zip(names, registry.champions(list(names.values())), strict=True))
    for champion in champions.values():
        if not champion.verified:
            tell(
                f"beware    model {champion.name!r} version {champion.version} was registered by an earlier "
                "release, which kept no hashes of files: a change of them is not noticed. Train again: patron train"
            )
    return champions


def loaded_models(champions: Mapping[str, Champion], settings: Settings) -> dict[str, Bundle]:
    """Return the champions' models, each trained for what is asked now, with today's levers.

    Raises:
        ScoreError: a model answers another question than is asked.
    """
    levers = settings.levers
    loaded = {name: with_levers(opened(c.bundle, c.name, c.version), levers) for name, c in champions.items()}
    for question in settings.questions:
        check_asked(loaded[question.name], question)
    return loaded


def explained_question(settings: Settings) -> str:
    """Return the name of the question whose answers are explained: that which offers are for, or else the first."""
    names = [question.name for question in settings.questions]
    return next((name for name in EXPLAINED_FIRST if name in names), names[0])
