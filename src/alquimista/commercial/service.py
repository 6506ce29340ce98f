"""Use cases of requests to the sales team. Each takes a connection of the platform tenant, which they belong to."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import structs

from alquimista.access import PLATFORM_TENANT, Actor
from alquimista.agents import service as agents
from alquimista.audit import service as audit
from alquimista.billing.service import catalogue
from alquimista.clock import new_id
from alquimista.commercial import queries
from alquimista.commercial.models import (
    MOVES,
    CommercialContact,
    CommercialRequest,
    CommercialRequestLine,
    RequestStatus,
    UnknownRequest,
    refusal,
    tidy,
    unknown_choices,
)
from alquimista.db.statement import Conn
from alquimista.errors import Invalid
from alquimista.i18n import DEFAULT_LOCALE, N_
from alquimista.notifications import service as notifications

_NOTHING: Final = "–"


async def receive(conn: Conn, contact: CommercialContact, sales_email: str, now: datetime) -> CommercialRequest:
    """Store a stranger's request and tell the sales team by mail, both or neither. Takes a transaction.

    Without an address of the sales team no mail is written: staff find the request in their list.

    Raises:
        Invalid: wrong fields, or ids that the catalogue does not have.
    """
    tidied = tidy(contact)
    agent_names = {one.id: one.name for one in await agents.catalogue(conn)} if tidied.selected_agents else {}
    subnucleos = await catalogue.subnucleos(conn) if tidied.selected_subnucleos else []
    subnucleo_names = {one.id: one.display_name for one in subnucleos}
    # By the places in what was sent, where an id may stand twice.
    errors = unknown_choices(
        "selectedAgents",
        contact.selected_agents,
        set(agent_names),
        N_("The catalogue has no such agent: take an id of GET /api/agents."),
    ) + unknown_choices(
        "selectedSubnucleos",
        contact.selected_subnucleos,
        set(subnucleo_names),
        N_("The catalogue has no such SubNúcleo: take an id of GET /api/billing/subnucleos."),
    )
    if errors:
        raise Invalid(errors=tuple(errors))
    request = CommercialRequest(
        **structs.asdict(tidied), id=new_id(), status=RequestStatus.PENDING, created_at=now, updated_at=now
    )
    await queries.insert(conn, PLATFORM_TENANT, request)
    if sales_email:
        await notifications.send_mail(
            conn,
            PLATFORM_TENANT,
            sales_email,
            "commercial_request",
            DEFAULT_LOCALE,
            company=request.company_name,
            cnpj=request.cnpj or _NOTHING,
            contact=request.contact_name,
            email=request.email,
            whatsapp=request.whatsapp,
            agents=_listed(agent_names[one] for one in request.selected_agents),
            subnucleos=_listed(subnucleo_names[one] for one in request.selected_subnucleos),
            message=request.message or _NOTHING,
            request=request.id,
        )
    return request


async def page(
    conn: Conn, status: RequestStatus | None, limit: int, offset: int
) -> tuple[list[CommercialRequestLine], int]:
    """A page of requests, of one status or of any, newest first; and how many such there are in all."""
    return await queries.page(conn, PLATFORM_TENANT, status, limit, offset)


async def get(conn: Conn, request_id: UUID) -> CommercialRequest:
    """A request.

    Raises:
        UnknownRequest: there is none with this id.
    """
    found = await queries.find(conn, PLATFORM_TENANT, request_id)
    if found is None:
        raise UnknownRequest
    return found


async def change_status(
    conn: Conn, actor: Actor, request_id: UUID, wanted: RequestStatus, now: datetime
) -> CommercialRequest:
    """Move a request on. Of two people who do so at once the second is told what the first has made of it.

    Takes a transaction.

    Raises:
        UnknownRequest: there is none with this id.
        WrongMove, RequestFinished: its status does not lead there.
    """
    before = (await get(conn, request_id)).status
    if wanted not in MOVES[before]:
        raise refusal(before)
    moved = await queries.move(conn, PLATFORM_TENANT, request_id, before, wanted, now)
    if moved is None:
        raise refusal((await get(conn, request_id)).status)
    await audit.record(
        conn,
        actor,
        "commercial_request.status_changed",
        category="tenant",
        resource_type="commercial_request",
        resource_id=str(request_id),
        details={"from": before.value, "to": wanted.value},
        tenant_id=PLATFORM_TENANT,
    )
    return moved


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or _NOTHING
