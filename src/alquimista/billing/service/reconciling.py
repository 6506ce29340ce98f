"""The proof that events, rollups and invoices agree, period by period."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import structlog

from alquimista.billing.models.periods import local_day, midnight
from alquimista.billing.models.proofs import COMPARED, Finding, Proof, around, explained
from alquimista.billing.models.usage import PeriodStatus
from alquimista.billing.queries import proofs as queries
from alquimista.db.pool import Database
from alquimista.db.statement import Conn
from alquimista.db.tenancy import tenant_transaction
from alquimista.incidents import service as incidents
from alquimista.incidents.models import NewIncident, RuleName, by_rule
from alquimista.tenants import service as tenants
from alquimista.usage import service as usage

log = structlog.get_logger(__name__)


async def reconcile(db: Database, tenant_id: UUID, now: datetime) -> list[Proof]:
    """Compare the tenant's periods that are open or were billed lately; what was found, the oldest first.

    A difference that the next invoice does not adjust opens an incident, which is resolved when it is gone. Nothing is
    mended here: it is a defect that somebody should look at. Safe to repeat.
    """
    while await usage.fold(db, tenant_id) is not None:
        pass
    found = []
    for proof in await queries.to_compare(db.tenant(tenant_id), tenant_id, now - COMPARED):
        async with tenant_transaction(db, tenant_id) as conn:  # One each, so that none of them lasts long.
            compared = await _compare(conn, proof, now)
            if compared is not None:
                await _tell(conn, compared, now)
                found.append(compared)
    return found


async def tenants_to_compare(conn: Conn, now: datetime) -> list[UUID]:
    """Tenants with a period to compare; takes a connection of the internal role."""
    return await queries.tenants(conn, now - COMPARED)


async def page(conn: Conn, limit: int, offset: int) -> tuple[list[Proof], int]:
    """A page of all tenants' periods, the newest first, and how many; takes a connection of the internal role."""
    return await queries.page(conn, limit, offset)


async def _compare(conn: Conn, proof: Proof, now: datetime) -> Proof | None:
    """What is counted now; None when the period was billed meanwhile, or has no day yet."""
    zone = (await tenants.get(conn, proof.tenant_id)).time_zone
    last = min(proof.until_on - timedelta(days=1), local_day(now, zone))
    if last < proof.from_on:
        return None
    billed = proof.billed_at or midnight(proof.until_on, zone)
    counted = await usage.evidence(conn, proof.tenant_id, proof.from_on, last, around(billed))
    late = None
    if counted.raw is not None and proof.status is PeriodStatus.BILLED:
        late = explained(counted.rollup - proof.requests, counted.after)
    compared = msgspec.structs.replace(
        proof, raw_requests=counted.raw, rollup_requests=counted.rollup, late_requests=late, reconciled_at=now
    )
    return compared if await queries.record(conn, compared, now) else None


async def _tell(conn: Conn, proof: Proof, now: datetime) -> None:
    if proof.finding is not Finding.DIFFERS:
        await incidents.resolve(conn, proof.tenant_id, _condition(proof), now)
        return
    log.error("billing.drift", tenant_id=str(proof.tenant_id), period=str(proof.from_on))
    await incidents.open_incident(conn, proof.tenant_id, _incident(proof), now)


def _condition(proof: Proof) -> str:
    return f"{RuleName.BILLING_DRIFT.value}:{proof.from_on}"


def _incident(proof: Proof) -> NewIncident:
    return by_rule(
        RuleName.BILLING_DRIFT,
        source="billing",
        subject=str(proof.from_on),
        params={"first": proof.from_on, "last": proof.until_on - timedelta(days=1)},
        details={
            "raw_requests": proof.raw_requests,
            "rollup_requests": proof.rollup_requests,
            "billed_requests": proof.requests,
            "line_requests": proof.line_requests,
            "overage_cents": proof.overage_cents,
            "line_cents": proof.line_cents,
            "late_requests": proof.late_requests,
        },
    )
