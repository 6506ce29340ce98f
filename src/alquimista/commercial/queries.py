"""The only SQL on public.commercial_requests."""

from datetime import datetime
from uuid import UUID

import msgspec

from alquimista.commercial.models import CommercialRequest, CommercialRequestLine, RequestStatus
from alquimista.db.statement import Conn, NoRow, Statement

_COLUMNS = """id, company_name, cnpj, contact_name, email, whatsapp, selected_agents, selected_subnucleos, message,
      status, created_at, updated_at"""

INSERT = Statement(
    f"""
    INSERT INTO public.commercial_requests (tenant_id, {_COLUMNS})
    VALUES (%(tenant_id)s, %(id)s, %(company_name)s, %(cnpj)s, %(contact_name)s, %(email)s, %(whatsapp)s,
      %(selected_agents)s::uuid[], %(selected_subnucleos)s::uuid[], %(message)s, %(status)s, %(created_at)s,
      %(updated_at)s)
    """,  # noqa: S608 - A list of columns.
    NoRow,
)

FIND = Statement(
    f"SELECT {_COLUMNS} FROM public.commercial_requests WHERE tenant_id = %(tenant_id)s AND id = %(id)s",  # noqa: S608
    CommercialRequest,
)

# Whoever changes the status at the same time is waited for, and then `before` no longer holds: no row is touched.
MOVE = Statement(
    f"""
    UPDATE public.commercial_requests SET status = %(wanted)s, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND status = %(before)s
    RETURNING {_COLUMNS}
    """,  # noqa: S608 - As above.
    CommercialRequest,
)


class RequestRow(msgspec.Struct, frozen=True):
    """A request beside the count of all of them, so that a page and its total are one round trip.

    An empty page is one row of which only `total` is set.
    """

    id: UUID | None
    company_name: str | None
    contact_name: str | None
    email: str | None
    whatsapp: str | None
    status: str | None
    created_at: datetime | None
    total: int


# The count is there even when the page is empty, through the left join.
PAGE = Statement(
    """
    SELECT page.id, page.company_name, page.contact_name, page.email, page.whatsapp, page.status, page.created_at,
      counted.total
    FROM (
      SELECT count(*) AS total FROM public.commercial_requests
      WHERE tenant_id = %(tenant_id)s AND status = ANY (%(statuses)s::text[])
    ) counted
    LEFT JOIN LATERAL (
      SELECT id, company_name, contact_name, email, whatsapp, status, created_at
      FROM public.commercial_requests
      WHERE tenant_id = %(tenant_id)s AND status = ANY (%(statuses)s::text[])
      ORDER BY created_at DESC, id DESC
      LIMIT %(limit)s OFFSET %(offset)s
    ) page ON true
    ORDER BY page.created_at DESC, page.id DESC
    """,
    RequestRow,
)


async def insert(conn: Conn, tenant_id: UUID, request: CommercialRequest) -> None:
    """Write a request."""
    values = {name: getattr(request, name) for name in CommercialRequest.__struct_fields__}
    await conn.execute(INSERT, **{**values, "status": request.status.value}, tenant_id=tenant_id)


async def find(conn: Conn, tenant_id: UUID, request_id: UUID) -> CommercialRequest | None:
    """The tenant's request with this id."""
    return await conn.fetch_one(FIND, tenant_id=tenant_id, id=request_id)


async def move(
    conn: Conn, tenant_id: UUID, request_id: UUID, before: RequestStatus, wanted: RequestStatus, now: datetime
) -> CommercialRequest | None:
    """Give a request another status; None when its status is not `before` any more."""
    return await conn.fetch_one(
        MOVE, tenant_id=tenant_id, id=request_id, before=before.value, wanted=wanted.value, now=now
    )


async def page(
    conn: Conn, tenant_id: UUID, status: RequestStatus | None, limit: int, offset: int
) -> tuple[list[CommercialRequestLine], int]:
    """A page of the tenant's requests, of one status or of any, newest first; and how many such there are in all."""
    statuses = [one.value for one in ([status] if status else RequestStatus)]
    rows = await conn.fetch(PAGE, tenant_id=tenant_id, statuses=statuses, limit=limit, offset=offset)
    found = [msgspec.convert(row, CommercialRequestLine, from_attributes=True) for row in rows if row.id is not None]
    return found, rows[0].total if rows else 0
