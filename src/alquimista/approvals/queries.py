"""The only SQL on approval_requests, approval_decisions and approval_notices."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from alquimista.approvals.models import Approval, ApprovalStatus, Audience, NewApproval, Verdict
from alquimista.db.statement import Conn, NoRow, Statement

_COLUMNS = """r.tenant_id, r.id, r.audience, r.action_type, r.resource_type, r.resource_id, r.action_details,
      r.required_approvals, r.permission, r.page, r.status, r.requested_by,
      (SELECT u.full_name FROM alquimista_platform.users AS u WHERE u.id = r.requested_by) AS requested_by_name,
      r.created_at, r.expires_at, r.closed_at,
      (SELECT coalesce(jsonb_agg(jsonb_build_object('approver_id', d.approver_id, 'decision', d.decision,
         'comment', d.comment, 'created_at', d.created_at, 'approver_name',
         (SELECT u.full_name FROM alquimista_platform.users AS u WHERE u.id = d.approver_id))
         ORDER BY d.created_at, d.approver_id), '[]')
       FROM alquimista_platform.approval_decisions AS d
       WHERE d.tenant_id = r.tenant_id AND d.request_id = r.id) AS decisions,
      (SELECT t.name FROM alquimista_platform.tenants AS t WHERE t.id = r.tenant_id) AS tenant_name"""

INSERT = Statement(
    """
    INSERT INTO alquimista_platform.approval_requests (tenant_id, id, requested_by, action_type, resource_type,
      resource_id, action_details, required_approvals, audience, permission, page, created_at, updated_at, expires_at)
    VALUES (%(tenant_id)s, %(id)s, %(requested_by)s, %(action_type)s, %(resource_type)s, %(resource_id)s,
      %(action_details)s, %(required_approvals)s, %(audience)s, %(permission)s, %(page)s, %(now)s, %(now)s,
      %(expires_at)s)
    """,
    NoRow,
)
FIND = Statement(
    f"""
    SELECT {_COLUMNS}
    FROM alquimista_platform.approval_requests AS r
    WHERE r.tenant_id = %(tenant_id)s AND r.id = %(id)s
    """,  # noqa: S608 - A list of columns.
    Approval,
)
# Of staff, who see all tenants: an id alone names a request, since ids are never given twice.
FIND_ANYWHERE = Statement(
    f"""
    SELECT {_COLUMNS}
    FROM alquimista_platform.approval_requests AS r
    WHERE r.id = %(id)s AND r.audience = 'staff'
    """,  # noqa: S608 - As above.
    Approval,
)


class ApprovalId(msgspec.Struct, frozen=True):
    """An id alone."""

    id: UUID


# Whoever closes or decides at the same time is waited for; what is read by a later statement is then what they left.
LOCK = Statement(
    """
    SELECT id FROM alquimista_platform.approval_requests
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s
    FOR UPDATE
    """,
    ApprovalId,
)
DECIDE = Statement(
    """
    INSERT INTO alquimista_platform.approval_decisions
      (tenant_id, request_id, approver_id, requested_by, decision, comment, created_at)
    SELECT tenant_id, id, %(approver_id)s, requested_by, %(decision)s, %(comment)s, %(now)s
    FROM alquimista_platform.approval_requests
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND status = 'pending' AND expires_at > %(now)s
    """,
    NoRow,
)
CLOSE = Statement(
    """
    UPDATE alquimista_platform.approval_requests
    SET status = %(status)s, closed_at = %(now)s, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND status = 'pending'
      AND (expires_at <= %(now)s) = (%(status)s = 'expired')
    """,
    NoRow,
)


class Concerned(msgspec.Struct, frozen=True):
    """A tenant alone."""

    tenant_id: UUID


TENANTS_DUE = Statement(
    """
    SELECT DISTINCT tenant_id FROM alquimista_platform.approval_requests
    WHERE status = 'pending' AND expires_at <= %(now)s
    """,
    Concerned,
)
DUE = Statement(
    """
    SELECT id FROM alquimista_platform.approval_requests
    WHERE tenant_id = %(tenant_id)s AND status = 'pending' AND expires_at <= %(now)s
    ORDER BY expires_at, id
    LIMIT 1000
    """,
    ApprovalId,
)
PAGE = Statement(
    f"""
    SELECT {_COLUMNS}
    FROM alquimista_platform.approval_requests AS r
    WHERE (%(tenant_id)s::uuid IS NULL OR r.tenant_id = %(tenant_id)s::uuid) AND r.audience = %(audience)s
      AND r.status = ANY (%(statuses)s::text[])
    ORDER BY r.created_at DESC, r.id DESC
    LIMIT %(limit)s OFFSET %(offset)s
    """,  # noqa: S608 - As above.
    Approval,
)


class Count(msgspec.Struct, frozen=True):
    """A number of rows."""

    total: int


COUNT = Statement(
    """
    SELECT count(*) AS total
    FROM alquimista_platform.approval_requests AS r
    WHERE (%(tenant_id)s::uuid IS NULL OR r.tenant_id = %(tenant_id)s::uuid) AND r.audience = %(audience)s
      AND r.status = ANY (%(statuses)s::text[])
    """,
    Count,
)
_WAITING = """r.status = 'pending' AND r.expires_at > %(now)s AND r.requested_by <> %(user_id)s
        AND (r.permission IS NULL OR r.permission = ANY (%(permissions)s::text[]))
        AND NOT EXISTS (SELECT FROM alquimista_platform.approval_decisions AS v
          WHERE v.tenant_id = r.tenant_id AND v.request_id = r.id AND v.approver_id = %(user_id)s)"""
# What waits for somebody is so whatever status they ask for.
_THEIRS = f"""CASE %(whose)s::text WHEN 'waiting' THEN {_WAITING}
        ELSE r.status = ANY (%(statuses)s::text[]) AND (%(whose)s = 'all' OR r.requested_by = %(user_id)s) END"""
_VISIBLE = """(%(tenant_id)s::uuid IS NULL OR r.tenant_id = %(tenant_id)s::uuid) AND r.audience = %(audience)s
      AND starts_with(r.action_type, %(prefix)s::text)"""


class InboxCount(msgspec.Struct, frozen=True):
    """How many there are of what was asked for, and how many wait."""

    total: int
    waiting: int


INBOX = Statement(
    f"""
    SELECT {_COLUMNS}
    FROM alquimista_platform.approval_requests AS r
    WHERE {_VISIBLE} AND {_THEIRS}
    ORDER BY r.created_at DESC, r.id DESC
    LIMIT %(limit)s OFFSET %(offset)s
    """,  # noqa: S608 - The constants above.
    Approval,
)
INBOX_COUNT = Statement(
    f"""
    SELECT count(*) FILTER (WHERE {_THEIRS}) AS total, count(*) FILTER (WHERE {_WAITING}) AS waiting
    FROM alquimista_platform.approval_requests AS r
    WHERE {_VISIBLE}
    """,  # noqa: S608 - As above.
    InboxCount,
)
NOTICE = Statement(
    """
    INSERT INTO alquimista_platform.approval_notices (tenant_id, request_id, status, created_at)
    VALUES (%(tenant_id)s, %(request_id)s, %(status)s, %(now)s)
    ON CONFLICT (tenant_id, request_id, status) DO NOTHING
    """,
    NoRow,
)


async def insert(
    conn: Conn,
    tenant_id: UUID,
    approval_id: UUID,
    requested_by: UUID,
    new: NewApproval,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Ask."""
    await conn.execute(
        INSERT,
        tenant_id=tenant_id,
        id=approval_id,
        requested_by=requested_by,
        action_type=new.action_type,
        resource_type=new.resource_type,
        resource_id=new.resource_id,
        action_details=new.action_details,
        required_approvals=new.required_approvals,
        audience=new.audience.value,
        permission=new.permission.value if new.permission else None,
        page=new.page,
        now=now,
        expires_at=expires_at,
    )


