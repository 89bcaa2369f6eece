"""Known: a draft for what a file tells of customers, without what was written after the outcome."""

from patron.settings.proposal.columns import TableLook
from patron.settings.proposal.drafts import Draft, Entry
from patron.settings.proposal.reach import times
from patron.settings.proposal.survey import CHANGED, SINCE
from patron.settings.proposal.words import has

__all__ = ["known_of"]

AFTER = (
    "spent|spend|lifetime|ltv|clv|mrr|arr|active|is active|active bool|activebool|last|recent|churn|churned|exited"
    "|attrition|stage|lifecycle|orders|rfm|response|responded|outcome|target|modified|updated|deals|converted"
    "|(?:lead|account|customer|member|user|contact|card) status|^status"
    "|(?:order|purchase|deal) count|^n (?:order|transaction|purchase|visit)"
    "|(?:order|sale|revenue|purchase|payment) total|^(?:quantity|nb|id) (?:order|purchase)$"
    "|(?:total|count|of|average) (?:\\w+ )?(?:order|sale|revenue|purchase|deal|payment|spent)"
)


def known_of(name: str, look: TableLook, key: str) -> list[Draft]:
    """Return the section of what is known of customers, without what was written after the outcome."""
    column = look.columns[key]
    what = "e-mail addresses" if column.has_emails else "keys"
    draft = Draft(
        "attributes", name, look, {"customer": Entry(key, f"{column.distinct:,} {what} in {look.rows:,} rows")}
    )
    since = next((c for c in look.columns.values() if has(c.words, SINCE) and c.is_time), None)
    if since is None and not column.is_unique:
        changed = (c for c in look.columns.values() if has(c.words, CHANGED) and c.is_time)
        since = next(changed, next((fit.column for fit in times(list(look.columns.values()))), None))
    if since:
        draft = draft.with_entry("at", since.name, "from when a row holds")
    facts = [c for c in look.columns.values() if c.name not in (key, since.name if since else "")]
    after = [c.name for c in facts if has(c.words, AFTER) and not has(c.words, "name")]
    if since is None and after:
        draft = draft.with_entry("leave_out", after, "looks written after what is asked about, which it would tell")
    return [draft] if facts and (since or len(after) < len(facts)) else []
