"""The only SQL on alquimista_platform.tenant_offboardings, and statements made from the database's own catalogue.

Names of tables and columns come from the catalogue alone and are quoted as identifiers; values are bound.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg import sql

from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.db.tenancy import TransactionConn
from alquimista.portability.models import Offboarding, Reference, Table

# Tables of ours with a tenant's rows: a neighbour's tables in the same database have another owner. Partitions are told
# through their parent. A column is told if the app may read it and it is no sealed secret or hash (bytea); those of the
# audit prove its chain, and open nothing.
TABLES = Statement(
    """
    SELECT n.nspname || '.' || c.relname AS name,
      ARRAY(
        SELECT a.attname::text FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
          AND (a.atttypid <> 'bytea'::regtype OR c.relname ~ '^audit_')
          AND has_column_privilege('alquimista_app', c.oid, a.attnum, 'SELECT')
        ORDER BY a.attnum) AS columns,
      ARRAY(
        SELECT a.attname::text FROM pg_catalog.pg_constraint k
        JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
        WHERE k.conrelid = c.oid AND k.contype = 'p' ORDER BY array_position(k.conkey, a.attnum)) AS key,
      ARRAY(
        SELECT DISTINCT pn.nspname || '.' || p.relname FROM pg_catalog.pg_constraint k
        JOIN pg_catalog.pg_class p ON p.oid = k.confrelid JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
        WHERE k.conrelid = c.oid AND k.contype = 'f' ORDER BY 1) AS parents,
      ARRAY(
        SELECT DISTINCT pn.nspname || '.' || p.relname FROM pg_catalog.pg_constraint k
        JOIN pg_catalog.pg_class p ON p.oid = k.confrelid JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
        WHERE k.conrelid = c.oid AND k.contype = 'f' AND k.condeferrable ORDER BY 1) AS later,
      ARRAY(
        SELECT DISTINCT a.attname::text FROM pg_catalog.pg_constraint k
        JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
        WHERE k.conrelid = c.oid AND k.contype = 'f' AND k.confrelid = 'alquimista_platform.users'::regclass
        ORDER BY 1) AS people,
      NOT EXISTS (
        SELECT FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull AND NOT a.atthasdef
          AND (a.atttypid = 'bytea'::regtype AND c.relname !~ '^audit_'
            OR NOT has_column_privilege('alquimista_app', c.oid, a.attnum, 'SELECT'))
      ) AS told
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND pg_get_userbyid(c.relowner) = 'alquimista_owner'
      AND EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id'
        AND NOT a.attisdropped)
    ORDER BY 1
    """,
    Table,
)


class Name(msgspec.Struct, frozen=True):
    """A name."""

    name: str


class LeavingTenant(msgspec.Struct, frozen=True):
    """Whose data is to be deleted."""

    tenant_id: UUID


COLUMNS = Statement(
    """
    SELECT attname::text AS name FROM pg_catalog.pg_attribute
    WHERE attrelid = %(table)s::text::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
    ORDER BY attnum
    """,
    Name,
)
_OFFBOARDING = """tenant_id, id, reason, standing_before, requested_at, delete_after, cancelled_at, deleted_at"""

INSERT = Statement(
    """
    INSERT INTO alquimista_platform.tenant_offboardings
      (tenant_id, id, reason, requested_by, standing_before, requested_at, delete_after)
    VALUES (%(tenant_id)s, %(id)s, %(reason)s, %(requested_by)s, %(standing_before)s, %(now)s, %(delete_after)s)
    ON CONFLICT (tenant_id) WHERE cancelled_at IS NULL DO NOTHING
    """,
    NoRow,
)
CURRENT = Statement(
    f"""
    SELECT {_OFFBOARDING} FROM alquimista_platform.tenant_offboardings
    WHERE tenant_id = %(tenant_id)s AND cancelled_at IS NULL
    """,  # noqa: S608 - The only interpolation is the constant column list above.
    Offboarding,
)
CANCEL = Statement(
    f"""
    UPDATE alquimista_platform.tenant_offboardings SET cancelled_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND cancelled_at IS NULL AND deleting_at IS NULL
    RETURNING {_OFFBOARDING}
    """,  # noqa: S608 - As above.
    Offboarding,
)
DELETING = Statement(
    """
    UPDATE alquimista_platform.tenant_offboardings SET deleting_at = coalesce(deleting_at, %(now)s)
    WHERE tenant_id = %(tenant_id)s AND cancelled_at IS NULL AND deleted_at IS NULL AND delete_after <= %(now)s
    """,
    NoRow,
)
DELETED = Statement(
    """
    UPDATE alquimista_platform.tenant_offboardings SET deleted_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND deleting_at IS NOT NULL AND deleted_at IS NULL
    """,
    NoRow,
)
DUE = Statement(
    """
    SELECT tenant_id FROM alquimista_platform.tenant_offboardings
    WHERE cancelled_at IS NULL AND deleted_at IS NULL AND delete_after <= %(now)s ORDER BY tenant_id
    """,
    LeavingTenant,
)
RESTORING = Statement("SELECT set_config('app.restoring', %(tenant_id)s::text, true) AS name", Name)
ASK_LATER = Statement("SET CONSTRAINTS ALL DEFERRED", NoRow)
# While this is set, append-only tables let the owner take this tenant's rows away; nobody else, and no others.
FORGETTING = Statement("SELECT set_config('app.forgetting', %(tenant_id)s::text, true) AS name", Name)


class Person(msgspec.Struct, frozen=True):
    """Somebody whose part of the audit goes."""

    id: UUID
    email: str


class Member(msgspec.Struct, frozen=True):
    """A person of a tenant."""

    user_id: UUID


MEMBERS = Statement("SELECT user_id FROM alquimista_platform.tenant_users WHERE tenant_id = %(tenant_id)s", Member)
# The rest of the platform may still name a person: then the row stays, without what identifies anybody.
LAST_OF = Statement(
    """
    SELECT u.id, u.email FROM alquimista_platform.users AS u
    WHERE u.id = ANY (%(ids)s::uuid[])
      AND NOT EXISTS (
        SELECT FROM alquimista_platform.tenant_users AS m WHERE m.user_id = u.id AND m.tenant_id <> %(tenant_id)s)
    """,
    Person,
)
FORGET_PEOPLE = Statement(
    """
    UPDATE alquimista_platform.users AS u
    SET email = 'apagado-' || u.id || '@invalid.example', full_name = '-', status = 'deactivated',
      updated_at = %(now)s
    WHERE u.id = ANY (%(ids)s::uuid[])
      AND NOT EXISTS (
        SELECT FROM alquimista_platform.tenant_users AS m WHERE m.user_id = u.id AND m.tenant_id <> %(tenant_id)s)
    """,
    NoRow,
)
# A person whom rows name and the export does not know: one of the staff, or somebody who has left.
STRANGER = Statement(
    """
    INSERT INTO alquimista_platform.users (id, email, full_name, status, created_at, updated_at)
    SELECT id, 'externo-' || id || '@invalid.example', '-', 'deactivated', %(now)s, %(now)s
    FROM unnest(%(ids)s::uuid[]) AS id
    ON CONFLICT (id) DO NOTHING
    """,
    NoRow,
)
FORGET_LINKS = Statement("DELETE FROM alquimista_platform.email_tokens WHERE tenant_id = %(tenant_id)s", NoRow)
FORGET_SESSIONS = Statement("DELETE FROM alquimista_platform.sessions WHERE tenant_id = %(tenant_id)s", NoRow)
FORGET_KEYS = Statement("DELETE FROM alquimista_platform.api_key_lookup WHERE tenant_id = %(tenant_id)s", NoRow)
FORGET_CREDENTIALS = Statement(
    """
    DELETE FROM alquimista_platform.user_credentials AS c
    WHERE c.user_id = ANY (%(ids)s::uuid[])
      AND NOT EXISTS (
        SELECT FROM alquimista_platform.tenant_users AS m WHERE m.user_id = c.user_id AND m.tenant_id <> %(tenant_id)s)
    """,
    NoRow,
)
FORGET_IDENTITIES = Statement(
    """
    DELETE FROM alquimista_platform.user_identities AS c
    WHERE c.user_id = ANY (%(ids)s::uuid[])
      AND NOT EXISTS (
        SELECT FROM alquimista_platform.tenant_users AS m WHERE m.user_id = c.user_id AND m.tenant_id <> %(tenant_id)s)
    """,
    NoRow,
)

# After a restore: what needs a secret that was not exported waits for somebody.
DISARM_KEYS = Statement(
    """
    UPDATE alquimista_platform.api_keys SET revoked_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND revoked_at IS NULL
    """,
    NoRow,
)
DISARM_INTEGRATIONS = Statement(
    """
    UPDATE alquimista_platform.tenant_integrations SET status = 'pending', last_error = NULL, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND status IN ('active', 'error')
    """,
    NoRow,
)
DISARM_INVITATIONS = Statement(
    """
    UPDATE alquimista_platform.invitations SET revoked_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND accepted_at IS NULL AND revoked_at IS NULL
    """,
    NoRow,
)


DISARM_COMMANDS = Statement(
    """
    UPDATE alquimista_platform.operational_commands
    SET status = 'CANCELLED', due_at = NULL, completed_at = %(now)s, lease_id = NULL, worker = NULL,
      updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND completed_at IS NULL
    """,
    NoRow,
)


async def tables(conn: Conn) -> list[Table]:
    """Every table of tenants' rows."""
    return await conn.fetch(TABLES)


