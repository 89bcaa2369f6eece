"""What a run answered, decided and measured, in numbers small enough to keep: how goldens are written and compared.

Run `python tests/golden/summary.py FOLDER > GOLDEN.json` on the results of a run that is known to be right.
"""

import json
import sys
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from patron.scoring.partitions import LINEAGE, read_scores

TABLES = ("decisions", "drivers")
DIFFERENT_EVERYWHERE = ("pseudonym",)  # keyed by a secret of the project's folder


def summary(folder: Path) -> dict[str, Any]:
    """Summarize each column of the tables, and take the cards as they are."""
    scores = read_scores(folder)
    tables = {"scores": _columns(scores.drop(columns=list(LINEAGE)))}
    tables |= {name: _columns(pd.read_parquet(folder / f"{name}.parquet")) for name in TABLES}
    cards = {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("card_*.json"))}
    return {"tables": tables, "cards": {name: _numbers(card) for name, card in cards.items()}}


def _columns(frame: pd.DataFrame) -> dict[str, Any]:
    return {"rows": len(frame)} | {c: _column(frame[c]) for c in frame if c not in DIFFERENT_EVERYWHERE}


def _column(values: pd.Series) -> Any:
    if pd.api.types.is_numeric_dtype(values):
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        order = np.arange(1, len(numbers) + 1)  # two customers who swap their values do not go unseen
        known = np.nan_to_num(numbers)
        return [int(np.isnan(numbers).sum()), float(known.sum()), float(known @ order / len(order))]
    return blake2b("\n".join(map(str, values)).encode(), digest_size=8).hexdigest()


def _numbers(card: Any) -> Any:
    """Keep the figures of a card; its curves have many points, of which the sums are enough."""
    if isinstance(card, dict):
        return {key: _numbers(value) for key, value in card.items()}
    if isinstance(card, list) and len(card) > 10 and all(isinstance(v, int | float | None) for v in card):
        return [len(card), float(np.nansum(np.array(card, dtype=np.float64)))]
    return [_numbers(value) for value in card] if isinstance(card, list) else card


if __name__ == "__main__":
    sys.stdout.write(json.dumps(summary(Path(sys.argv[1])), indent=1) + "\n")
