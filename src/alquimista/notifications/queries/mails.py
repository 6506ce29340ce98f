"""The only SQL on alquimista_platform.mails."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.notifications.models import DeadMails, Mail, MailRefused, OutboxMail, Rendered


class Count(msgspec.Struct, frozen=True):
    count: int


class MailId(msgspec.Struct, frozen=True):
    id: UUID


INSERT = Statement(
    """
    INSERT INTO alquimista_platform.mails (tenant_id, id, recipient, subject, body_text, body_html, created_at)
    VALUES (%(tenant_id)s, %(id)s, %(recipient)s, %(subject)s, %(body_text)s, %(body_html)s, %(now)s)
    ON CONFLICT (tenant_id, id) DO NOTHING
    """,
    NoRow,
)

QUEUED = Statement(
    """
    SELECT tenant_id, id, recipient, subject, body_text, body_html, attempts, created_at
    FROM alquimista_platform.mails WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND status = 'queued'
    """,
    Mail,
)

SENT = Statement(
    """
    UPDATE alquimista_platform.mails
    SET status = 'sent', sent_at = %(now)s, attempts = attempts + 1, last_error = NULL, body_text = '', body_html = ''
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s
    """,
    NoRow,
)

FAILED = Statement(
    """
    UPDATE alquimista_platform.mails
    SET attempts = attempts + 1, last_error = %(error)s, status = CASE WHEN %(final)s THEN 'failed' ELSE 'queued' END
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s
    """,
    NoRow,
)

OUTBOX = Statement(
    """
    SELECT recipient, subject, body_text, created_at FROM alquimista_platform.mails
    ORDER BY created_at DESC, id DESC LIMIT %(limit)s
    """,
    OutboxMail,
)

# What was given up, and was not tried again since. The oldest first.
_GIVEN_UP = """
    FROM alquimista_platform.mails WHERE tenant_id = %(tenant_id)s AND status = 'failed'
      AND (%(ids)s::uuid[] IS NULL OR id = ANY (%(ids)s::uuid[]))
"""
COUNT_GIVEN_UP = Statement(f"SELECT count(*) AS count {_GIVEN_UP}", Count)
# The rows are picked once: as a plain subquery the planner may ask for them again, and move more than the limit.
REQUEUE = Statement(
    f"""
    WITH picked AS MATERIALIZED (SELECT id {_GIVEN_UP} ORDER BY created_at LIMIT %(limit)s FOR UPDATE)
    UPDATE alquimista_platform.mails SET status = 'queued', attempts = 0, last_error = NULL
    WHERE tenant_id = %(tenant_id)s AND status = 'failed' AND id IN (SELECT id FROM picked)
    RETURNING id
    """,  # noqa: S608 - A constant condition.
    MailId,
)

# What the server refused for good begins with the error's name.
DEAD = Statement(
    """
    SELECT count(*) FILTER (WHERE NOT refused) AS undelivered, count(*) FILTER (WHERE refused) AS refused
    FROM (SELECT starts_with(coalesce(last_error, ''), %(refusal)s::text) AS refused
      FROM alquimista_platform.mails WHERE status = 'failed') given_up
    """,
    DeadMails,
)

PURGE = Statement("DELETE FROM alquimista_platform.mails WHERE created_at < %(before)s", NoRow)


async def insert(conn: Conn, tenant_id: UUID, mail_id: UUID, recipient: str, mail: Rendered, now: datetime) -> bool:
    """Store a mail to deliver; whether it is new."""
    stored = await conn.execute(
        INSERT,
        tenant_id=tenant_id,
        id=mail_id,
        recipient=recipient,
        subject=mail.subject,
        body_text=mail.text,
        body_html=mail.html,
        now=now,
    )
    return bool(stored)


async def queued(conn: Conn, tenant_id: UUID, mail_id: UUID) -> Mail | None:
    """A mail that still waits, with its body; takes a connection of the sign-in role, as all that follow."""
    return await conn.fetch_one(QUEUED, tenant_id=tenant_id, id=mail_id)


async def sent(conn: Conn, mail: Mail, now: datetime) -> None:
    """The mail server took it: empty the body."""
    await conn.execute(SENT, tenant_id=mail.tenant_id, id=mail.id, now=now)


async def failed(conn: Conn, mail: Mail, error: str, *, final: bool) -> None:
    """A try failed; the mail waits for the next one unless this was the last."""
    await conn.execute(FAILED, tenant_id=mail.tenant_id, id=mail.id, error=error[:2000], final=final)


async def outbox(conn: Conn, limit: int) -> list[OutboxMail]:
    """The newest mails of all tenants."""
    return await conn.fetch(OUTBOX, limit=limit)


async def purge(conn: Conn, before: datetime) -> int:
    """Delete mails from before then; how many."""
    return await conn.execute(PURGE, before=before)


async def dead(conn: Conn) -> DeadMails:
    """How many mails of all tenants were given up; takes a connection of the internal role."""
    found = await conn.fetch_one(DEAD, refusal=f"{MailRefused.__name__}:")
    assert found is not None
    return found


async def count_given_up(conn: Conn, tenant_id: UUID, ids: Sequence[UUID] | None) -> int:
    """How many of the tenant's mails, or of these, were given up."""
    found = await conn.fetch_one(COUNT_GIVEN_UP, tenant_id=tenant_id, ids=None if ids is None else list(ids))
    return found.count if found else 0


async def requeue(conn: Conn, tenant_id: UUID, ids: Sequence[UUID] | None, limit: int) -> list[UUID]:
    """Let the tenant's mails that were given up, or these, wait for delivery again; which ones."""
    wanted = None if ids is None else list(ids)
    return [row.id for row in await conn.fetch(REQUEUE, tenant_id=tenant_id, ids=wanted, limit=limit)]
