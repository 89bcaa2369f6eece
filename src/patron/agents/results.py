"""Results: what the verbs left in a business's folder, read as it lies there, with pseudonyms in the place of keys."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet

from patron.errors import PatronError, ScoreError, listed
from patron.pseudonyms import key_at, pseudonyms
from patron.scoring.partitions import Manifest, folder_of, manifests, read_scores

__all__ = ["SCORES", "Results"]

KEY = "customer"
SCORES = "scores.parquet"
STORE = "mlruns"


@dataclass(frozen=True)
class Results:
    """What lies in a folder of results.

    Args:
        folder: of one business, such as patron-out/shop.
        store: the folder that holds the key of the pseudonyms and, unless they are on a server, the models.
    """

    folder: Path
    store: Path

    @classmethod
    def at(cls, folder: Path) -> "Results":
        """Open a folder of results; its store lies in it or in a folder around it.

        Raises:
            PatronError: it is no folder of results.
        """
        whole = folder.resolve()
        around = [parent / STORE for parent in (whole, *whole.parents) if (parent / STORE).is_dir()]
        if not whole.is_dir() or not around:
            raise PatronError(
                f"{folder.name!r} is no folder of results beside a folder {STORE!r}. Train and score first (patron "
                "train SETTINGS, patron score SETTINGS), then name the folder that they wrote to: patron mcp "
                "patron-out/shop"
            )
        return cls(whole, around[0])

    @property
    def name(self) -> str:
        """What the folder is called."""
        return self.folder.name

    def manifest(self) -> Manifest:
        """Return the manifest of the latest scores.

        Raises:
            PatronError: nobody is scored yet.
        """
        known = manifests(self.folder / SCORES)
        if not known:
            raise self.missing("scores", "score")
        return known[-1]

    def scores(self, columns: Sequence[str]) -> pd.DataFrame:
        """Return some columns of the latest scores, those that are there, with a pseudonym in the place of each key.

        Raises:
            PatronError: nobody is scored yet, or the scores are not as they were written.
        """
        path = folder_of(self.folder / SCORES, self.manifest().moment)
        known = pyarrow.parquet.read_schema(next(path.glob("part-*.parquet"))).names
        return self.named(read_scores(self.folder, columns=[name for name in columns if name in known] or [KEY]))

    def about(self, pseudonym: str, table: str, verb: str) -> pd.DataFrame:
        """Return the rows of a table that are about a customer, without the key.

        Args:
            pseudonym: as the report and `scores` give it.
            table: a file or folder of Parquet.
            verb: what writes it.

        Raises:
            PatronError: there is no such table, or nobody scored has that pseudonym.
        """
        customer = self._key(pseudonym)
        rows = self._frame(table, verb, [(KEY, "==", customer)])
        return rows.drop(columns=KEY)

    def table(self, table: str, verb: str) -> pd.DataFrame:
        """Return a whole table with a pseudonym in the place of each key.

        Raises:
            PatronError: there is no such table.
        """
        return self.named(self._frame(table, verb))

    def plain(self, file: str, verb: str) -> dict[str, Any]:
        """Return what a JSON file holds.

        Raises:
            PatronError: there is no such file, or it is broken.
        """
        path = self.folder / file
        try:
            return dict(json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise self.missing(file, verb) from None
        except (OSError, ValueError, TypeError):
            raise PatronError(f"{file!r} in {self.name!r} is broken. Write it anew: patron {verb} SETTINGS") from None

    def card(self, question: str) -> dict[str, Any]:
        """Return the card of a question.

        Raises:
            PatronError: there is no such question, or nothing is trained.
        """
        stems = [path.stem.removeprefix("card_") for path in self.folder.glob("card_*.json")]
        known = [stem for stem in stems if "." not in stem]  # of champions; those of challengers lie beside them
        if not known:
            raise self.missing("cards", "train")
        if question not in known:
            raise PatronError(f"There is no card of that question. There are: {listed(known)}. Ask for one of them.")
        return self.plain(f"card_{question}.json", "train")

    def named(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return rows with a pseudonym in the place of each key.

        Raises:
            PatronError: nobody has a pseudonym yet.
        """
        names = pseudonyms(rows[KEY], self._secret())
        rest = rows.drop(columns=[KEY, *({"pseudonym"} & set(rows))])
        return pd.concat([names, rest], axis=1)

    def missing(self, what: str, verb: str) -> PatronError:
        """Return the error for a result that is not there, with the verb that writes it."""
        return PatronError(f"There are no {what} of {self.name!r} yet. Have them written: patron {verb} SETTINGS")

    def _frame(self, table: str, verb: str, filters: list[tuple[str, str, str]] | None = None) -> pd.DataFrame:
        path = self.folder / table
        path = folder_of(path, self.manifest().moment) if table == SCORES else path
        if not path.exists():
            raise self.missing(table, verb)
        return pyarrow.parquet.read_table(path, filters=filters, partitioning=None).to_pandas()

    def _key(self, pseudonym: str) -> str:
        """Return the key behind a pseudonym; no message repeats what was given, which may be a key."""
        customers = _customers(self.folder, self.manifest().run_id, self._secret())
        if pseudonym not in customers:
            raise ScoreError(
                f"Nobody among the {len(customers):,} customers scored at {self.manifest().moment:%Y-%m-%d} has that "
                "pseudonym. Keys are not taken: give a pseudonym of ten characters, as the report, the decisions and "
                "`customers_at_risk` have it."
            )
        return str(customers[pseudonym])

    def _secret(self) -> bytes:
        """Return the key of the pseudonyms; where there is none, this does not make one."""
        if not (self.store / "pseudonyms.key").exists():
            raise self.missing("pseudonyms", "report")
        return key_at(self.store)


@lru_cache(maxsize=1)
def _customers(folder: Path, run_id: str, secret: bytes) -> dict[str, str]:
    """Return the keys of the customers of a scoring run by pseudonym."""
    keys = read_scores(folder, columns=[KEY])[KEY]
    return dict(zip(pseudonyms(keys, secret), keys, strict=True))
