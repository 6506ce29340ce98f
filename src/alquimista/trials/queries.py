"""The only SQL on trials."""

from datetime import datetime
from uuid import UUID

import msgspec

from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.trials.models.trials import LASTS, MESSAGES, TargetType, Trial

LIST = Statement(
    """
    SELECT id, target_type, target_id, started_at, expires_at, usage_count, max_usage, status
    FROM public.trials WHERE tenant_id = %(tenant_id)s AND user_id = %(user_id)s
    ORDER BY started_at DESC, id DESC
    """,
    Trial,
)

FIND = Statement(
    """
    SELECT id, target_type, target_id, started_at, expires_at, usage_count, max_usage, status
    FROM public.trials WHERE tenant_id = %(tenant_id)s AND user_id = %(user_id)s AND id = %(id)s
    """,
    Trial,
)

OF_TARGET = Statement(
    """
    SELECT id, target_type, target_id, started_at, expires_at, usage_count, max_usage, status
    FROM public.trials
    WHERE tenant_id = %(tenant_id)s AND user_id = %(user_id)s AND target_type = %(target_type)s
      AND target_id = %(target_id)s
    """,
    Trial,
)

START = Statement(
    """
    INSERT INTO public.trials (tenant_id, id, user_id, target_type, target_id, started_at, expires_at, max_usage,
      updated_at)
    VALUES (%(tenant_id)s, %(id)s, %(user_id)s, %(target_type)s, %(target_id)s, %(now)s, %(expires_at)s,
      %(max_usage)s, %(now)s)
    ON CONFLICT (tenant_id, user_id, target_type, target_id) DO NOTHING
    """,
    NoRow,
)

# Of those that come at once, each waits for the one before it and then looks again: never more than max_usage get in.
TAKE = Statement(
    """
    UPDATE public.trials
    SET usage_count = usage_count + 1, updated_at = %(now)s,
        status = CASE WHEN usage_count + 1 >= max_usage THEN 'completed' ELSE 'active' END
    WHERE tenant_id = %(tenant_id)s AND user_id = %(user_id)s AND id = %(id)s
      AND status = 'active' AND expires_at > %(now)s AND usage_count < max_usage
    RETURNING id, target_type, target_id, started_at, expires_at, usage_count, max_usage, status
    """,
    Trial,
)

GIVE_BACK = Statement(
    """
    UPDATE public.trials
    SET usage_count = usage_count - 1, updated_at = %(now)s,
        status = CASE WHEN status <> 'completed' THEN status WHEN expires_at > %(now)s THEN 'active' ELSE 'expired' END
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND usage_count > 0
    """,
    NoRow,
)


class Ended(msgspec.Struct, frozen=True):
    """How many trials."""

    ended: int


class Tried(msgspec.Struct, frozen=True):
    """What is tried."""

    target_type: TargetType
    target_id: UUID


class OfTenant(msgspec.Struct, frozen=True):
    """Which tenant."""

    tenant_id: UUID


EXPIRE = Statement("SELECT public.expire_trials(%(now)s) AS ended", Ended)

LATELY_TRIED = Statement(
    """
    SELECT DISTINCT target_type, target_id FROM public.trials
    WHERE tenant_id = %(tenant_id)s AND (status = 'active' OR updated_at > %(since)s)
    """,
    Tried,
)

# Across tenants, for the internal role.
TENANTS_DUE = Statement(
    "SELECT DISTINCT tenant_id FROM public.trials WHERE status = 'active' AND expires_at <= %(now)s", OfTenant
)


async def list_trials(conn: Conn, tenant_id: UUID, user_id: UUID) -> list[Trial]:
    """A person's trials in a company, the newest first."""
    return await conn.fetch(LIST, tenant_id=tenant_id, user_id=user_id)


async def find(conn: Conn, tenant_id: UUID, user_id: UUID, trial_id: UUID) -> Trial | None:
    """A person's own trial."""
    return await conn.fetch_one(FIND, tenant_id=tenant_id, user_id=user_id, id=trial_id)


async def of_target(conn: Conn, tenant_id: UUID, user_id: UUID, kind: TargetType, target_id: UUID) -> Trial | None:
    """A person's trial of something."""
    return await conn.fetch_one(
        OF_TARGET, tenant_id=tenant_id, user_id=user_id, target_type=kind.value, target_id=target_id
    )


async def start(
    conn: Conn, tenant_id: UUID, user_id: UUID, trial_id: UUID, kind: TargetType, target_id: UUID, now: datetime
) -> bool:
    """Whether the trial is new: there is one for each person and target, ever."""
    started = await conn.execute(
        START,
        tenant_id=tenant_id,
        id=trial_id,
        user_id=user_id,
        target_type=kind.value,
        target_id=target_id,
        expires_at=now + LASTS,
        max_usage=MESSAGES,
        now=now,
    )
    return bool(started)


async def take(conn: Conn, tenant_id: UUID, user_id: UUID, trial_id: UUID, now: datetime) -> Trial | None:
    """Use one message of a person's own trial; None when it has ended, or there is none."""
    return await conn.fetch_one(TAKE, tenant_id=tenant_id, user_id=user_id, id=trial_id, now=now)


async def give_back(conn: Conn, tenant_id: UUID, trial_id: UUID, now: datetime) -> None:
    """Undo one `take`. A trial that the last message had completed goes on, if there is time left."""
    await conn.execute(GIVE_BACK, tenant_id=tenant_id, id=trial_id, now=now)


async def expire(conn: Conn, now: datetime) -> int:
    """End the trials of the connection's tenant that are over; how many. Takes a transaction: the function writes."""
    row = await conn.fetch_one(EXPIRE, now=now)
    return row.ended if row else 0


async def lately_tried(conn: Conn, tenant_id: UUID, since: datetime) -> list[Tried]:
    """What somebody tries now, or tried since a moment."""
    return await conn.fetch(LATELY_TRIED, tenant_id=tenant_id, since=since)


async def tenants_due(conn: Conn, now: datetime) -> list[UUID]:
    """The tenants with trials whose time is over; those whose messages are used up have ended by themselves."""
    return [row.tenant_id for row in await conn.fetch(TENANTS_DUE, now=now)]
