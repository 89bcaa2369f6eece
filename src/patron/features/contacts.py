"""Features of contacts in both directions: how often, by what way, how long ago, how dear, and with what complaints.

They look at the event table `contacts` (whoever began them; `direction` is `in` where the customer did) and at
`tickets` (requests for service).
"""

from dataclasses import replace

from patron.features.measures import combine, measure
from patron.features.purchases import orders
from patron.history.complaints import COMPLAINT, complains
from patron.periods import EVER, days

__all__ = ["ALL", "FORMER"]

WINDOWS = days(30, 90, 365)
YEAR = (*days(365), EVER)


@measure(windows=WINDOWS, empty=0, theme="contact", unit="contacts")
def contacts(contacts):
    """Contacts in either direction."""
    return contacts.count()


@measure(theme="contact", unit="days")
def last_contact(contacts):
    """Days since the last contact."""
    return contacts.days_ago.min()


@measure(windows=YEAR, empty=0, theme="contact", unit="channels")
def contact_channels(contacts):
    """Different channels of contact."""
    return contacts.channel.nunique()


@measure(windows=YEAR, empty=0, theme="contact", unit="kinds")
def contact_kinds(contacts):
    """Different kinds of contact."""
    return contacts.kind.nunique()


@measure(windows=YEAR, empty=0, theme="contact", unit="money")
def contact_cost(contacts):
    """Cost of contacts."""
    return contacts.cost.sum()


@measure(windows=YEAR, theme="contact", unit="share", lever="causes of complaints put right")
def contact_complaints(contacts):
    """Share of contacts that were complaints."""
    return contacts.count(where=complains(contacts)) / contacts.count()


@measure(windows=WINDOWS, empty=0, theme="contact", unit="contacts")
def contacts_begun(contacts):
    """Contacts begun by the customer."""
    return contacts.count(where=contacts.direction == "in")


@measure(windows=YEAR, theme="contact", unit="share")
def contacts_begun_share(contacts):
    """Share of contacts begun by the customer."""
    return contacts.count(where=contacts.direction == "in") / contacts.count()


@combine(contacts.over(*days(90)), contacts.over(*days(365)), theme="contact")
def contact_trend(near, far):
    """Share of the year's contacts that fell in the last 90 days."""
    return near / far.nullif(0)


@combine(contacts.over(*days(365)), orders.over(*days(365)), theme="contact", unit="contacts")
def contacts_per_order(contacts, orders):
    """Contacts for each order."""
    return contacts / orders.nullif(0)


@measure(windows=WINDOWS, empty=0, theme="service", unit="tickets")
def tickets(tickets):
    """Requests for service."""
    return tickets.count()


@measure(theme="service", unit="days")
def last_ticket(tickets):
    """Days since the last request for service."""
    return tickets.days_ago.min()


@measure(windows=YEAR, empty=0, theme="service", unit="channels")
def ticket_channels(tickets):
    """Different channels of requests for service."""
    return tickets.channel.nunique()


@measure(windows=YEAR, empty=0, theme="service", unit="money")
def ticket_cost(tickets):
    """Cost of requests for service."""
    return tickets.cost.sum()


@measure(windows=YEAR, theme="service", unit="share", lever="causes of complaints put right")
def ticket_complaints(tickets):
    """Share of requests for service that were complaints."""
    return tickets.count(where=complains(tickets)) / tickets.count()


# As earlier releases computed them, for models that were trained then.
FORMER = tuple(
    replace(now, compute=lambda rows: rows.count(where=rows.kind == COMPLAINT) / rows.count())
    for now in (contact_complaints, ticket_complaints)
)

ALL = (
    contacts, last_contact, contact_channels, contact_kinds, contact_cost, contact_complaints, contacts_begun,
    contacts_begun_share, contact_trend, contacts_per_order, tickets, last_ticket, ticket_channels, ticket_cost,
    ticket_complaints,
)  # fmt: skip