async def find(conn: Conn, tenant_id: UUID, approval_id: UUID) -> Approval | None:
    """A request with its decisions."""
    return await conn.fetch_one(FIND, tenant_id=tenant_id, id=approval_id)


async def find_anywhere(conn: Conn, approval_id: UUID) -> Approval | None:
    """What was asked of staff, in whichever tenant; takes a connection of the internal role."""
    return await conn.fetch_one(FIND_ANYWHERE, id=approval_id)


async def lock(conn: Conn, tenant_id: UUID, approval_id: UUID) -> bool:
    """Hold a request until the transaction ends; False when there is none."""
    return await conn.fetch_one(LOCK, tenant_id=tenant_id, id=approval_id) is not None


async def decide(
    conn: Conn, tenant_id: UUID, approval_id: UUID, approver_id: UUID, decision: Verdict, comment: str, now: datetime
) -> bool:
    """Write one person's decision on an open request; False when it is not open."""
    return bool(
        await conn.execute(
            DECIDE,
            tenant_id=tenant_id,
            id=approval_id,
            approver_id=approver_id,
            decision=decision.value,
            comment=comment,
            now=now,
        )
    )


async def close(conn: Conn, tenant_id: UUID, approval_id: UUID, status: ApprovalStatus, now: datetime) -> bool:
    """End a pending request: by its time's end as expired, before it as anything else. False when it has ended."""
    return bool(await conn.execute(CLOSE, tenant_id=tenant_id, id=approval_id, status=status.value, now=now))


async def tenants_due(conn: Conn, now: datetime) -> list[UUID]:
    """Tenants with pending requests whose time is over; takes a connection of the internal role."""
    return [row.tenant_id for row in await conn.fetch(TENANTS_DUE, now=now)]


async def due(conn: Conn, tenant_id: UUID, now: datetime) -> list[UUID]:
    """A tenant's pending requests whose time is over."""
    return [row.id for row in await conn.fetch(DUE, tenant_id=tenant_id, now=now)]


async def page(
    conn: Conn, tenant_id: UUID | None, audience: Audience, statuses: Sequence[ApprovalStatus], limit: int, offset: int
) -> tuple[list[Approval], int]:
    """One page, newest first, and how many there are; of all tenants when none is named."""
    wanted = {"tenant_id": tenant_id, "audience": audience.value, "statuses": [one.value for one in statuses]}
    found = await conn.fetch(PAGE, **wanted, limit=limit, offset=offset)
    counted = await conn.fetch_one(COUNT, **wanted)
    return found, counted.total if counted else 0


async def inbox(conn: Conn, wanted: dict[str, Any], limit: int, offset: int) -> tuple[list[Approval], InboxCount]:
    """One page of a reader's requests, newest first, and the numbers of them. `wanted` holds the parameters above."""
    found = await conn.fetch(INBOX, **wanted, limit=limit, offset=offset)
    counted = await conn.fetch_one(INBOX_COUNT, **wanted)
    return found, counted or InboxCount(0, 0)


async def notice(conn: Conn, tenant_id: UUID, approval_id: UUID, status: ApprovalStatus, now: datetime) -> bool:
    """Note that people are being told; False when they were."""
    return bool(await conn.execute(NOTICE, tenant_id=tenant_id, request_id=approval_id, status=status.value, now=now))
