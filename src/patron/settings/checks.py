"""Checks of a settings file, before any table is opened."""

from collections.abc import Mapping, Sequence
from datetime import time
from typing import Any

from patron.decisions.offers import LEARNED
from patron.errors import listed, nearest
from patron.settings.keys import (
    DECISIONS,
    KNOWN,
    MOVED,
    NAME,
    NAMED,
    NAMES_OF_DATA,
    NEEDED,
    NOT_WITH_PANELS,
    PANELS,
    QUESTIONS,
    SUBSCRIPTIONS,
    TABLES,
    Kind,
)
from patron.settings.source import KeyPath, Source, label

__all__ = ["check"]

OF_CONTRACTS = ("cancellation", "win_back")
# What a wrong value is called; the first fitting line counts, as a truth value is also a number.
GOT = (
    (bool, "truth value"),
    (str, "text"),
    (int | float, "number"),
    (list, "list"),
    (dict, "section"),
    (time, "time"),
)


def check(source: Source, content: Mapping[str, Any]) -> None:
    """Refuse unknown keys, wrong values, missing keys, then sections that do not suffice for one another.

    Raises:
        SettingsError: with the line, the key, what was got and how to mend it.
    """
    _check_keys(source, content, (), "")
    _check_sections(source, content)


def _check_keys(source: Source, content: Mapping[str, Any], path: KeyPath, section: str) -> None:
    """Compare a section and those below it with the table of known keys."""
    known = KNOWN[section]
    for key, value in content.items():
        kind = known.get(key, known.get("*"))
        if kind is None:
            raise source.wrong((*path, key), _unknown(path, key, known))
        if key not in known and section not in NAMES_OF_DATA and not NAMED.fullmatch(key):
            raise source.wrong((*path, key), f"{label(path)} has the name {key!r}. Write {NAME.words}.")
        if not kind.fits(value):
            raise source.wrong((*path, key), _unfit(path, key, kind, value))
        below = f"{section}.{key if key in known else '*'}".lstrip(".")
        if below in KNOWN:
            for place, section_below in _sections(value, (*path, key)):
                _check_keys(source, section_below, place, below)
    for key in _needed(section, content):
        if key not in content:
            raise source.wrong(path, _lacking(path, key, known[key], content))


