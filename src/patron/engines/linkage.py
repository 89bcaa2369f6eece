"""Linkage: how probable it is that two records are one person, by Splink's model of record linkage, on DuckDB.

The model learns from the records themselves how often two people agree by chance, and how often one person does.
"""

import logging
import warnings
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from patron.errors import HistoryError

__all__ = ["FIELDS", "linked"]

FIELDS = ("first_name", "last_name", "born", "home")
NODE = "node"
PAIRS = 2_000_000  # pairs that agree by chance alone, from which it is learned how often they do
RECALL = 0.7  # of one person's pairs, the share that agrees in name and one more thing: a starting point only
LEAST = 100  # records, below which there is nothing to learn from
QUIET = logging.CRITICAL  # what it logs is about its own tables
SWAPPED = "first_name_l = last_name_r and last_name_l = first_name_r"
INITIAL = (
    "substr(first_name_l, 1, 1) = substr(first_name_r, 1, 1) and least(length(first_name_l), length(first_name_r)) = 1"
)
# People of one household share a last name, a home and at times a date of birth; their first names tell them apart.
SAME_FIRST = """
    select pairs.* from pairs join records l on l.node = node_l join records r on r.node = node_r
    where coalesce(jaro_winkler_similarity(l.first_name, r.first_name) >= 0.75, true)
        or jaro_winkler_similarity(l.first_name, r.last_name) >= 0.85
        or (l.first_name[1] = r.first_name[1] and least(length(l.first_name), length(r.first_name)) = 1)
"""


def linked(records: pd.DataFrame, least: float, seed: int) -> pd.DataFrame:
    """Return pairs of records that are one person with at least some probability.

    Two records whose first names are known and unlike are two people, whatever else they share.

    Args:
        records: `node`, a whole number for each, and of `FIELDS` the names and what else there is, as texts or unknown.
        least: the least probability.
        seed: what chance starts from; the same records and seed give the same pairs.

    Returns:
        the columns `left`, `right` (left below right) and `probability`, in the order of the nodes.

    Raises:
        HistoryError: there are too few records to learn from, or Splink is not installed.
    """
    if len(records) < LEAST:
        raise HistoryError(
            f"Names tell one person from another only among many: there are {len(records):,} keys with a name, and "
            f"{LEAST} are needed. Match by email or phone instead, and leave name out of [identity.match]."
        )
    fields = [field for field in FIELDS if records[field].notna().any()]
    rows = pa.Table.from_pandas(records.sort_values(NODE)[[NODE, *fields]], preserve_index=False)
    engine = duckdb.connect(config={"threads": 1})  # so that sums do not depend on who comes first
    engine.register("records", rows)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        linker = _linker(engine, rows, fields)
        _train(linker, fields, seed)
        predicted = linker.inference.predict(threshold_match_probability=least, warning_mode="never")
    engine.register("pairs", predicted.as_duckdbpyrelation().to_arrow_table())
    pairs = engine.sql(SAME_FIRST).to_arrow_table().to_pandas()
    ends = pairs[[f"{NODE}_l", f"{NODE}_r"]]
    result = {"left": ends.min(axis=1), "right": ends.max(axis=1), "probability": pairs.match_probability.round(6)}
    return pd.DataFrame(result).sort_values(["left", "right"], ignore_index=True)


def _splink(module: str = "splink") -> ModuleType:
    logging.getLogger("splink").setLevel(QUIET)
    try:
        return import_module(module)
    except ImportError:
        raise HistoryError(
            "Names are matched by the library splink, which is not installed. Install it: "
            "pip install 'patron[identity]', or leave name out of [identity.match]."
        ) from None


def _linker(engine: duckdb.DuckDBPyConnection, rows: pa.Table, fields: Sequence[str]) -> Any:
    splink = _splink()
    settings = splink.SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name=NODE,
        comparisons=[_first(), _home(fields), *(_born() for field in fields if field == "born")],
        blocking_rules_to_generate_predictions=[splink.block_on(*block) for block in _blocks(fields)],
        retain_matching_columns=False,
    )
    return splink.Linker(splink.DuckDBAPI(connection=engine).register(rows), settings)


def _first() -> Any:
    """Return how first names are compared; that two have a rare one tells more."""
    level = _splink("splink.comparison_level_library")
    levels = [
        level.NullLevel("first_name"),
        level.ExactMatchLevel("first_name", term_frequency_adjustments=True),
        level.JaroWinklerLevel("first_name", 0.92),
        level.CustomLevel(INITIAL),
        level.CustomLevel(SWAPPED),
        level.JaroWinklerLevel("first_name", 0.8),
        level.ElseLevel(),
    ]
    return _compared("first", levels, (0.8, 0.06, 0.03, 0.01, 0.04, 0.06))


def _home(fields: Sequence[str]) -> Any:
    """Return how last names and homes are compared: together, as a family shares both and they prove one thing."""
    level = _splink("splink.comparison_level_library")
    rare = level.ExactMatchLevel("last_name", term_frequency_adjustments=True)
    names = [level.CustomLevel(SWAPPED), rare, level.JaroWinklerLevel("last_name", 0.92)]
    if "home" not in fields:
        levels = [level.NullLevel("last_name"), *names, level.ElseLevel()]
        return _compared("family", levels, (0.01, 0.85, 0.06, 0.08))
    alike = [level.JaroWinklerLevel("last_name", 0.92), level.JaroWinklerLevel("home", 0.9)]
    same = [level.ExactMatchLevel("last_name"), level.ExactMatchLevel("home")]
    both = [names[0], level.And(*same), level.And(*alike)]
    nothing = level.And(level.NullLevel("last_name"), level.NullLevel("home"))
    levels = [nothing, *both, *names[1:], same[1], alike[1], level.ElseLevel()]
    return _compared("family", levels, (0.01, 0.4, 0.1, 0.34, 0.04, 0.05, 0.02, 0.04))


def _born() -> Any:
    library = _splink("splink.comparison_library")
    compared = library.DamerauLevenshteinAtThresholds("born", [1, 2])
    return compared.configure(term_frequency_adjustments=True)


def _compared(name: str, levels: Sequence[Any], usual: Sequence[float]) -> Any:
    """Return a comparison, with how often each level but the first is usual of one person, from where it learns."""
    library = _splink("splink.comparison_library")
    compared = library.CustomComparison(output_column_name=name, comparison_levels=list(levels))
    return compared.configure(m_probabilities=list(usual))


def _others(fields: Sequence[str]) -> list[str]:
    return [field for field in ("born", "home") if field in fields]


def _blocks(fields: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the pairs of fields of which two records must have one the same to be compared at all."""
    others = _others(fields)
    named = [(name, other) for other in others for name in ("first_name", "last_name")]
    return [("first_name", "last_name"), *named, *([tuple(others)] if len(others) > 1 else [])]


def _train(linker: Any, fields: Sequence[str], seed: int) -> None:
    """Fit how often things agree by chance, then how often they do of one person, from pairs that agree in others."""
    splink, others = _splink(), _others(fields)
    rules = [splink.block_on("first_name", "last_name", other) for other in others]
    linker.training.estimate_probability_two_random_records_match(rules, recall=RECALL)
    linker.training.estimate_u_using_random_sampling(max_pairs=PAIRS, seed=seed)
    blocks = (("first_name", "last_name"), ("born",)) if "born" in fields else ()
    for block in blocks:
        linker.training.estimate_parameters_using_expectation_maximisation(splink.block_on(*block), max_pairs=PAIRS)
