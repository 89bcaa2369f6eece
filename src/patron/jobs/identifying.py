"""Identifying: the identity table written from the tables' e-mails and phone numbers, and what to look at in it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from patron.engines.files import read
from patron.engines.outputs import write
from patron.errors import SettingsError
from patron.history.event_tables import Events
from patron.history.identities.identifying import identify as identified
from patron.jobs.job import Job
from patron.pseudonyms import key_at
from patron.settings import Identity

__all__ = ["identify"]


def identify(job: Job) -> dict[str, Any]:
    """Write which keys are one customer, and a report of collisions: counts and pseudonyms only."""
    identity = job.settings.identity
    if identity is None or identity.matching is None:
        raise SettingsError(
            "The settings do not say by what keys are matched. Add for example:\n"
            '[identity]\npath = "identities.parquet"\n[identity.match.orders]\nemail = "Email"'
        )
    _check_own(identity)
    result = identified(_declared(job), identity.matching, key_at(job.settings.root / "mlruns"), job.settings.seed)
    names = {"key": identity.key, "customer": identity.customer, "table": identity.table}
    path = write(result.table.rename(columns=names), identity.path)
    report = job.write("identity_collisions", result.collisions, "csv")
    lines, merged = len(result.table), result.table.customer.nunique()
    job.tell(
        f"identity  {result.keys:,} keys are {result.customers:,} customers: {lines:,} keys are {merged:,} of them"
    )
    for line in result.collisions[result.collisions.pseudonym == ""].itertuples():
        words = (f"{line.count:,}", line.kind, line.what, f"({line.change})" if line.change else "")
        job.tell(f"look at   {' '.join(filter(None, words))}")
    job.tell(f"wrote     {path.name} and {report.name}, with pseudonyms of examples")
    counts = {"keys": result.keys, "customers": result.customers, "merged_keys": lines, "merged_customers": merged}
    return {**counts, "collisions": result.collisions.to_dict("records"), "files": [str(path), str(report)]}


def _check_own(identity: Identity) -> None:
    """Refuse to write over a table that somebody else wrote."""
    if identity.path.exists() and not {"probability", "why"} <= set(read(identity.path).columns):
        raise SettingsError(
            f"{identity.path.name!r} was not written by patron identify, which would replace it. Name another file: "
            '[identity] path = "identified.parquet".'
        )


def _declared(job: Job) -> Mapping[str, Events]:
    """Open the tables with all columns: what must not count as a feature may well identify."""
    whole = {name: replace(table, leave_out=()) for name, table in job.settings.attributes.items()}
    return replace(job.settings, attributes=whole).declared()
