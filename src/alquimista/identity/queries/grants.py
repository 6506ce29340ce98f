"""SQL on permission_grants: a tenant's under the app role, one person's under that or the login role."""

from datetime import datetime
from uuid import UUID

import msgspec

from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.identity.models.grants import Grant, HeldGrant, NamedGrant

_GRANT = """g.id, g.user_id, g.permission, g.resource_type, g.resource_id, g.days, g.from_minute, g.until_minute,
      g.expires_at, g.granted_by, g.created_at"""
OF_PERSON = Statement(
    f"""
    SELECT {_GRANT}, t.time_zone
    FROM alquimista_platform.permission_grants AS g
    JOIN alquimista_platform.tenants AS t ON t.id = g.tenant_id
    WHERE g.tenant_id = %(tenant_id)s AND g.user_id = %(user_id)s AND g.revoked_at IS NULL
    ORDER BY g.created_at, g.id
    """,  # noqa: S608 - A list of columns.
    HeldGrant,
)
LIST = Statement(
    f"""
    SELECT {_GRANT}
    FROM alquimista_platform.permission_grants AS g
    WHERE g.tenant_id = %(tenant_id)s AND g.revoked_at IS NULL AND (g.expires_at IS NULL OR g.expires_at > %(now)s)
    ORDER BY g.created_at DESC, g.id DESC
    LIMIT %(limit)s OFFSET %(offset)s
    """,  # noqa: S608 - As above.
    Grant,
)
# Staff are no members: a tenant does not see who of them gave it.
LIST_NAMED = Statement(
    f"""
    SELECT {_GRANT}, u.full_name AS person, by_whom.full_name AS giver
    FROM alquimista_platform.permission_grants AS g
    JOIN alquimista_platform.users AS u ON u.id = g.user_id
    LEFT JOIN alquimista_platform.users AS by_whom ON by_whom.id = g.granted_by
    WHERE g.tenant_id = %(tenant_id)s AND g.revoked_at IS NULL AND (g.expires_at IS NULL OR g.expires_at > %(now)s)
      AND (%(user_id)s::uuid IS NULL OR g.user_id = %(user_id)s::uuid)
    ORDER BY g.created_at DESC, g.id DESC
    LIMIT %(limit)s OFFSET %(offset)s
    """,  # noqa: S608 - As above.
    NamedGrant,
)


class Count(msgspec.Struct, frozen=True):
    """A number of rows."""

    total: int


COUNT = Statement(
    """
    SELECT count(*) AS total
    FROM alquimista_platform.permission_grants AS g
    WHERE g.tenant_id = %(tenant_id)s AND g.revoked_at IS NULL AND (g.expires_at IS NULL OR g.expires_at > %(now)s)
    """,
    Count,
)
INSERT = Statement(
    """
    INSERT INTO alquimista_platform.permission_grants (tenant_id, id, user_id, permission, resource_type, resource_id,
      days, from_minute, until_minute, expires_at, granted_by, created_at)
    VALUES (%(tenant_id)s, %(id)s, %(user_id)s, %(permission)s, %(resource_type)s, %(resource_id)s,
      %(days)s::integer[], %(from_minute)s, %(until_minute)s, %(expires_at)s, %(granted_by)s, %(created_at)s)
    ON CONFLICT DO NOTHING
    """,
    NoRow,
)
REVOKE = Statement(
    f"""
    UPDATE alquimista_platform.permission_grants AS g SET revoked_at = %(now)s, revoked_by = %(revoked_by)s
    WHERE g.tenant_id = %(tenant_id)s AND g.id = %(id)s AND g.revoked_at IS NULL
    RETURNING {_GRANT}
    """,  # noqa: S608 - As above.
    Grant,
)
REVOKED = Statement(
    f"""
    SELECT {_GRANT} FROM alquimista_platform.permission_grants AS g
    WHERE g.tenant_id = %(tenant_id)s AND g.id = %(id)s AND g.revoked_at IS NOT NULL
      AND (g.expires_at IS NULL OR g.expires_at > %(now)s)
    """,  # noqa: S608 - As above.
    Grant,
)
# Who is let in again later comes without them.
REVOKE_ALL = Statement(
    """
    UPDATE alquimista_platform.permission_grants SET revoked_at = %(now)s, revoked_by = %(revoked_by)s
    WHERE tenant_id = %(tenant_id)s AND user_id = %(user_id)s AND revoked_at IS NULL
    """,
    NoRow,
)
# Those whose end has come hold nothing, yet stand in the way of new ones.
CLEAR = Statement(
    """
    UPDATE alquimista_platform.permission_grants SET revoked_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND user_id = %(user_id)s AND revoked_at IS NULL AND expires_at <= %(now)s
    """,
    NoRow,
)


async def of_person(conn: Conn, tenant_id: UUID, user_id: UUID) -> list[HeldGrant]:
    """What was granted to a person of a tenant and not revoked."""
    return await conn.fetch(OF_PERSON, tenant_id=tenant_id, user_id=user_id)


async def list_grants(conn: Conn, tenant_id: UUID, now: datetime, limit: int, offset: int) -> list[Grant]:
    """One page of a tenant's grants in force, the newest first."""
    return await conn.fetch(LIST, tenant_id=tenant_id, now=now, limit=limit, offset=offset)


async def list_named(
    conn: Conn, tenant_id: UUID, user_id: UUID | None, now: datetime, limit: int, offset: int
) -> list[NamedGrant]:
    """As `list_grants`, with names; of one person alone when one is given."""
    return await conn.fetch(LIST_NAMED, tenant_id=tenant_id, user_id=user_id, now=now, limit=limit, offset=offset)


async def count(conn: Conn, tenant_id: UUID, now: datetime) -> int:
    """How many are in force."""
    row = await conn.fetch_one(COUNT, tenant_id=tenant_id, now=now)
    return row.total if row else 0


async def insert(conn: Conn, tenant_id: UUID, grant: Grant) -> bool:
    """Write a grant; False when the same is in force."""
    values = msgspec.structs.asdict(grant)
    values["days"] = list(grant.days) if grant.days is not None else None
    return bool(await conn.execute(INSERT, tenant_id=tenant_id, **values))


async def revoke(conn: Conn, tenant_id: UUID, grant_id: UUID, revoked_by: UUID | None, now: datetime) -> Grant | None:
    """End a grant; None when none of this id is in force."""
    return await conn.fetch_one(REVOKE, tenant_id=tenant_id, id=grant_id, revoked_by=revoked_by, now=now)


async def revoked(conn: Conn, tenant_id: UUID, grant_id: UUID, now: datetime) -> Grant | None:
    """A grant that was ended before its time; None when none of this id was."""
    return await conn.fetch_one(REVOKED, tenant_id=tenant_id, id=grant_id, now=now)


async def revoke_all(conn: Conn, tenant_id: UUID, user_id: UUID, revoked_by: UUID | None, now: datetime) -> int:
    """End all grants of a person; how many."""
    return await conn.execute(REVOKE_ALL, tenant_id=tenant_id, user_id=user_id, revoked_by=revoked_by, now=now)


async def clear(conn: Conn, tenant_id: UUID, user_id: UUID, now: datetime) -> None:
    """Put a person's grants away whose end has come."""
    await conn.execute(CLEAR, tenant_id=tenant_id, user_id=user_id, now=now)
