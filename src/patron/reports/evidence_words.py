"""Evidence words: what the effect of an offer rests on, as a sentence that needs no statistics."""

from collections.abc import Mapping

__all__ = ["evidence_words"]

USUAL = "assumed, usual: "
WORDS: Mapping[str, str] = {
    "assumed": "assumed by the business, not measured",
    "randomised": "measured by a past campaign that drew by lot who got it",
    "logged propensity": "measured by past campaigns that chose by known chances",
    "observational with overlap": "estimated from past contacts that nobody drew by lot, which may mislead",
    "not learned": "not known, as no past campaign told of it",
}


def evidence_words(kind: str) -> str:
    """Return what a kind of evidence means; one that is not known stays as it is.

    >>> evidence_words("assumed, usual: Beta(6, 14)")
    'assumed, as the literature has it (Beta(6, 14)), not measured'
    >>> evidence_words("randomised")
    'measured by a past campaign that drew by lot who got it'
    """
    if kind.startswith(USUAL):
        return f"assumed, as the literature has it ({kind.removeprefix(USUAL)}), not measured"
    return WORDS.get(kind, kind)
