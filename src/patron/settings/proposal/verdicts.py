"""Verdicts: what the values of a status say of the rows that have them: purchases, or none, or money that went back."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from patron.settings.proposal.words import has

__all__ = ["StatusCount", "Verdict", "counted", "is_known", "is_won", "says_what_rows_are", "went_back"]

UNPAID = re.compile(
    r"fail|void|cancel|declin|denied|pending|unpaid|not.?paid|awaiting|past.?due|payment.?due|abandon|expired|draft"
    r"|reject|incomplete|on.?hold|blocked|uncaptured|requires_|unavailable|trash|error|fraud|suspect|reversed"
    r"|storno|storniert|annul|offen|ausstehend|en.?attente|erreur|pendiente|^lost$|unbezahlt|fehlgeschlagen|abgelehnt"
    r"|abgebrochen|gescheitert|impay|.chou|refus|rejet|fallid|falla|impagad|rechazad|denegad|anulad|caducad|fallit|rifiutat"
    r"|annullat|falhou|falhad|recusad|misslyck|avbrut|obetal|mislukt|geannuleerd|geweigerd|onbetaald"
)
BACK = re.compile(
    r"refund|return|charge.?back|disput|reversal|credit.?(?:note|memo)|r.ckerstatt|erstatt|retour|gutschrift"
    r"|rembours|avoir|devol|devuelt|reembols|abono|rimbors|.terbetal|terugbetaal"
)
PAID = re.compile(
    r"paid|complete|success|succe|captur|process|fulfil|ship|deliver|closed|settled|approved|invoiced|accept|active"
    r"|purchase|sale|sold|^pay|payment|order|authori|bezahlt|versandt|abgeschlossen|erledigt|termin|livr|exped"
    r"|complet|pagad|entreg|cobrad|pay[eé]|betald|betaald|pagat|levere|slutf"
)
BROWSED = re.compile(
    r"^view|page.?view|^cart$|add.?to.?cart|click|impression|search|wish.?list|^visit|session|log.?in|browse"
)
BOUGHT = re.compile(r"purchase|order|bought|buy|sale|transaction|checkout|achat|kauf|compra")
NO_SALE = re.compile(r"withdraw|transfer|payout|deposit|conversion|account.?hold|reserve|top.?up")
DUE = re.compile(r"due|await|unpaid|not.?paid|pending|offen|sent")
WON = re.compile(r"\bwon\b|closed.?won|gewonnen|gagn|ganad")
OF_ROWS = "type|kind|event|action|document"


@dataclass(frozen=True)
class StatusCount:
    """A value of a status, how many rows have it, and how many of these have an amount below zero."""

    value: str
    rows: int
    below: int

    def says(self, pattern: re.Pattern[str]) -> bool:
        """Check whether the value holds one of some words, whatever its capitals."""
        return bool(pattern.search(self.value.lower()))


@dataclass(frozen=True)
class Verdict:
    """Which values of a status are those of purchases.

    Args:
        kept: those that are, or may be.
        gone: those that are none.
        why: in words.
        due: of those that are kept, those of invoices that are not paid yet.
    """

    kept: Sequence[StatusCount]
    gone: Sequence[StatusCount] = ()
    why: str = ""
    due: Sequence[StatusCount] = ()

    @classmethod
    def of(cls, counts: Sequence[StatusCount], words: str, has_due_dates: bool) -> "Verdict":
        """Judge the values of a status.

        Args:
            counts: its values.
            words: its name in plain words.
            has_due_dates: whether rows say when they are due, as invoices do: these are purchases before they are paid.
        """
        if won := [c for c in counts if c.says(WON)]:
            return cls(won, _without(counts, won), "not won")
        bought = [c for c in counts if c.says(BOUGHT)]
        if bought and any(c.says(BROWSED) for c in counts):
            return cls(bought, _without(counts, bought), "no purchases")
        unpaid = [c for c in counts if c.says(UNPAID) and not c.says(BACK)]
        due = [c for c in unpaid if has_due_dates and c.says(DUE)]
        gone = _without(unpaid, due)
        moved = [c for c in counts if c.says(NO_SALE)] if says_what_rows_are(words) else []
        kept = _without(counts, [*gone, *moved])
        return cls(kept, [*gone, *moved], "never paid" if gone else "no purchases", due)


def counted(counts: Sequence[StatusCount]) -> str:
    """Return values with their rows, in words."""
    return ", ".join(f"{c.value!r} ({c.rows:,})" for c in counts)


def went_back(counts: Sequence[StatusCount]) -> list[StatusCount]:
    """Return the values of rows whose money went back to the customer."""
    return [c for c in counts if c.says(BACK) and not c.says(UNPAID)]


def is_known(value: str) -> bool:
    """Check whether a value says whether a row is a purchase."""
    return any(pattern.search(value.lower()) for pattern in (UNPAID, BACK, PAID, WON))


def is_won(value: str) -> bool:
    """Check whether a value says that a deal was won."""
    return bool(WON.search(value.lower()))


def says_what_rows_are(words: str) -> bool:
    """Check by its name whether a column says what a row is, which no later event changes, and not its state."""
    return has(words, OF_ROWS)


def _without(counts: Sequence[StatusCount], others: Sequence[StatusCount]) -> list[StatusCount]:
    return [c for c in counts if c not in others]
