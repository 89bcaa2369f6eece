"""Carrying: rankings of next baskets put into the bundles of a trained model."""

from collections.abc import Sequence
from dataclasses import replace

from patron.history.history import History
from patron.models.baskets.contents import basket_kinds
from patron.models.baskets.reading import read_lines
from patron.models.baskets.training import Ranking, fit_ranking
from patron.models.training import Trained
from patron.periods import Split

__all__ = ["carry_rankings", "train_baskets"]


def train_baskets(trained: Trained, history: History, split: Split, seed: int = 0) -> Trained:
    """Return a trained model of the next purchase that also ranks what is bought, by what the lines tell.

    Args:
        trained: as `train` returns it.
        history: the checked event tables, with `lines`.
        split: the cutoffs that it was trained on; the test cutoffs are not looked at.
        seed: draws customers.

    Raises:
        QuestionError: a horizon has not passed.
    """
    spans = trained.question.active_in, trained.question.horizon
    return carry_rankings(
        trained,
        [fit_ranking(read_lines(history, by), split.known, *spans, seed) for by in basket_kinds(history)],
    )


def carry_rankings(trained: Trained, rankings: Sequence[Ranking]) -> Trained:
    """Return a trained model whose candidates all carry the same rankings of the next basket."""
    specs = [ranking.spec for ranking in rankings]
    trees = {ranking.spec["by"]: ranking.ranker for ranking in rankings if ranking.ranker is not None}
    bundles = {
        name: replace(bundle, spec={**bundle.spec, "baskets": specs}, rankers=trees)
        for name, bundle in trained.bundles.items()
    }
    return replace(trained, bundles=bundles)
