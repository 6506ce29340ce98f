"""Requests to the sales team: what a person writes, how it is tidied, and where its status may go."""

import re
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

import msgspec
import phonenumbers
from msgspec import Meta

from alquimista.errors import Conflict, FieldError, Invalid, NotFound
from alquimista.i18n import N_, Text
from alquimista.identity.models.users import clean_email
from alquimista.tenants.models import NAME_LIMIT, clean_cnpj, clean_name

MESSAGE_LIMIT: Final = 5000
_HOME: Final = "BR"  # Where a number without a country is from.
# What PostgreSQL counts as a control character, with those that make a mail show its text in another order.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_LINES: Final = re.compile(r"\r\n?")
# Without letters: the library would read them as the keys of a telephone, and skip what stands before a number.
_PHONE: Final = re.compile(r"\+?[0-9 ().\-\u2010-\u2015]{8,39}")
_STORED_PHONE: Final = re.compile(r"\+[1-9][0-9]{7,14}")
_BAD_PHONE: Final = N_("Write a phone number with its area code, such as (11) 98765-4321 or +55 11 98765-4321.")


class RequestStatus(StrEnum):
    """How far the sales team is."""

    PENDING = "pending"
    CONTACTED = "contacted"
    PROPOSAL_SENT = "proposal_sent"
    CLOSED = "closed"
    CANCELLED = "cancelled"


MOVES: Final[dict[RequestStatus, tuple[RequestStatus, ...]]] = {
    RequestStatus.PENDING: (RequestStatus.CONTACTED, RequestStatus.CANCELLED),
    RequestStatus.CONTACTED: (RequestStatus.PROPOSAL_SENT, RequestStatus.CANCELLED),
    RequestStatus.PROPOSAL_SENT: (RequestStatus.CLOSED, RequestStatus.CANCELLED),
    RequestStatus.CLOSED: (),
    RequestStatus.CANCELLED: (),
}


class CommercialContact(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Who asks, how to reach them, and what they are interested in, by ids of the catalogue."""

    company_name: Annotated[str, Meta(min_length=1, max_length=NAME_LIMIT)]
    contact_name: Annotated[str, Meta(min_length=1, max_length=NAME_LIMIT)]
    email: Annotated[str, Meta(min_length=3, max_length=254)]
    whatsapp: Annotated[str, Meta(min_length=8, max_length=40, description="With its area code; from Brazil unless +.")]
    cnpj: Annotated[str, Meta(max_length=40)] | None = None
    selected_agents: Annotated[list[UUID], Meta(max_length=100)] = []
    selected_subnucleos: Annotated[list[UUID], Meta(max_length=20)] = []
    message: Annotated[str, Meta(max_length=MESSAGE_LIMIT)] = ""


class CommercialRequest(msgspec.Struct, frozen=True, rename="camel"):
    """A request as it was sent, tidied, and its status."""

    id: UUID
    company_name: str
    cnpj: str | None
    contact_name: str
    email: str
    whatsapp: str
    selected_agents: list[UUID]
    selected_subnucleos: list[UUID]
    message: str
    status: RequestStatus
    created_at: datetime
    updated_at: datetime


class CommercialRequestLine(msgspec.Struct, frozen=True, rename="camel"):
    """A request in a list."""

    id: UUID
    company_name: str
    contact_name: str
    email: str
    whatsapp: str
    status: RequestStatus
    created_at: datetime


class UnknownRequest(NotFound):
    code = "commercial_request_not_found"
    message = N_("There is no commercial request with this id.")


class WrongMove(Conflict):
    code = "commercial_request_wrong_move"
    message = N_("The request is {status}; from there it can become {moves}. Read it again, then choose one of these.")


class RequestFinished(Conflict):
    code = "commercial_request_finished"
    message = N_("The request is {status}, and stays so. If the company asks again, that is a new request.")


def refusal(status: RequestStatus) -> Conflict:
    """Why a request of this status does not take a move that is none of MOVES."""
    moves = MOVES[status]
    if not moves:
        return RequestFinished(status=status.value)
    return WrongMove(status=status.value, moves=", ".join(move.value for move in moves))


def tidy(contact: CommercialContact) -> CommercialContact:
    """The same request as it is stored: names on one line, e-mail in lower case, WhatsApp in E.164, each id once.

    Raises:
        Invalid: each wrong field, by the name that the sender gave it.
    """
    errors: list[FieldError] = []

    def tidied(field: str, raw: str, clean: Callable[[str], str]) -> str:
        try:
            return clean(_uncontrolled(raw, field))
        except Invalid as wrong:
            errors.extend(wrong.errors)
            return ""

    cnpj = (contact.cnpj or "").strip(" ")
    cleaned = CommercialContact(
        company_name=tidied("companyName", contact.company_name, lambda raw: clean_name(raw, "companyName")),
        contact_name=tidied("contactName", contact.contact_name, lambda raw: clean_name(raw, "contactName")),
        email=tidied("email", contact.email, _email),
        whatsapp=tidied("whatsapp", contact.whatsapp, clean_whatsapp),
        cnpj=tidied("cnpj", cnpj, clean_cnpj) if cnpj else None,
        selected_agents=list(dict.fromkeys(contact.selected_agents)),
        selected_subnucleos=list(dict.fromkeys(contact.selected_subnucleos)),
        message=tidied("message", contact.message, str.strip),
    )
    if errors:
        raise Invalid(errors=tuple(errors))
    return cleaned


def clean_whatsapp(raw: str) -> str:
    """A phone number in E.164, Brazilian unless it says otherwise. Landlines pass: businesses use WhatsApp on them.

    Raises:
        Invalid: it is no number that anybody could have, or one with an extension.
    """
    written = " ".join(raw.split())
    if not _PHONE.fullmatch(written):
        raise Invalid.of("whatsapp", _BAD_PHONE)
    # 00 before a country: the library would take the 55 of 0055 for a Brazilian carrier, and 51 after it for Peru.
    written = re.sub(r"^00", "+", written)
    try:
        number = phonenumbers.parse(written, _HOME)
    except phonenumbers.NumberParseException:
        raise Invalid.of("whatsapp", _BAD_PHONE) from None
    stored = str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    if not phonenumbers.is_valid_number(number) or not _STORED_PHONE.fullmatch(stored):
        raise Invalid.of("whatsapp", _BAD_PHONE)
    return stored


def unknown_choices(field: str, chosen: list[UUID], known: set[UUID], reason: Text) -> list[FieldError]:
    """A field error for each chosen id that the catalogue does not have."""
    return [
        FieldError(f"{field}[{index}]", reason, "unknown_choice")
        for index, one in enumerate(chosen)
        if one not in known
    ]


def _email(raw: str) -> str:
    email = clean_email(raw)
    if not email.isprintable():
        raise Invalid.of("email", N_("Write one e-mail address, such as ana@empresa.com.br."))
    return email


def _uncontrolled(raw: str, field: str) -> str:
    """The text, with its lines ended in one way; only a message has lines."""
    text = _LINES.sub("\n", raw) if field == "message" else raw
    if _CONTROL.search(text.replace("\n", "").replace("\t", "") if field == "message" else text):
        raise Invalid.of(
            field, N_("Remove the control characters, such as those that a copied text may bring."), "control"
        )
    return text
