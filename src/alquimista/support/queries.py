"""The only SQL on tickets and their messages: one tenant's under the app role, all under the internal role."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.support.models import (
    WAITING,
    AuthorKind,
    Ticket,
    TicketLine,
    TicketMessage,
    TicketSeverity,
    TicketStatus,
)

_COLUMNS = """tenant_id, id, number, subject, severity, status, opened_by, assigned_to, incident_id, created_at,
      updated_at, closed_at"""


class TenantPage(msgspec.Struct, frozen=True):
    """A page of a tenant's tickets beside the count of all of them."""

    total: int
    items: tuple[Ticket, ...]


class StaffPage(msgspec.Struct, frozen=True):
    """A page of all tenants' tickets."""

    total: int
    items: tuple[TicketLine, ...]


class Id(msgspec.Struct, frozen=True):
    """An id."""

    id: UUID


# Numbers follow each other because whoever opens a ticket of the tenant waits here for the one before.
NUMBERING = Statement(
    "SELECT pg_advisory_xact_lock(hashtextextended('alquimista.tickets/' || %(tenant_id)s::uuid, 0))::text", NoRow
)

INSERT = Statement(
    f"""
    INSERT INTO alquimista_platform.tickets ({_COLUMNS})
    SELECT %(tenant_id)s, %(id)s, coalesce(max(number), 0) + 1, %(subject)s, %(severity)s, %(status)s, %(opened_by)s,
      NULL, %(incident_id)s::uuid, %(now)s, %(now)s, NULL
    FROM alquimista_platform.tickets WHERE tenant_id = %(tenant_id)s
    RETURNING {_COLUMNS}
    """,  # noqa: S608 - A list of columns, as everywhere below.
    Ticket,
)

WRITE = Statement(
    """
    INSERT INTO alquimista_platform.ticket_messages
      (tenant_id, id, ticket_id, created_at, author_kind, author_id, internal, body, incident_id)
    VALUES (%(tenant_id)s, %(id)s, %(ticket_id)s, %(now)s, %(author_kind)s, %(author_id)s, %(internal)s, %(body)s,
      %(incident_id)s::uuid)
    ON CONFLICT DO NOTHING
    """,
    NoRow,
)

LOCK = Statement(
    f"""
    SELECT {_COLUMNS} FROM alquimista_platform.tickets
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s FOR UPDATE
    """,  # noqa: S608
    Ticket,
)

OWN = Statement(
    f"SELECT {_COLUMNS} FROM alquimista_platform.tickets WHERE tenant_id = %(tenant_id)s AND id = %(id)s",  # noqa: S608
    Ticket,
)

SET = Statement(
    """
    UPDATE alquimista_platform.tickets
    SET status = %(status)s, assigned_to = %(assigned_to)s, incident_id = %(incident_id)s, closed_at = %(closed_at)s,
      updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s
    """,
    NoRow,
)

_ITS = """
    tenant_id = %(tenant_id)s AND (%(status)s::text IS NULL OR status = %(status)s::text)
    AND (%(severity)s::text IS NULL OR severity = %(severity)s::text)
    AND (%(incident_id)s::uuid IS NULL OR incident_id = %(incident_id)s::uuid)
"""

PAGE = Statement(
    f"""
    SELECT counted.total, coalesce(page.items, '[]') AS items
    FROM (SELECT count(*) AS total FROM alquimista_platform.tickets WHERE {_ITS}) counted
    CROSS JOIN (
      SELECT jsonb_agg(to_jsonb(one) ORDER BY one.updated_at DESC, one.id DESC) AS items FROM (
        SELECT {_COLUMNS} FROM alquimista_platform.tickets WHERE {_ITS}
        ORDER BY updated_at DESC, id DESC
        LIMIT %(limit)s OFFSET %(offset)s
      ) one
    ) page
    """,  # noqa: S608
    TenantPage,
)

# By a tenant's eyes notes among staff, and the names of staff, are out of sight.
MESSAGES = Statement(
    """
    SELECT m.id, m.created_at, m.author_kind, m.author_id, u.full_name AS author_name, m.internal, m.body
    FROM alquimista_platform.ticket_messages m LEFT JOIN alquimista_platform.users u ON u.id = m.author_id
    WHERE m.tenant_id = %(tenant_id)s AND m.ticket_id = %(ticket_id)s
    ORDER BY m.created_at, m.id
    """,
    TicketMessage,
)

