"""Writing an entry with its personal part and its place in the queue, reading entries, and erasing."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb

from alquimista.audit.models import Entry, Wanted
from alquimista.db.statement import Conn, NoRow, Statement, Writer

# One statement, so one round trip and one snapshot: no entry without its personal part, none that is not queued.
INSERT: Final = Statement(
    """
    WITH entry AS (
      INSERT INTO alquimista_platform.audit_logs
        (tenant_id, id, occurred_at, actor_kind, actor_id, actor_role, session_id, action, category, resource_type,
         resource_id, result, trace_id)
      VALUES (%(tenant_id)s, %(id)s, %(occurred_at)s, %(actor_kind)s, %(actor_id)s, %(actor_role)s, %(session_id)s,
        %(action)s, %(category)s, %(resource_type)s, %(resource_id)s, %(result)s, %(trace_id)s)
    ), personal AS (
      INSERT INTO alquimista_platform.audit_personal
        (tenant_id, entry_id, actor_salt, actor_email, actor_name, ip, user_agent, content_salt, details, before, after)
      VALUES (%(tenant_id)s, %(id)s, %(actor_salt)s, %(actor_email)s, %(actor_name)s, %(ip)s::inet, %(user_agent)s,
        %(content_salt)s, %(details)s, %(before)s, %(after)s)
    )
    INSERT INTO alquimista_platform.audit_unsealed (tenant_id, entry_id) VALUES (%(tenant_id)s, %(id)s)
    """,
    NoRow,
)

_CONDITIONS: Final = {
    "tenant_id": "tenant_id = %(tenant_id)s",
    "entry_id": "id = %(entry_id)s",
    "by_staff": "coalesce(actor_role LIKE 'INTERNAL_%%', false) = %(by_staff)s",
    "category": "category = %(category)s",
    "action": "action = %(action)s",
    "result": "result = %(result)s",
    "actor_id": "actor_id = %(actor_id)s",
    "resource_type": "resource_type = %(resource_type)s",
    "resource_id": "resource_id = %(resource_id)s",
    "trace_id": "trace_id = %(trace_id)s",
    "since": "occurred_at >= %(since)s",
    "until": "occurred_at < %(until)s",
    "before_id": "(occurred_at, id) < (%(before_at)s, %(before_id)s)",
}

# Two updates, since the parts are erased for different reasons: whom it was done by, and whom it tells about. Only of
# what is sealed: an entry that was committed a moment ago has no digest yet, and would be sealed above its erasure.
_SEALED: Final = """EXISTS (
        SELECT FROM alquimista_platform.audit_seals s WHERE s.tenant_id = a.tenant_id AND s.entry_id = a.id)"""
ERASE_ACTOR: Final = Statement(
    f"""
    UPDATE alquimista_platform.audit_personal p
    SET actor_salt = NULL, actor_email = '', actor_name = '', ip = NULL, user_agent = '', actor_erased_by = %(by)s
    FROM alquimista_platform.audit_logs a
    WHERE a.tenant_id = %(tenant_id)s AND p.tenant_id = a.tenant_id AND p.entry_id = a.id
      AND p.actor_erased_by IS NULL AND (a.actor_id = %(user_id)s OR p.actor_email = ANY(%(emails)s::text[]))
      AND {_SEALED}
    """,  # noqa: S608 - Of our own constants.
    NoRow,
)
ERASE_CONTENT: Final = Statement(
    f"""
    UPDATE alquimista_platform.audit_personal p
    SET content_salt = NULL, details = '{{}}', before = NULL, after = NULL, content_erased_by = %(by)s
    FROM alquimista_platform.audit_logs a
    WHERE a.tenant_id = %(tenant_id)s AND p.tenant_id = a.tenant_id AND p.entry_id = a.id
      AND p.content_erased_by IS NULL AND a.action <> 'audit.erase'
      AND ((a.resource_type = 'user' AND a.resource_id = %(user_id)s::uuid::text) OR EXISTS (
        SELECT FROM unnest(%(emails)s::text[] || %(user_id)s::uuid::text) AS trace (text)
        WHERE strpos(lower(concat_ws(' ', p.details, p.before, p.after)), trace.text) > 0))
      AND {_SEALED}
    """,  # noqa: S608 - Of our own constants.
    NoRow,
)


async def insert(
    conn: Writer,
    *,
    details: dict[str, Any],
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    **columns: Any,  # noqa: ANN401 - Column values.
) -> None:
    """Append one entry, in the caller's transaction."""
    await conn.execute(
        INSERT,
        details=Jsonb(details),
        before=None if before is None else Jsonb(before),
        after=None if after is None else Jsonb(after),
        **columns,
    )


