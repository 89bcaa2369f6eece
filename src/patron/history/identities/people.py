"""People: what tables tell of the person behind a key, in one way of writing, and which keys are probably one person.

Names, dates of birth and addresses are looked at in memory only; what comes out are pairs of keys and probabilities.
"""

import re
import unicodedata
from collections.abc import Mapping

import pandas as pd

from patron.engines.linkage import linked
from patron.errors import HistoryError
from patron.history.event_tables import Events
from patron.history.identities.evidence import nodes_of, values_of
from patron.history.identities.matching import FUZZY, Matching

__all__ = ["DOUBTFUL", "probable_links"]

DOUBTFUL = 0.5  # the least probability of a pair that is reported
TITLES = frozenset(("dr", "frau", "herr", "jr", "miss", "mme", "mr", "mrs", "ms", "prof", "sir", "sr"))


def probable_links(
    keys: pd.DataFrame, tables: Mapping[str, Events], matching: Matching, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return pairs of keys that are probably one person by what is known of the people, and those that may be.

    Args:
        keys: of all tables, as the evidence has them.
        tables: the declared tables.
        matching: which columns tell of people, and the threshold.
        seed: what chance starts from.

    Returns:
        `left`, `right`, `kinds`, `strength`, `probability` of the pairs from the threshold on, and of those below it.

    Raises:
        HistoryError: there are too few keys with a name to learn from, tables write dates of birth in different ways,
            or the library is not installed.
    """
    people = _people(keys, tables, matching)
    pairs = linked(people, DOUBTFUL, seed).assign(kinds="name")
    pairs["strength"] = pairs.probability
    sure = pairs.probability >= matching.threshold
    return pairs[sure].reset_index(drop=True), pairs[~sure]


def _people(keys: pd.DataFrame, tables: Mapping[str, Events], matching: Matching) -> pd.DataFrame:
    """Return what is known of each key with a name: `node`, `first_name`, `last_name`, `born`, `home`."""
    known = {kind: _usual(kind, keys, tables, matching) for kind in FUZZY}
    names = pd.DataFrame([_parts(name) for name in known["name"]], keys.index, ["first_name", "last_name"], "string")
    for side in names.columns:
        plain = known[side].map(_plain)
        names[side] = plain.where(plain != "", names[side])
    home = known["address"].map(_plain).str.cat(known["postcode"].map(_compact), sep=" ", na_rep="").str.strip()
    people = pd.DataFrame({**names, "born": known["born"].map(_compact), "home": home}).astype("string")
    people = people.mask(people == "")
    people = people[people.first_name.notna() | people.last_name.notna()]
    return people.rename_axis("node").reset_index()


def _usual(kind: str, keys: pd.DataFrame, tables: Mapping[str, Events], matching: Matching) -> "pd.Series[str]":
    """Return what most rows of each key say, the first by the alphabet where several are as many."""
    values = values_of(kind, tables, matching)
    if kind == "born":
        _check_forms(values)
    counts = values.assign(node=nodes_of(values, keys)).groupby(["node", "value"], as_index=False)["n"].sum()
    best = counts.sort_values(["node", "n", "value"], ascending=[True, False, True]).drop_duplicates("node")
    return best.set_index("node").value.reindex(keys.index).fillna("").astype("string")


def _check_forms(born: pd.DataFrame) -> None:
    """Refuse dates of birth that tables write in different ways: the same day would look like another one."""
    look = born.value.str.replace(r"\d", "9", regex=True)
    common = look.groupby(born.table, sort=False).agg(lambda looks: looks.value_counts().index[0])
    if common.nunique() > 1:
        ways = ", ".join(f"{table} like {form!r}" for table, form in common.items())
        raise HistoryError(
            f"Dates of birth are written in different ways: {ways}. Write them in one way in all tables, for example "
            "as 1990-05-31; tables of attributes read them as dates."
        )


def _parts(name: str) -> tuple[str, str]:
    """Return the first and the last name, also where they stand the other way round, with a comma.

    >>> _parts("Dr. Anna Maria Müller"), _parts("Müller, Anna"), _parts("Anna")
    (('anna', 'muller'), ('anna', 'muller'), ('anna', ''))
    """
    last, comma, first = name.partition(",")
    words = [word for word in _plain(f"{first} {last}" if comma else name).split() if word not in TITLES]
    return (words[0], words[-1] if len(words) > 1 else "") if words else ("", "")


def _plain(text: str) -> str:
    """Return a text in small letters without accents and signs."""
    letters = unicodedata.normalize("NFKD", text.lower())
    return " ".join(re.sub(r"[^\w\s]", " ", "".join(c for c in letters if not unicodedata.combining(c))).split())


def _compact(text: str) -> str:
    """Return a text in small letters without blanks, as postcodes and dates are written with and without them."""
    return re.sub(r"\s", "", text.lower())
