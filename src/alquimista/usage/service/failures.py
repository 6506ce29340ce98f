"""Watching the share of requests that fail."""

from datetime import datetime
from typing import Final
from uuid import UUID

from alquimista.config import Settings
from alquimista.db.pool import Database
from alquimista.db.tenancy import tenant_transaction
from alquimista.incidents import service as incidents
from alquimista.incidents.models import RuleName, by_rule
from alquimista.usage.models.failures import judged_since
from alquimista.usage.queries import failures as queries

_SOURCE: Final = "usage"


async def tenants_to_judge(db: Database, settings: Settings, now: datetime) -> set[UUID]:
    """Tenants of whose requests too many fail, and those of which that was said."""
    staff = db.staff()
    failing = await queries.failing(staff, judged_since(now), settings.error_rate_requests, settings.error_rate_percent)
    return {*failing, *await incidents.tenants_with_open(staff, RuleName.ERROR_RATE)}


async def judge_failures(db: Database, settings: Settings, tenant_id: UUID, now: datetime) -> bool:
    """Open an incident while too many of a tenant's requests fail, and resolve it afterwards; whether they do.

    Too few requests to judge by resolve it too: what nobody uses does not fail. Safe to repeat.
    """
    since = judged_since(now)
    async with tenant_transaction(db, tenant_id) as conn:
        recent = await queries.recent(conn, tenant_id, since)
        if not recent.too_many(settings.error_rate_requests, settings.error_rate_percent):
            await incidents.resolve(conn, tenant_id, RuleName.ERROR_RATE, now)
            return False
        params = {"percent": recent.percent, "requests": recent.requests, "since": f"{since:%H:%M}"}
        details = {"requests": recent.requests, "failures": recent.failures}
        new = by_rule(RuleName.ERROR_RATE, source=_SOURCE, params=params, details=details)
        await incidents.open_incident(conn, tenant_id, new, now)
        return True
