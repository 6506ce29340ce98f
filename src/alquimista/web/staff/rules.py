"""What the parts of an agent's rules are called."""

from collections.abc import Mapping
from typing import Final

from alquimista.agents.models.definitions import ConfirmKind, NeverKind, Tool, Urgency
from alquimista.i18n import N_, Text

LABELS: Final[Mapping[str, Mapping[str, Text]]] = {
    "confirm": {
        ConfirmKind.IDENTITY: N_("Who the person is"),
        ConfirmKind.AVAILABILITY: N_("A free slot, asked of the calendar"),
        ConfirmKind.CONSENT: N_("The person's consent"),
        ConfirmKind.PAYMENT: N_("A payment"),
        ConfirmKind.DETAIL: N_("A detail of the request"),
    },
    "never": {
        NeverKind.TOPIC: N_("A topic it does not speak about"),
        NeverKind.PROMISE: N_("A promise"),
        NeverKind.PRESSURE: N_("Pressure"),
        NeverKind.SECRET: N_("A secret"),
        NeverKind.ACTION: N_("An act"),
    },
    "urgency": {Urgency.NOW: N_("At once"), Urgency.SOON: N_("At the next occasion")},
    "status": {
        "active": N_("Offered"),
        "inactive": N_("Not offered"),
        "deprecated": N_("Being withdrawn"),
    },
    "tools": {
        Tool.FIND_SLOTS: N_("Calendar: find free slots"),
        Tool.BOOK: N_("Calendar: book"),
        Tool.RESCHEDULE: N_("Calendar: reschedule"),
        Tool.CANCEL: N_("Calendar: cancel"),
        Tool.READ_CONTACT: N_("Contacts: read"),
        Tool.UPDATE_CONTACT: N_("Contacts: update"),
        Tool.REGISTER_LEAD: N_("Contacts: register a lead"),
        Tool.SEARCH_CATALOG: N_("Catalogue: search"),
        Tool.CREATE_ORDER: N_("Orders: create"),
        Tool.TRACK_ORDER: N_("Orders: track"),
        Tool.OPEN_TICKET: N_("Tickets: open"),
        Tool.TICKET_STATUS: N_("Tickets: see the status"),
        Tool.SEND_PAYMENT_LINK: N_("Payments: send a link"),
        Tool.CHECK_PAYMENT: N_("Payments: check"),
        Tool.RECORD_SURVEY: N_("Surveys: record an answer"),
        Tool.SEND_DOCUMENT: N_("Documents: send"),
        Tool.SEND_MESSAGE: N_("Messages: send"),
        Tool.REQUEST_QUOTE: N_("Quotes: request"),
    },
}