async def rows(conn: TransactionConn, table: Table, tenant_id: UUID, size: int) -> AsyncIterator[list[str]]:
    """A table's rows of one tenant as JSON, in the order of its key, `size` at a time."""
    query = sql.SQL(
        "SELECT row_to_json(r)::text FROM (SELECT {} FROM {} WHERE tenant_id = %s ORDER BY {}) AS r"
    ).format(_columns(table.columns), _table(table.name), _columns(table.key))
    async for batch in _batches(conn, query, tenant_id, size):
        yield batch


async def columns(conn: Conn, table: str) -> list[str]:
    """The columns of a table that is no tenant's: its own row's, or a shared one's."""
    return [one.name for one in await conn.fetch(COLUMNS, table=table)]


async def ids(conn: TransactionConn, reference: Reference) -> list[str]:
    """The ids of a shared table's rows that the connection may see: of people, the tenant's members."""
    query = sql.SQL("SELECT id::text FROM {}").format(_table(reference.name))
    return [row[0] for row in await (await conn.raw.execute(query)).fetchall()]


async def shared(
    conn: TransactionConn, reference: Reference, named: Iterable[str], size: int
) -> AsyncIterator[list[str]]:
    """The rows with these ids of a table that is no tenant's, of those that the connection may see."""
    query = sql.SQL("SELECT row_to_json(r)::text FROM (SELECT {} FROM {} WHERE id = ANY (%s::uuid[]) ORDER BY {}) AS r")
    names = _columns(await columns(conn, reference.name))
    made = query.format(names, _table(reference.name), _columns(reference.key))
    async for batch in _batches(conn, made, list(named), size):
        yield batch