async def entries(conn: Conn, wanted: Wanted, limit: int) -> list[Entry]:
    """The entries that are wanted, newest first."""
    agent = wanted.agent_id
    values = {
        "tenant_id": wanted.tenant_id,
        "entry_id": wanted.entry_id,
        "by_staff": wanted.by_staff,
        "category": wanted.category,
        "action": wanted.action,
        "result": wanted.result,
        "actor_id": wanted.actor_id,
        "resource_type": "agent" if agent else wanted.resource_type,
        "resource_id": str(agent) if agent else wanted.resource_id,
        "trace_id": wanted.trace_id,
        "since": wanted.since,
        "until": wanted.until,
        "before_id": wanted.before.id if wanted.before else None,
    }
    given = {name: value for name, value in values.items() if value is not None}
    if wanted.before:
        given["before_at"] = wanted.before.occurred_at
    statement = _listing(tuple(name for name in _CONDITIONS if name in given))
    return await conn.fetch(statement, limit=limit, **given)


async def erase(conn: Conn, tenant_id: UUID, user_id: UUID, emails: Sequence[str], by: UUID) -> tuple[int, int]:
    """Empty what tells of a person in a tenant's sealed entries; how many, by part."""
    params = {"tenant_id": tenant_id, "user_id": user_id, "emails": list(emails), "by": by}
    return await conn.execute(ERASE_ACTOR, **params), await conn.execute(ERASE_CONTENT, **params)


@cache
def _listing(names: tuple[str, ...]) -> Statement[Entry]:
    """The statement with these conditions and no others, so that its plan is made for them.

    `a = $1 OR $1 IS NULL` in one statement for all would keep a plan that is made once from using any index.
    """
    conditions = " AND ".join(_CONDITIONS[name] for name in names) or "true"
    return Statement(
        f"""
        SELECT a.tenant_id, a.id, a.occurred_at, a.actor_kind, a.actor_id, a.actor_role,
          coalesce(p.actor_email, '') AS actor_email, coalesce(p.actor_name, '') AS actor_name, a.session_id, a.action,
          a.category, a.resource_type, a.resource_id, a.result, coalesce(p.details, '{{}}') AS details, p.before,
          p.after, host(p.ip) AS ip, coalesce(p.user_agent, '') AS user_agent, a.trace_id,
          p.actor_erased_by IS NOT NULL AS actor_erased, p.content_erased_by IS NOT NULL AS content_erased,
          s.seq, encode(s.hash, 'hex') AS hash
        FROM (
          SELECT * FROM alquimista_platform.audit_logs WHERE {conditions}
          ORDER BY occurred_at DESC, id DESC LIMIT %(limit)s
        ) a
        LEFT JOIN alquimista_platform.audit_personal p ON p.tenant_id = a.tenant_id AND p.entry_id = a.id
        LEFT JOIN alquimista_platform.audit_seals s ON s.tenant_id = a.tenant_id AND s.entry_id = a.id
        ORDER BY a.occurred_at DESC, a.id DESC
        """,  # noqa: S608 - Of our own constants.
        Entry,
    )