def _needed(section: str, content: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the keys that a section must have; where there are ready-made rows, nothing is asked of tables."""
    return ("name",) if not section and "panels" in content else NEEDED.get(section, ())


def _sections(value: Any, path: KeyPath) -> list[tuple[KeyPath, Mapping[str, Any]]]:
    """Return a section, or each of a list of them, with its path; values of other kinds have no keys."""
    items = [((*path, i), item) for i, item in enumerate(value)] if isinstance(value, list) else [(path, value)]
    return [(place, item) for place, item in items if isinstance(item, Mapping)]


def _unknown(path: KeyPath, key: str, known: Mapping[str, Kind]) -> str:
    at_top = path and key in KNOWN[""]
    if (*path, key) in MOVED:
        return f"{label(path)} has no key {key!r} any more. {MOVED[(*path, key)]}"
    hint = f" Write {key} at the top of the file, above the first [section]." if at_top else nearest(key, known)
    return f"{label(path)} has no key {key!r}.{hint} It knows: {listed(known)}."


def _unfit(path: KeyPath, key: str, kind: Kind, value: object) -> str:
    subject = f"{label(path)} {key}" if path else key
    return f"{subject} must be {kind.words}, got {_got(value)}. {_example(key, kind)}"


def _lacking(path: KeyPath, key: str, kind: Kind, content: Mapping[str, Any]) -> str:
    return f"{label(path)} lacks {key!r}: {kind.words}. It has: {listed(content)}. {_example(key, kind)}"


def _example(key: str, kind: Kind) -> str:
    example = kind.example.replace("KEY", key)
    return f"Write for example:\n{example}" if "\n" in example else f"Write for example {example}"


def _got(value: object) -> str:
    name = next((name for kind, name in GOT if isinstance(value, kind)), "date")
    return f"{name} {value!r}" if isinstance(value, str | list) else f"{name} {value}"


def _check_sections(source: Source, content: Mapping[str, Any]) -> None:
    """Refuse what no single key gets wrong: sections that do not suffice for one another."""
    if "panels" in content:
        _check_panels(source, content)
        _check_learned(source, content)
        return
    questions = [key for key in content["questions"] if key != "active_in"]
    if not questions:
        raise source.wrong(("questions",), f"[questions] asks nothing. {_example('', QUESTIONS)}")
    _check_tables(source, content, questions)
    for section in ("tables", "attributes"):
        if "identities" in content.get(section, {}):
            raise source.wrong(
                (section, "identities"),
                f"[{section}.identities] has the name of the identity table. Call it otherwise, for example "
                f"[{section}.persons]; which keys are one customer is said in [identity].",
            )
    for name in content.get("attributes", {}):
        if name in content.get("tables", {}):
            raise source.wrong(
                ("attributes", name),
                f"[attributes.{name}] has the name of an event table, [tables.{name}]. Call it otherwise, for example "
                f"[attributes.{name}_known].",
            )
    if content.get("offers"):
        priced = any("price" in table for table in content.get("subscriptions", {}).values())
        valued = ("tier", "cancellation") if priced and "churn" not in questions else ("tier",)
        _check_offers(source, content.get("decisions", {}), questions, valued)
        _check_learned(source, content)


def _check_panels(source: Source, content: Mapping[str, Any]) -> None:
    """Refuse panels beside sections that ask for events, several of them, and offers without a budget or a value."""
    panels = content["panels"]
    if len(panels) != 1:
        raise source.wrong(
            ("panels",),
            f"[panels] needs one panel, got {len(panels)} ({listed(panels) or 'none'}): each answers its own "
            f"question. {_example('', PANELS) if not panels else 'Write a settings file for each.'}",
        )
    name, panel = next(iter(panels.items()))
    for section in NOT_WITH_PANELS:
        if section in content:
            raise source.wrong(
                (section,),
                f"[{section}] does not go with [panels.{name}], whose label is the one question asked (churn), of its "
                f"own columns. Leave [{section}] out, or give event tables in place of the panel.",
            )
    if "cutoff" in panel and "customer" not in panel:
        raise source.wrong(
            ("panels", name),
            f"[panels.{name}] has a cutoff and no customer, so nobody can be told from anybody over time. It has: "
            f'{listed(panel)}. Name the column: customer = "member_id".',
        )
    if "cutoffs" in content and "cutoff" not in panel:
        raise source.wrong(
            ("cutoffs",),
            f"[cutoffs] chooses among the dates of the rows, and [panels.{name}] names none. Name their column below "
            f'[panels.{name}], cutoff = "month", or leave [cutoffs] out: customers are held out then.',
        )
    decisions = content.get("decisions", {})
    if content.get("offers") and ("budget" not in decisions or not ("value" in decisions or "value" in panel)):
        raise source.wrong(
            ("offers",),
            f"[offers] need a budget, and what a kept customer is worth: a value below [decisions], or a column of it, "
            f'value = "monthly_fee" below [panels.{name}]. [decisions] has: {listed(decisions)}. '
            f"{_example('', DECISIONS)}",
        )


def _check_tables(source: Source, content: Mapping[str, Any], questions: Sequence[str]) -> None:
    """Refuse questions without the table that they look at."""
    tables, contracts = content.get("tables", {}), content.get("subscriptions", {})
    of_contracts = [name for name in questions if name in OF_CONTRACTS]
    if "tables" not in content and not contracts:
        raise source.wrong((), _lacking((), "tables", TABLES, content))
    if len(of_contracts) < len(questions) and not {"orders", "lines"} & set(tables):
        raise source.wrong(
            ("tables",) if "tables" in content else (),
            f"[tables] needs 'orders' (or 'lines'), which every question looks at. "
            f"It has: {listed(tables)}. {_example('', TABLES)}",
        )
    if of_contracts and len(contracts) != 1:
        raise source.wrong(
            ("questions", of_contracts[0]),
            f"The question {of_contracts[0]!r} looks at a table of contracts, and there are {len(contracts)}: "
            f"{listed(contracts)}. {_example('', SUBSCRIPTIONS)}",
        )
    for name in contracts:
        if name in tables or name in content.get("attributes", {}):
            raise source.wrong(
                ("subscriptions", name),
                f"[subscriptions.{name}] has the name of another table. Call it otherwise, for example "
                f"[subscriptions.{name}_of_members].",
            )


def _check_learned(source: Source, content: Mapping[str, Any]) -> None:
    """Refuse an effect that is to be learned where no campaign tells it."""
    declared = content.get("tables", {}).get("offers", {})
    own = content.get("decisions", {}).get("outcomes", False)
    for name, offer in content.get("offers", {}).items():
        if offer["effect"] == LEARNED and "arm" not in declared and not own:
            raise source.wrong(
                ("offers", name, "effect"),
                f'[offers.{name}] has effect = "{LEARNED}", and no campaign tells it: [tables.offers] has '
                f"{listed(declared)}. Add past contacts with their arms, for example [tables.offers] with "
                'path = "contacts.parquet", customer = "customer_id", at = "sent_at", offer = "campaign" and '
                'arm = "arm", or write an assumption: effect = 0.1.',
            )


def _check_offers(
    source: Source, decisions: Mapping[str, Any], questions: Sequence[str], valued: Sequence[str]
) -> None:
    if not {"churn", "cancellation"} & set(questions):
        raise source.wrong(
            ("offers",),
            "[offers] keep customers from leaving, so churn must be asked. "
            f"[questions] asks: {listed(questions)}. {_example('', QUESTIONS)}",
        )
    if "budget" not in decisions or not ("value" in decisions or {*valued} & {*questions}):
        raise source.wrong(
            ("offers",),
            "[offers] need a budget, and what a kept customer is worth: a value, or the question tier. "
            f"[decisions] has: {listed(decisions)}; [questions] asks: {listed(questions)}. "
            f"{_example('', DECISIONS)}",
        )
