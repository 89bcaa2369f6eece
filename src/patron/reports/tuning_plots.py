"""Tuning plots: how trials went, as Optuna draws them."""

import warnings
from functools import partial
from io import StringIO
from typing import Any

__all__ = ["tuning_plots"]

LOSS = "rolling log loss"
FEWEST = 4  # trials that went to their end, of which importance can be told


def tuning_plots(study: Any) -> dict[str, str]:
    """Return Optuna's plots of a study as SVG text, by file name.

    Importance is that of PED-ANOVA (Watanabe et al. 2023, IJCAI), once there are a few trials.

    Args:
        study: Optuna's.
    """
    from optuna.importance import PedAnovaImportanceEvaluator
    from optuna.visualization import matplotlib as drawn

    plots = {
        "tuning_history.svg": _svg(partial(drawn.plot_optimization_history, target_name=LOSS), study),
        "tuning_folds.svg": _svg(partial(_folds, drawn.plot_intermediate_values), study),
        "tuning_slice.svg": _svg(partial(drawn.plot_slice, target_name=LOSS), study),
    }
    complete = [trial for trial in study.get_trials(deepcopy=False) if trial.state.name == "COMPLETE"]
    if len({trial.value for trial in complete}) >= FEWEST:
        evaluator = PedAnovaImportanceEvaluator()
        drawing = partial(drawn.plot_param_importances, evaluator=evaluator, target_name=LOSS)
        plots["tuning_importance.svg"] = _svg(drawing, study)
    return plots


def _folds(draw: Any, study: Any) -> Any:
    """Plot the loss after each fold, without a legend of all trials."""
    axes = draw(study)
    axes.set(xlabel="fold, from 0", ylabel=LOSS)
    if axes.get_legend():
        axes.get_legend().remove()
    return axes


def _svg(draw: Any, study: Any) -> str:
    """Return a plot as text, drawn outside any window, with the style of other plots left as it was."""
    import matplotlib
    from matplotlib import pyplot

    text = StringIO()
    with matplotlib.rc_context({"backend": "agg", "svg.hashsalt": "tuning"}), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pyplot.switch_backend("agg")
        try:
            axes = draw(study)
            figure = axes.figure if hasattr(axes, "figure") else axes.flat[0].figure
            figure.savefig(text, format="svg", bbox_inches="tight", metadata={"Date": None})
        finally:
            pyplot.close("all")
    return text.getvalue()