WRITERS = Statement(
    """
    SELECT opened_by AS id FROM alquimista_platform.tickets WHERE tenant_id = %(tenant_id)s AND id = %(ticket_id)s
    UNION
    SELECT author_id FROM alquimista_platform.ticket_messages
    WHERE tenant_id = %(tenant_id)s AND ticket_id = %(ticket_id)s AND author_kind = 'tenant'
    """,
    Id,
)

LINKED = Statement(
    """
    SELECT id FROM alquimista_platform.tickets WHERE tenant_id = %(tenant_id)s AND incident_id = %(incident_id)s
    ORDER BY id
    """,
    Id,
)

FIND = Statement(
    f"""
    SELECT to_jsonb(one) AS ticket, t.name AS tenant_name, u.full_name AS assigned_name,
      NULL::timestamptz AS waiting_since
    FROM (SELECT {_COLUMNS} FROM alquimista_platform.tickets WHERE id = %(id)s) one
    JOIN alquimista_platform.tenants t ON t.id = one.tenant_id
    LEFT JOIN alquimista_platform.users u ON u.id = one.assigned_to
    """,  # noqa: S608
    TicketLine,
)

# A message that says the end of an incident is no answer: it leaves the turn where it was.
_UNANSWERED = """
    SELECT min(w.created_at) FROM alquimista_platform.ticket_messages w
    WHERE w.tenant_id = k.tenant_id AND w.ticket_id = k.id AND w.author_kind = 'tenant' AND NOT EXISTS (
      SELECT FROM alquimista_platform.ticket_messages a
      WHERE a.tenant_id = w.tenant_id AND a.ticket_id = w.ticket_id AND a.author_kind = 'staff' AND NOT a.internal
        AND a.incident_id IS NULL AND (a.created_at, a.id) > (w.created_at, w.id))
"""

_WANTED = """
    (%(states)s::text[] IS NULL OR k.status = ANY (%(states)s::text[]))
    AND (%(severity)s::text IS NULL OR k.severity = %(severity)s::text)
    AND (%(tenant_id)s::uuid IS NULL OR k.tenant_id = %(tenant_id)s::uuid)
    AND (%(assigned_to)s::uuid IS NULL OR k.assigned_to = %(assigned_to)s::uuid)
    AND (%(incident_ids)s::uuid[] IS NULL OR k.incident_id = ANY (%(incident_ids)s::uuid[]))
    AND (%(search)s::text = '' OR k.number::text = %(search)s::text
      OR strpos(alquimista_platform.search_text(k.subject), alquimista_platform.search_text(%(search)s::text)) > 0
      OR EXISTS (SELECT FROM alquimista_platform.tenants s WHERE s.id = k.tenant_id
        AND strpos(s.search_name, alquimista_platform.search_text(%(search)s::text)) > 0))
"""

STAFF_PAGE = Statement(
    f"""
    SELECT counted.total, coalesce(page.items, '[]') AS items
    FROM (SELECT count(*) AS total FROM alquimista_platform.tickets k WHERE {_WANTED}) counted
    CROSS JOIN (
      SELECT jsonb_agg(jsonb_build_object('ticket', to_jsonb(one), 'tenant_name', t.name,
          'assigned_name', u.full_name, 'waiting_since', one.waiting_since)
        ORDER BY one.waiting_since, one.updated_at DESC, one.id DESC) AS items
      FROM (
        SELECT {_COLUMNS}, CASE WHEN status = ANY (%(waiting)s::text[]) THEN coalesce(({_UNANSWERED}), updated_at) END
          AS waiting_since
        FROM alquimista_platform.tickets k WHERE {_WANTED}
        ORDER BY waiting_since, updated_at DESC, id DESC
        LIMIT %(limit)s OFFSET %(offset)s
      ) one
      JOIN alquimista_platform.tenants t ON t.id = one.tenant_id
      LEFT JOIN alquimista_platform.users u ON u.id = one.assigned_to
    ) page
    """,  # noqa: S608
    StaffPage,
)


