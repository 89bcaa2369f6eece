"""Response: which past contacts were answered, by channel, time and number, and what that says of when and how.

Advice is given only where the evidence is clear, and is never applied by itself.
"""

from patron.decisions.response.contacts import MOST, ContactResponse, ResponseSummary, contact_response

__all__ = ["MOST", "ContactResponse", "ResponseSummary", "contact_response"]