async def all_of(conn: TransactionConn, reference: Reference) -> list[str]:
    """The rows of a shared table as JSON; of people, as far as the connection may see them."""
    query = sql.SQL("SELECT row_to_json(r)::text FROM {} AS r").format(_table(reference.name))
    return [row[0] for row in await (await conn.raw.execute(query)).fetchall()]


async def insert_rows(conn: TransactionConn, table: str, columns: Sequence[str], lines: Sequence[str]) -> None:
    """Put rows back, as JSON; a column that they lack takes its default."""
    names = _columns(columns)
    query = sql.SQL(
        "INSERT INTO {table} ({names}) SELECT {names} FROM json_populate_recordset(NULL::{table}, %s::json)"
    )
    await conn.raw.execute(query.format(table=_table(table), names=names), [f"[{','.join(lines)}]"])


async def delete_rows(conn: TransactionConn, table: Table, tenant_id: UUID) -> int:
    """Delete a tenant's rows of a table; how many."""
    query = sql.SQL("DELETE FROM {} WHERE tenant_id = %s").format(_table(table.name))
    return (await conn.raw.execute(query, [tenant_id])).rowcount


async def request(
    conn: Conn,
    tenant_id: UUID,
    offboarding_id: UUID,
    reason: str,
    requested_by: UUID | None,
    standing_before: str,
    now: datetime,
    delete_after: datetime,
) -> bool:
    """Note that the tenant leaves; False when it is leaving already."""
    return bool(
        await conn.execute(
            INSERT,
            tenant_id=tenant_id,
            id=offboarding_id,
            reason=reason,
            requested_by=requested_by,
            standing_before=standing_before,
            now=now,
            delete_after=delete_after,
        )
    )


