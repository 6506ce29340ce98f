"""Signs of an attack: what the audit keeps of them, and how often they were seen lately."""

from datetime import datetime
from typing import Final

from alquimista.access import PLATFORM_TENANT, Actor
from alquimista.audit.queries import failures
from alquimista.audit.queries.failures import Failures
from alquimista.audit.service.recording import record
from alquimista.db.pool import Database
from alquimista.db.statement import Conn
from alquimista.errors import TooManyRequests
from alquimista.http.limits import Limiter
from alquimista.http.routes import Limit

SIGN_IN: Final = "auth.login"
REACHED_OUT: Final = "auth.foreign_tenant"  # Somebody named a tenant that is not theirs.
# Whoever tries again and again is written down once a minute: nobody floods an audit.
_REACHING_OUT: Final = Limit(count=1, seconds=60, per=())


async def reached_out(
    db: Database,
    limiter: Limiter,
    actor: Actor,
    place: str,
    *,
    ip: str | None = None,
    user_agent: str = "",
    trace_id: str | None = None,
) -> None:
    """Write into the actor's own audit that a tenant was named which is not theirs; which one it was is not told.

    Staff may see every tenant: one who names another than that of their view has only mistaken it.
    """
    who = actor.user_id or actor.api_key_id
    if who is None or actor.internal:
        return
    try:
        await limiter.take(f"audit.reached_out|{who.hex}", _REACHING_OUT)
    except TooManyRequests:
        return
    home = actor.tenant_id or PLATFORM_TENANT
    await record(
        db.tenant(home),
        actor,
        REACHED_OUT,
        category="auth",
        result="failure",
        resource_type="endpoint",
        resource_id=place,
        ip=ip,
        user_agent=user_agent,
        trace_id=trace_id,
        tenant_id=home,
    )


async def failed_since(conn: Conn, action: str, moment: datetime) -> Failures:
    """How often an act failed since a moment, in all tenants. Takes a connection of the internal role."""
    return await failures.since(conn, action, moment)
