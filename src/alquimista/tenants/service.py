"""Use cases of tenants."""

from datetime import datetime
from uuid import UUID

from psycopg.errors import UniqueViolation

from alquimista.access import Actor
from alquimista.audit import service as audit
from alquimista.cache import bus, store
from alquimista.db.statement import Conn
from alquimista.tenants import queries
from alquimista.tenants.models import (
    PLAN_LIMITS,
    SEGMENT_LIMIT,
    CnpjTaken,
    Limits,
    NewTenant,
    Tenant,
    TenantStatus,
    UnknownTenant,
    clean_cnpj,
    clean_locale,
    clean_name,
    clean_plan,
    clean_time_zone,
)


def prepare(new: NewTenant, tenant_id: UUID, now: datetime) -> Tenant:
    """The tenant that `new` describes, checked, with its plan's limits. Raises Invalid."""
    limits = PLAN_LIMITS[clean_plan(new.plan)]
    return Tenant(
        id=tenant_id,
        name=clean_name(new.name, "name"),
        cnpj=clean_cnpj(new.cnpj),
        segment=clean_name(new.segment, "segment", SEGMENT_LIMIT),
        plan=new.plan,
        status=TenantStatus.ACTIVE,
        time_zone=clean_time_zone(new.time_zone),
        locale=clean_locale(new.locale),
        currency="BRL",
        mrr_cents=new.mrr_cents,
        max_agents=limits.max_agents,
        max_users=limits.max_users,
        max_requests_per_month=limits.max_requests_per_month,
        demo=new.demo,
        created_at=now,
        updated_at=now,
    )


async def create(conn: Conn, actor: Actor | None, tenant: Tenant) -> None:
    """Store a prepared tenant, inside a transaction whose tenant is the new id.

    Raises:
        CnpjTaken: another tenant has this CNPJ.
    """
    try:
        await queries.insert(conn, tenant)
    except UniqueViolation:
        raise CnpjTaken from None
    await audit.record(
        conn,
        actor,
        "tenant.created",
        category="tenant",
        resource_type="tenant",
        resource_id=str(tenant.id),
        details={"plan": tenant.plan},
        tenant_id=tenant.id,
    )


async def get(conn: Conn, tenant_id: UUID) -> Tenant:
    """One tenant. Raises UnknownTenant when there is none that this connection may see."""
    tenant = await queries.get(conn, tenant_id)
    if tenant is None:
        raise UnknownTenant
    return tenant


async def list_ids(conn: Conn) -> list[UUID]:
    """Every tenant, for jobs that visit each; takes a connection of the internal role."""
    return await queries.list_ids(conn)


async def set_status(conn: Conn, actor: Actor | None, tenant_id: UUID, status: TenantStatus, now: datetime) -> None:
    """Activate, deactivate or suspend a tenant; sessions and keys learn of it through the bus at commit.

    Raises:
        UnknownTenant: no such tenant.
    """
    if not await queries.set_status(conn, tenant_id, status.value, now):
        raise UnknownTenant
    await audit.record(
        conn,
        actor,
        f"tenant.{status.value}",
        category="tenant",
        resource_type="tenant",
        resource_id=str(tenant_id),
        tenant_id=tenant_id,
    )
    await store.invalidate(conn, tenant_id, "tenant")
    await bus.publish(conn, "session", tenant_id=str(tenant_id))


async def set_terms(conn: Conn, tenant_id: UUID, plan: str, limits: Limits, mrr_cents: int, now: datetime) -> None:
    """Write what the tenant's subscription allows and brings in a month; the caller audits why."""
    await queries.set_terms(conn, tenant_id, plan, limits, mrr_cents, now)
    await store.invalidate(conn, tenant_id, "tenant")