async def current(conn: Conn, tenant_id: UUID) -> Offboarding | None:
    """How the tenant leaves, or has left; None when it does not."""
    return await conn.fetch_one(CURRENT, tenant_id=tenant_id)


async def cancel(conn: Conn, tenant_id: UUID, now: datetime) -> Offboarding | None:
    """The tenant stays; None when it was not leaving, or is gone."""
    return await conn.fetch_one(CANCEL, tenant_id=tenant_id, now=now)


async def begin_deletion(conn: Conn, tenant_id: UUID, now: datetime) -> bool:
    """Note that the tenant's data is being deleted from now on, or was begun to; False when it may not be, or is."""
    return bool(await conn.execute(DELETING, tenant_id=tenant_id, now=now))


async def mark_deleted(conn: Conn, tenant_id: UUID, now: datetime) -> bool:
    """Note that the tenant's data is deleted now; False when its deletion has not begun, or is over."""
    return bool(await conn.execute(DELETED, tenant_id=tenant_id, now=now))


async def due(conn: Conn, now: datetime) -> list[UUID]:
    """Tenants whose waiting period is over; takes a connection of the internal role."""
    return [row.tenant_id for row in await conn.fetch(DUE, now=now)]


async def begin_restoring(conn: Conn, tenant_id: UUID) -> None:
    """Let the owner put this tenant's rows back as they were, and ask about keys when the transaction ends."""
    await conn.fetch(RESTORING, tenant_id=str(tenant_id))
    await conn.execute(ASK_LATER)


async def begin_forgetting(conn: Conn, tenant_id: UUID) -> None:
    """Let the owner delete this tenant's rows of append-only tables, until the transaction ends."""
    await conn.fetch(FORGETTING, tenant_id=str(tenant_id))


async def members(conn: Conn, tenant_id: UUID) -> list[UUID]:
    """The people of a tenant."""
    return [row.user_id for row in await conn.fetch(MEMBERS, tenant_id=tenant_id)]


async def add_strangers(conn: Conn, ids: Sequence[UUID], now: datetime) -> None:
    """Have a row for each of these people, without a name; takes the owner, who is restoring."""
    await conn.execute(STRANGER, ids=list(ids), now=now)


async def last_of(conn: Conn, tenant_id: UUID, ids: Sequence[UUID]) -> list[Person]:
    """Those of these people who belong to no other tenant; takes the sign-in role."""
    return await conn.fetch(LAST_OF, tenant_id=tenant_id, ids=list(ids))


async def forget_people(conn: Conn, tenant_id: UUID, ids: Sequence[UUID], now: datetime) -> None:
    """Forget the ways into a tenant, and those of its people who belong to no other; takes the sign-in role."""
    for statement in (FORGET_LINKS, FORGET_SESSIONS, FORGET_KEYS):
        await conn.execute(statement, tenant_id=tenant_id)
    await conn.execute(FORGET_CREDENTIALS, tenant_id=tenant_id, ids=list(ids))
    await conn.execute(FORGET_IDENTITIES, tenant_id=tenant_id, ids=list(ids))
    await conn.execute(FORGET_PEOPLE, tenant_id=tenant_id, ids=list(ids), now=now)


async def disarm(conn: Conn, tenant_id: UUID, now: datetime) -> None:
    """Have what needs a secret that was not exported wait for somebody, and begin nothing that waited elsewhere."""
    for statement in (DISARM_KEYS, DISARM_INTEGRATIONS, DISARM_INVITATIONS, DISARM_COMMANDS):
        await conn.execute(statement, tenant_id=tenant_id, now=now)


async def _batches(conn: TransactionConn, query: sql.Composed, value: Any, size: int) -> AsyncIterator[list[str]]:  # noqa: ANN401 - A parameter.
    async with conn.raw.cursor(name="export") as cursor:
        await cursor.execute(query, [value])
        while batch := await cursor.fetchmany(size):
            yield [row[0] for row in batch]


def _table(name: str) -> sql.Identifier:
    return sql.Identifier(*name.split("."))


def _columns(names: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))
