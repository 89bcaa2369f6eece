"""Proposals: settings drafted from a business's own files looked at together, that say what they could not tell.

A draft is opened through the door before it is proposed; nothing about money is assumed.
"""

from patron.settings.proposal.proposals import Proposal, propose, write_proposal

__all__ = ["Proposal", "propose", "write_proposal"]
