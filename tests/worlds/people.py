"""Noisy people: the same persons in two tables, with the slips that people and forms make; grown from a seed."""

import numpy as np
import pandas as pd

SOUNDS = [a + b for a in "bdfgklmnprst" for b in ("a", "e", "i", "o", "an", "er", "il", "os")]
STREETS = ["high", "mill", "park", "church", "station", "victoria", "green", "queen", "bridge", "spring"]


def noisy_people(seed: int, persons: int = 300, share: float = 0.7) -> pd.DataFrame:
    """Return rows with `table`, `customer`, `person`, `name`, `born`, `postcode`.

    Half of all persons live with the one before: last name and postcode are theirs. A share of all are in both tables.
    """
    rng = np.random.default_rng(seed)
    people = pd.DataFrame({"person": range(persons)})
    people["first"] = _words(rng, persons, 2)
    people["last"], people["postcode"] = _words(rng, persons, 3), _postcodes(rng, persons)
    together = np.arange(persons) % 2 == 1
    for column in ("last", "postcode"):
        people[column] = people[column].where(~together, people[column].shift())
    days = pd.to_timedelta(rng.integers(0, 20_000, persons), unit="D")
    people["born"] = (pd.Timestamp("1950-01-01") + days).strftime("%Y-%m-%d")
    twice = people[rng.random(persons) < share]
    return pd.concat([_slipped(rng, people, "shop"), _slipped(rng, twice, "crm")], ignore_index=True)


def _words(rng: np.random.Generator, n: int, parts: int) -> list[str]:
    return ["".join(rng.choice(SOUNDS, parts)).capitalize() for _ in range(n)]


def _postcodes(rng: np.random.Generator, n: int) -> list[str]:
    return [
        f"{rng.choice(list('ABCDE'))}{rng.integers(10, 99)} {rng.integers(1, 9)}{rng.choice(list('XYZ'))}"
        for _ in range(n)
    ]


def _slipped(rng: np.random.Generator, people: pd.DataFrame, table: str) -> pd.DataFrame:
    """Write people down as forms have them: a typing slip in some names and dates, capitals, some unknown."""
    rows = people.assign(table=table, customer=[f"{table}-{i}" for i in rng.permutation(len(people))])
    rows["last"] = [_typed(rng, word) for word in rows["last"]]
    back = rng.random(len(rows)) < 0.2
    rows["name"] = (rows["first"] + " " + rows["last"]).where(~back, rows["last"].str.upper() + ", " + rows["first"])
    rows["born"] = rows["born"].where(rng.random(len(rows)) > 0.05, None)
    rows["postcode"] = rows["postcode"].where(rng.random(len(rows)) > 0.1, rows["postcode"].str.replace(" ", ""))
    return rows[["table", "customer", "person", "name", "born", "postcode"]]


def _typed(rng: np.random.Generator, word: str) -> str:
    if rng.random() > 0.1:
        return word
    place = rng.integers(1, len(word))
    return word[:place] + str(rng.choice(list("aeinrst"))) + word[place + 1 :]


def pair_figures(persons: pd.Series, customers: pd.Series) -> tuple[float, float]:
    """Return precision and recall over pairs of keys.

    Args:
        persons: the true person of each key.
        customers: the customer that each key was given.
    """
    joined = pd.DataFrame({"person": persons.to_numpy(), "customer": customers.to_numpy()})
    both, true, given = (_pairs(joined, by) for by in (["person", "customer"], ["person"], ["customer"]))
    return both / given, both / true


def _pairs(joined: pd.DataFrame, by: list[str]) -> int:
    counts = joined.groupby(by).size()
    return int((counts * (counts - 1) // 2).sum())
