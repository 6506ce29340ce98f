"""Asking the sales team, for everybody; and the staff's list of who asked. Fields are named as clients know them."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista.access import PLATFORM_TENANT, Permission
from alquimista.commercial import service
from alquimista.commercial.guards import ASKING, list_seen, request_seen
from alquimista.commercial.models import (
    CommercialContact,
    CommercialRequest,
    CommercialRequestLine,
    RequestFinished,
    RequestStatus,
    UnknownRequest,
    WrongMove,
)
from alquimista.db.tenancy import tenant_transaction
from alquimista.http.context import Context
from alquimista.http.pagination import Page
from alquimista.http.routes import Route, TenantScope
from alquimista.http.shares import ACTING, READING


class CommercialReceipt(msgspec.Struct, frozen=True):
    """The request is with the sales team."""

    id: UUID
    status: RequestStatus


class CommercialRequestsQuery(Page, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page of requests."""

    status: Annotated[RequestStatus, Meta(description="Of this status only.")] | None = None


class CommercialRequests(msgspec.Struct, frozen=True):
    """One page of requests, newest first, and how many there are."""

    requests: list[CommercialRequestLine]
    total: int


class CommercialRequestChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the request is now."""

    status: RequestStatus


async def contact(context: Context) -> CommercialReceipt:
    """Ask for a proposal."""
    sales = context.services.settings.sales_email
    async with tenant_transaction(context.db, PLATFORM_TENANT) as conn:
        request = await service.receive(conn, context.body, sales, context.now)
    return CommercialReceipt(request.id, request.status)


async def list_requests(context: Context) -> CommercialRequests:
    """Who asked."""
    query: CommercialRequestsQuery = context.query
    await list_seen(context)
    conn = context.db.tenant(PLATFORM_TENANT)
    return CommercialRequests(*await service.page(conn, query.status, query.limit, query.offset))


async def get_request(context: Context) -> CommercialRequest:
    """What one of them asked for."""
    found = await service.get(context.db.tenant(PLATFORM_TENANT), context.uuid("request_id"))
    await request_seen(context, found.id)
    return found


async def change_request(context: Context) -> CommercialRequest:
    """Move a request on."""
    request_id, status = context.uuid("request_id"), context.body.status
    async with tenant_transaction(context.db, PLATFORM_TENANT) as conn:
        return await service.change_status(conn, context.who, request_id, status, context.now)


_ID: Final = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
_MOMENT: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
_REQUEST: Final = CommercialRequest(
    id=_ID,
    company_name="Clínica Aurora",
    cnpj="12ABC34501DE35",
    contact_name="Ana Souza",
    email="ana@empresa.com.br",
    whatsapp="+5511987654321",
    selected_agents=[],
    selected_subnucleos=[_ID],
    message="Temos três unidades.",
    status=RequestStatus.PENDING,
    created_at=_MOMENT,
    updated_at=_MOMENT,
)
_STAFF: Final[dict[str, Any]] = {
    "tag": "commercial",
    "permission": Permission.SALES_MANAGE,
    "scope": TenantScope.PLATFORM,
}
_READS: Final = {**_STAFF, "limits": READING}
ROUTES: Final = (
    Route(
        method="POST",
        path="/api/commercial/contact",
        handler=contact,
        summary="Ask the sales team for a proposal",
        tag="commercial",
        permission=None,
        kinds=frozenset(),
        body=CommercialContact,
        response=CommercialReceipt,
        status=201,
        limits=(ASKING,),
        example=CommercialContact(
            company_name="Clínica Aurora",
            contact_name="Ana Souza",
            email="ana@empresa.com.br",
            whatsapp="(11) 98765-4321",
            cnpj="12.ABC.345/01DE-35",
            selected_agents=[_ID],
            message="Temos três unidades.",
        ),
    ),
    Route(
        method="GET",
        path="/internal/commercial/requests",
        handler=list_requests,
        summary="Who asked the sales team, newest first",
        query=CommercialRequestsQuery,
        response=CommercialRequests,
        example=CommercialRequests(
            [
                CommercialRequestLine(
                    _ID,
                    "Clínica Aurora",
                    "Ana Souza",
                    "ana@empresa.com.br",
                    "+5511987654321",
                    RequestStatus.PENDING,
                    _MOMENT,
                )
            ],
            1,
        ),
        **_READS,
    ),
    Route(
        method="GET",
        path="/internal/commercial/requests/{request_id:uuid}",
        handler=get_request,
        summary="What a company asked the sales team for",
        response=CommercialRequest,
        problems=(UnknownRequest,),
        example=_REQUEST,
        **_READS,
    ),
    Route(
        method="PATCH",
        path="/internal/commercial/requests/{request_id:uuid}",
        handler=change_request,
        summary="Say how far the sales team is: pending, contacted, proposal_sent, closed; or cancelled",
        body=CommercialRequestChange,
        response=CommercialRequest,
        problems=(UnknownRequest, WrongMove, RequestFinished),
        example=CommercialRequestChange(RequestStatus.CONTACTED),
        limits=ACTING,
        **_STAFF,
    ),
)
