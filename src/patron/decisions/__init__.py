"""Decisions: whom to treat with which offer within a budget, what to expect of it, and whom to hold out to learn.

Every decision carries its evidence: the effect of an offer is the business's assumption unless a campaign showed it.
"""

from patron.decisions.crm import CrmImport, crm_table
from patron.decisions.former_contacts import FormerContacts
from patron.decisions.ladder import Rung
from patron.decisions.offers import Offer
from patron.decisions.permission import TIES, columns_needed, lacking
from patron.decisions.policy import COLUMNS, EVIDENCE, Decisions, check_plan, decide, with_risk
from patron.decisions.preflight import preflight
from patron.decisions.profit_curve import CurvePoint
from patron.decisions.reasons import with_reasons
from patron.decisions.rules import Rules

__all__ = [
    "COLUMNS",
    "EVIDENCE",
    "TIES",
    "CrmImport",
    "CurvePoint",
    "Decisions",
    "FormerContacts",
    "Offer",
    "Rules",
    "Rung",
    "check_plan",
    "columns_needed",
    "crm_table",
    "decide",
    "lacking",
    "preflight",
    "with_reasons",
    "with_risk",
]
