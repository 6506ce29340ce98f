"""SQL on tenant_users: of one tenant under the app role, of one person under the login role."""

from datetime import datetime
from uuid import UUID

import msgspec

from alquimista.access import Role
from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.identity.models.users import Headcount, Member, MemberFilter, Membership, MemberStatus


class Count(msgspec.Struct, frozen=True):
    """A number of rows."""

    total: int


class PersonId(msgspec.Struct, frozen=True):
    """Somebody."""

    id: UUID


_MEMBER = "u.id, u.email, u.full_name, m.role, m.status, m.created_at, u.last_login_at, u.locale"
LIST = Statement(
    f"""
    SELECT {_MEMBER}
    FROM alquimista_platform.tenant_users AS m
    JOIN alquimista_platform.users AS u ON u.id = m.user_id
    WHERE m.tenant_id = %(tenant_id)s
    ORDER BY u.full_name, u.id
    LIMIT %(limit)s OFFSET %(offset)s
    """,  # noqa: S608 - The only interpolation is the constant column list above.
    Member,
)
COUNT = Statement(
    "SELECT count(*) AS total FROM alquimista_platform.tenant_users WHERE tenant_id = %(tenant_id)s",
    Count,
)
# A part of a name or an address, however its letters are marked: as companies are found (decision 44).
_MATCHES = """
    FROM alquimista_platform.tenant_users AS m
    JOIN alquimista_platform.users AS u ON u.id = m.user_id
    WHERE m.tenant_id = %(tenant_id)s
      AND (%(role)s::text IS NULL OR m.role = %(role)s::text)
      AND (%(status)s::text IS NULL OR m.status = %(status)s::text)
      AND (%(text)s::text IS NULL OR strpos(alquimista_platform.search_text(u.full_name || ' ' || u.email),
        alquimista_platform.search_text(%(text)s::text)) > 0)
"""
SEARCH = Statement(
    f"SELECT {_MEMBER} {_MATCHES} ORDER BY u.full_name, u.id LIMIT %(limit)s OFFSET %(offset)s",
    Member,
)
COUNT_FOUND = Statement(f"SELECT count(*) AS total {_MATCHES}", Count)
HEADCOUNT = Statement(
    """
    SELECT
      (SELECT count(*) FROM alquimista_platform.tenant_users
       WHERE tenant_id = %(tenant_id)s AND status = 'active') AS active,
      (SELECT count(*) FROM alquimista_platform.tenant_users
       WHERE tenant_id = %(tenant_id)s AND status = 'deactivated') AS deactivated,
      (SELECT count(*) FROM alquimista_platform.invitations
       WHERE tenant_id = %(tenant_id)s AND accepted_at IS NULL AND revoked_at IS NULL
         AND expires_at > %(now)s) AS invited,
      (SELECT count(*) FROM alquimista_platform.permission_grants
       WHERE tenant_id = %(tenant_id)s AND revoked_at IS NULL
         AND (expires_at IS NULL OR expires_at > %(now)s)) AS grants
    """,
    Headcount,
)
GET = Statement(
    f"""
    SELECT {_MEMBER}
    FROM alquimista_platform.tenant_users AS m
    JOIN alquimista_platform.users AS u ON u.id = m.user_id
    WHERE m.tenant_id = %(tenant_id)s AND m.user_id = %(user_id)s
    """,  # noqa: S608 - As above.
    Member,
)
IS_MEMBER = Statement(
    """
    SELECT count(*) AS total
    FROM alquimista_platform.tenant_users AS m
    JOIN alquimista_platform.users AS u ON u.id = m.user_id
    WHERE m.tenant_id = %(tenant_id)s AND m.status = 'active' AND u.email = %(email)s
    """,
    Count,
)
PERSON = Statement("SELECT id FROM alquimista_platform.users WHERE email = %(email)s", PersonId)
# Taken before administrators are counted, so that two of them cannot remove each other at the same moment.
LOCK = Statement(
    """
    SELECT pg_advisory_xact_lock(hashtextextended('alquimista.members:' || %(tenant_id)s::uuid::text, 0))::text
    """,
    NoRow,
)
ADMINISTRATORS = Statement(
    """
    SELECT count(*) AS total
    FROM alquimista_platform.tenant_users AS m
    JOIN alquimista_platform.users AS u ON u.id = m.user_id
    WHERE m.tenant_id = %(tenant_id)s AND m.role = %(role)s AND m.status = 'active' AND u.status = 'active'
      AND m.user_id <> %(besides)s
    """,
    Count,
)
LIST_ADMINISTRATORS = Statement(
    f"""
    SELECT {_MEMBER}
    FROM alquimista_platform.tenant_users AS m
    JOIN alquimista_platform.users AS u ON u.id = m.user_id
    WHERE m.tenant_id = %(tenant_id)s AND m.role = 'TENANT_ADMIN' AND m.status = 'active' AND u.status = 'active'
    ORDER BY u.id
    """,  # noqa: S608 - As above.
    Member,
)
WITH_ROLES = Statement(
    f"""
    SELECT {_MEMBER}
    FROM alquimista_platform.tenant_users AS m
    JOIN alquimista_platform.users AS u ON u.id = m.user_id
    WHERE m.tenant_id = %(tenant_id)s AND m.role = ANY (%(roles)s::text[]) AND m.status = 'active'
      AND u.status = 'active'
    ORDER BY u.id
    """,  # noqa: S608 - As above.
    Member,
)
# Seats taken: active members, and open invitations that would become one.
SEATS = Statement(
    """
    SELECT (SELECT count(*) FROM alquimista_platform.tenant_users
            WHERE tenant_id = %(tenant_id)s AND status = 'active')
         + (SELECT count(*) FROM alquimista_platform.invitations
            WHERE tenant_id = %(tenant_id)s AND accepted_at IS NULL AND revoked_at IS NULL
              AND expires_at > %(now)s) AS total
    """,
    Count,
)
UPDATE = Statement(
    """
    UPDATE alquimista_platform.tenant_users SET role = %(role)s, status = %(status)s, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND user_id = %(user_id)s
    """,
    NoRow,
)
INSERT = Statement(
    """
    INSERT INTO alquimista_platform.tenant_users
      (tenant_id, user_id, role, status, invited_by, created_at, updated_at)
    VALUES (%(tenant_id)s, %(user_id)s, %(role)s, 'active', %(invited_by)s, %(now)s, %(now)s)
    ON CONFLICT DO NOTHING
    """,
    NoRow,
)
OF_USER = Statement(
    """
    SELECT m.tenant_id, t.name AS tenant_name,
      CASE WHEN t.blocked_at IS NULL THEN t.standing ELSE 'inactive' END AS tenant_status, m.role, m.status
    FROM alquimista_platform.tenant_users AS m
    JOIN alquimista_platform.tenants AS t ON t.id = m.tenant_id
    WHERE m.user_id = %(user_id)s
    ORDER BY m.created_at, m.tenant_id
    """,
    Membership,
)


