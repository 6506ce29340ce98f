"""Use cases of tenants."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from psycopg.errors import UniqueViolation

from alquimista.access import PLATFORM_TENANT, Actor
from alquimista.audit import service as audit
from alquimista.cache import bus, store
from alquimista.db.statement import Conn
from alquimista.errors import FieldError, Invalid
from alquimista.tenants import queries
from alquimista.tenants.models import (
    PLAN_LIMITS,
    SEGMENT_LIMIT,
    AlreadyBlocked,
    CnpjTaken,
    Limits,
    NamedTenant,
    NewTenant,
    NotBlocked,
    Onboarding,
    OwnLimits,
    Profile,
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
        standing=TenantStatus.ACTIVE,
        blocked_reason=None,
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
    await store.invalidate(conn, tenant.id, "tenant")


async def get(conn: Conn, tenant_id: UUID) -> Tenant:
    """One tenant. Raises UnknownTenant when there is none that this connection may see."""
    tenant = await queries.get(conn, tenant_id)
    if tenant is None:
        raise UnknownTenant
    return tenant


async def list_ids(conn: Conn) -> list[UUID]:
    """Every tenant, for jobs that visit each; takes a connection of the internal role."""
    return await queries.list_ids(conn)


async def named(conn: Conn, search: str, chosen: list[UUID], limit: int) -> list[NamedTenant]:
    """Tenants to choose from: the `chosen` ones first, then `limit` of those whose name contains `search`, by name.

    Takes a connection of the internal role.
    """
    return await queries.named(conn, search.strip(), chosen, limit)


async def names(conn: Conn, ids: Sequence[UUID]) -> dict[UUID, str]:
    """What these tenants are called; those that there are not are left out. Takes a connection of the internal role."""
    return await queries.names(conn, ids) if ids else {}


async def set_standing(conn: Conn, actor: Actor | None, tenant_id: UUID, standing: TenantStatus, now: datetime) -> None:
    """Write what its subscription makes of a tenant; sessions and keys learn of it through the bus at commit.

    Whom staff keep out stays out.

    Raises:
        UnknownTenant: no such tenant.
    """
    if not await queries.set_standing(conn, tenant_id, standing.value, now):
        raise UnknownTenant
    await _changed(conn, actor, tenant_id, f"tenant.{standing.value}")


async def block(conn: Conn, actor: Actor, tenant_id: UUID, reason: str, now: datetime) -> Tenant:
    """Keep everybody of a tenant out, people and keys, at once and whatever it has paid.

    Raises:
        UnknownTenant, AlreadyBlocked: as they say.
    """
    if not await queries.block(conn, tenant_id, reason, now):
        await get(conn, tenant_id)
        raise AlreadyBlocked
    await _changed(conn, actor, tenant_id, "tenant.blocked", reason=reason)
    return await get(conn, tenant_id)


async def unblock(conn: Conn, actor: Actor, tenant_id: UUID, now: datetime) -> Tenant:
    """Let a tenant's people and keys in again; an unpaid subscription still suspends it.

    Raises:
        UnknownTenant, NotBlocked: as they say.
    """
    if not await queries.unblock(conn, tenant_id, now):
        await get(conn, tenant_id)
        raise NotBlocked
    await _changed(conn, actor, tenant_id, "tenant.unblocked")
    return await get(conn, tenant_id)


async def change_profile(conn: Conn, actor: Actor, tenant_id: UUID, wanted: Profile, now: datetime) -> Tenant:
    """Change what a tenant is called and where it is; the tenant as it is then.

    Another zone holds for what happens from the next hours on: past days and billed periods stay as they are, and the
    running cycle keeps its days (docs/decisions/0061-moving-to-another-time-zone.md).

    Raises:
        UnknownTenant: no such tenant.
        Invalid: a field is wrong.
    """
    before = await queries.lock(conn, tenant_id) if tenant_id != PLATFORM_TENANT else None
    if before is None:
        raise UnknownTenant
    changes = _cleaned(wanted, before)
    if not changes:
        return before
    after = await queries.set_profile(conn, msgspec.structs.replace(before, **changes), now)
    assert after is not None  # It is locked.
    was = {name: getattr(before, name) for name in changes}
    await _changed(conn, actor, tenant_id, "tenant.changed", before=was, after=changes)
    if "time_zone" in changes:  # What is told by the day is another.
        await store.invalidate(conn, tenant_id, "agents", "billing", "usage")
    return after


def _cleaned(wanted: Profile, before: Tenant) -> dict[str, str]:
    """What of it is another than before, by field."""
    fields: dict[str, tuple[str | None, Callable[[str], str]]] = {
        "name": (wanted.name, lambda raw: clean_name(raw, "name")),
        "segment": (wanted.segment, lambda raw: clean_name(raw, "segment", SEGMENT_LIMIT)),
        "time_zone": (wanted.time_zone, clean_time_zone),
        "locale": (wanted.locale, clean_locale),
    }
    errors: list[FieldError] = []
    changes = {}
    for field, (raw, clean) in fields.items():
        if raw is None or raw == getattr(before, field):  # A zone of before stays, whatever is asked of a new one.
            continue
        try:
            changes[field] = clean(raw)
        except Invalid as problem:
            errors += problem.errors
    if errors:
        raise Invalid(errors=tuple(errors))
    return {field: value for field, value in changes.items() if value != getattr(before, field)}


async def own_limits(conn: Conn, tenant_id: UUID) -> OwnLimits:
    """What staff have set for one tenant alone. Raises UnknownTenant."""
    found = await queries.own_limits(conn, tenant_id)
    if found is None:
        raise UnknownTenant
    return found


async def set_own_limits(conn: Conn, actor: Actor, tenant_id: UUID, limits: OwnLimits, now: datetime) -> Tenant:
    """Set limits of one tenant in place of its plan's, and its retention in place of the installation's.

    Raises:
        UnknownTenant: no such tenant.
    """
    before = await own_limits(conn, tenant_id)
    await queries.set_own_limits(conn, tenant_id, limits, now)
    changes = {"before": msgspec.structs.asdict(before), "after": msgspec.structs.asdict(limits)}
    await _changed(conn, actor, tenant_id, "tenant.limits_set", **changes)
    return await get(conn, tenant_id)


async def _changed(conn: Conn, actor: Actor | None, tenant_id: UUID, action: str, **details: object) -> None:
    await audit.record(
        conn,
        actor,
        action,
        category="tenant",
        resource_type="tenant",
        resource_id=str(tenant_id),
        details=details,
        tenant_id=tenant_id,
    )
    await store.invalidate(conn, tenant_id, "tenant")
    await bus.publish(conn, "session", tenant_id=str(tenant_id))


async def onboarding_of(conn: Conn, tenant_id: UUID) -> Onboarding | None:
    """What a company said of itself in its first steps; None when it was not asked yet."""
    return await queries.onboarding_of(conn, tenant_id)


async def ungreeted(conn: Conn, tenant_id: UUID) -> bool:
    """Whether nobody of a company was shown its first steps; of a demonstration never."""
    return await queries.ungreeted(conn, tenant_id)


async def greet(conn: Conn, actor: Actor | None, tenant_id: UUID, now: datetime) -> None:
    """Remember that a company's first steps were shown to somebody who could go them."""
    if await queries.greet(conn, tenant_id, now):
        await _onboarding(conn, actor, Onboarding(tenant_id))