async def insert(
    conn: Conn,
    tenant_id: UUID,
    ticket_id: UUID,
    subject: str,
    severity: TicketSeverity,
    opened_by: UUID,
    incident_id: UUID | None,
    now: datetime,
) -> Ticket:
    """A new ticket with the tenant's next number. Takes a transaction."""
    await conn.execute(NUMBERING, tenant_id=tenant_id)
    found = await conn.fetch_one(
        INSERT,
        tenant_id=tenant_id,
        id=ticket_id,
        subject=subject,
        severity=severity.value,
        status=TicketStatus.OPEN.value,
        opened_by=opened_by,
        incident_id=incident_id,
        now=now,
    )
    assert found is not None
    return found


async def write(
    conn: Conn,
    ticket: Ticket,
    message_id: UUID,
    author: AuthorKind,
    author_id: UUID | None,
    body: str,
    now: datetime,
    *,
    internal: bool = False,
    incident_id: UUID | None = None,
) -> bool:
    """Append a message; False when the end of this incident is told in the ticket already."""
    return bool(
        await conn.execute(
            WRITE,
            tenant_id=ticket.tenant_id,
            id=message_id,
            ticket_id=ticket.id,
            now=now,
            author_kind=author.value,
            author_id=author_id,
            internal=internal,
            body=body,
            incident_id=incident_id,
        )
    )


async def lock(conn: Conn, tenant_id: UUID, ticket_id: UUID) -> Ticket | None:
    """The tenant's ticket, which nobody else changes until the transaction ends."""
    return await conn.fetch_one(LOCK, tenant_id=tenant_id, id=ticket_id)


async def own(conn: Conn, tenant_id: UUID, ticket_id: UUID) -> Ticket | None:
    """The tenant's ticket."""
    return await conn.fetch_one(OWN, tenant_id=tenant_id, id=ticket_id)


async def save(conn: Conn, ticket: Ticket, now: datetime) -> None:
    """Write what may change of a ticket."""
    await conn.execute(
        SET,
        tenant_id=ticket.tenant_id,
        id=ticket.id,
        status=ticket.status.value,
        assigned_to=ticket.assigned_to,
        incident_id=ticket.incident_id,
        closed_at=ticket.closed_at,
        now=now,
    )


async def page(
    conn: Conn,
    tenant_id: UUID,
    limit: int,
    offset: int,
    *,
    status: TicketStatus | None,
    severity: TicketSeverity | None,
    incident_id: UUID | None,
) -> TenantPage:
    """A page of the tenant's tickets for which every given field holds, those that changed last first."""
    found = await conn.fetch_one(
        PAGE,
        tenant_id=tenant_id,
        status=status,
        severity=severity,
        incident_id=incident_id,
        limit=limit,
        offset=offset,
    )
    assert found is not None
    return found


async def messages(conn: Conn, tenant_id: UUID, ticket_id: UUID) -> list[TicketMessage]:
    """A ticket's messages, the first first: as many of them as the connection's role may see."""
    return await conn.fetch(MESSAGES, tenant_id=tenant_id, ticket_id=ticket_id)


async def writers(conn: Conn, tenant_id: UUID, ticket_id: UUID) -> list[UUID]:
    """Who opened the ticket, and who of the tenant wrote in it."""
    return [row.id for row in await conn.fetch(WRITERS, tenant_id=tenant_id, ticket_id=ticket_id)]


async def linked(conn: Conn, tenant_id: UUID, incident_id: UUID) -> list[UUID]:
    """The tenant's tickets that are about an incident."""
    return [row.id for row in await conn.fetch(LINKED, tenant_id=tenant_id, incident_id=incident_id)]


async def find(conn: Conn, ticket_id: UUID) -> TicketLine | None:
    """Anybody's ticket; takes a connection of the internal role."""
    return await conn.fetch_one(FIND, id=ticket_id)


async def staff_page(
    conn: Conn,
    limit: int,
    offset: int,
    *,
    states: Collection[TicketStatus],
    severity: TicketSeverity | None,
    tenant_id: UUID | None,
    assigned_to: UUID | None,
    incident_ids: Collection[UUID],
    search: str,
    waiting_first: bool,
) -> StaffPage:
    """A page of all tickets for which every given field holds; takes a connection of the internal role."""
    wanted: dict[str, Any] = {
        "states": [one.value for one in states] or None,
        "severity": severity,
        "tenant_id": tenant_id,
        "assigned_to": assigned_to,
        "incident_ids": list(incident_ids) or None,
        "search": search,
        "waiting": [one.value for one in WAITING] if waiting_first else [],
    }
    found = await conn.fetch_one(STAFF_PAGE, **wanted, limit=limit, offset=offset)
    assert found is not None
    return found