async def list_members(conn: Conn, tenant_id: UUID, limit: int, offset: int) -> list[Member]:
    """One page, by name."""
    return await conn.fetch(LIST, tenant_id=tenant_id, limit=limit, offset=offset)


async def count_members(conn: Conn, tenant_id: UUID) -> int:
    """How many there are, deactivated ones included."""
    row = await conn.fetch_one(COUNT, tenant_id=tenant_id)
    return row.total if row else 0


async def search(conn: Conn, tenant_id: UUID, wanted: MemberFilter, limit: int, offset: int) -> list[Member]:
    """One page of those who are meant, by name."""
    return await conn.fetch(SEARCH, limit=limit, offset=offset, **_of(tenant_id, wanted))


async def count_found(conn: Conn, tenant_id: UUID, wanted: MemberFilter) -> int:
    """How many are meant."""
    row = await conn.fetch_one(COUNT_FOUND, **_of(tenant_id, wanted))
    return row.total if row else 0


def _of(tenant_id: UUID, wanted: MemberFilter) -> dict[str, object]:
    role, status = (one.value if one is not None else None for one in (wanted.role, wanted.status))
    return {"tenant_id": tenant_id, "text": wanted.text, "role": role, "status": status}


async def headcount(conn: Conn, tenant_id: UUID, now: datetime) -> Headcount:
    """How many people, open invitations and grants in force there are."""
    row = await conn.fetch_one(HEADCOUNT, tenant_id=tenant_id, now=now)
    assert row is not None  # Counts always answer a row.
    return row


async def get(conn: Conn, tenant_id: UUID, user_id: UUID) -> Member | None:
    """One member."""
    return await conn.fetch_one(GET, tenant_id=tenant_id, user_id=user_id)


async def is_member(conn: Conn, tenant_id: UUID, email: str) -> bool:
    """Whether an active member has this address."""
    row = await conn.fetch_one(IS_MEMBER, tenant_id=tenant_id, email=email)
    return row is not None and row.total > 0


async def lock_administrators(conn: Conn, tenant_id: UUID) -> None:
    """Wait for, and hold off, every other change of this tenant's members until the transaction ends."""
    await conn.execute(LOCK, tenant_id=tenant_id)


async def count_administrators(conn: Conn, tenant_id: UUID, role: Role, besides: UUID) -> int:
    """Active holders of the role other than one person."""
    row = await conn.fetch_one(ADMINISTRATORS, tenant_id=tenant_id, role=role.value, besides=besides)
    return row.total if row else 0


async def administrators(conn: Conn, tenant_id: UUID) -> list[Member]:
    """The active administrators of a tenant."""
    return await conn.fetch(LIST_ADMINISTRATORS, tenant_id=tenant_id)


async def with_roles(conn: Conn, tenant_id: UUID, roles: list[Role]) -> list[Member]:
    """The active people of a tenant in one of these roles."""
    return await conn.fetch(WITH_ROLES, tenant_id=tenant_id, roles=[role.value for role in roles])


async def count_seats(conn: Conn, tenant_id: UUID, now: datetime) -> int:
    """Active members and open invitations."""
    row = await conn.fetch_one(SEATS, tenant_id=tenant_id, now=now)
    return row.total if row else 0


async def update(conn: Conn, tenant_id: UUID, user_id: UUID, role: Role, status: MemberStatus, now: datetime) -> None:
    """Change role and status."""
    await conn.execute(UPDATE, tenant_id=tenant_id, user_id=user_id, role=role.value, status=status.value, now=now)


async def insert(
    conn: Conn, tenant_id: UUID, user_id: UUID, role: Role, invited_by: UUID | None, now: datetime
) -> bool:
    """Add a member; False when the person is one already."""
    return bool(
        await conn.execute(
            INSERT, tenant_id=tenant_id, user_id=user_id, role=role.value, invited_by=invited_by, now=now
        )
    )


async def of_user(conn: Conn, user_id: UUID) -> list[Membership]:
    """Every tenant of one person, the oldest membership first; takes the login role."""
    return await conn.fetch(OF_USER, user_id=user_id)


async def person_id(conn: Conn, email: str) -> UUID | None:
    """Who has this address, of any tenant; takes a connection of the internal role."""
    found = await conn.fetch_one(PERSON, email=email)
    return found.id if found else None