async def say_of_itself(conn: Conn, actor: Actor | None, said: Onboarding, now: datetime) -> None:
    """Keep what a company answers in its first steps, in place of what it answered before."""
    await queries.put_onboarding(conn, said, now)
    await _onboarding(conn, actor, said)


async def _onboarding(conn: Conn, actor: Actor | None, said: Onboarding) -> None:
    await audit.record(
        conn,
        actor,
        "tenant.onboarding",
        category="tenant",
        resource_type="tenant",
        resource_id=str(said.tenant_id),
        details={"finished": said.finished_at is not None, "dismissed": said.dismissed_at is not None},
        tenant_id=said.tenant_id,
    )
    await store.invalidate(conn, said.tenant_id, "tenant")


async def set_terms(conn: Conn, tenant_id: UUID, plan: str, limits: Limits, mrr_cents: int, now: datetime) -> None:
    """Write what the tenant's subscription allows and brings in a month; the caller audits why."""
    await queries.set_terms(conn, tenant_id, plan, limits, mrr_cents, now)
    await store.invalidate(conn, tenant_id, "tenant")


async def set_mrr(conn: Conn, tenant_id: UUID, mrr_cents: int, now: datetime) -> None:
    """Write what the tenant brings in a month, and leave what it is allowed; the caller audits why."""
    await queries.set_mrr(conn, tenant_id, mrr_cents, now)
    await store.invalidate(conn, tenant_id, "tenant")
