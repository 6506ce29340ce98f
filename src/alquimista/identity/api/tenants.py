"""Companies as staff manage them: registering, keeping out, letting in again, limits of their own."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista.access import PLATFORM_TENANT, Permission
from alquimista.audit.guards import seen
from alquimista.db.tenancy import tenant_transaction
from alquimista.http.context import Context
from alquimista.http.routes import Route, TenantScope
from alquimista.http.shares import READING_ONE
from alquimista.identity.api.tokens import Email
from alquimista.identity.guards import REGISTERING, TENANT_ACTS
from alquimista.identity.service import standing
from alquimista.identity.service.founding import found_tenant
from alquimista.tenants import service
from alquimista.tenants.models import (
    AlreadyBlocked,
    CnpjTaken,
    NewTenant,
    NotBlocked,
    OwnLimits,
    Tenant,
    TenantStatus,
    UnknownTenant,
)

_Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]


class RegisterTenant(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A company, and who is invited to administer it."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    cnpj: Annotated[str, Meta(min_length=14, max_length=18)]
    segment: Annotated[str, Meta(min_length=1, max_length=100)]
    admin_email: Email
    plan: Annotated[str, Meta(max_length=50)] = "starter"
    time_zone: Annotated[str, Meta(max_length=64)] = "America/Sao_Paulo"
    locale: Annotated[str, Meta(max_length=5)] = "pt-BR"


class RegisteredTenant(msgspec.Struct, frozen=True):
    """The new company and the open invitation of its administrator."""

    tenant_id: UUID
    invitation_id: UUID
    expires_at: datetime


class SuspendTenant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why; the company's own audit shows it."""

    reason: Annotated[str, Meta(min_length=1, max_length=1000, pattern=r"^[^\x00]*$(?!\n)")]


class TenantState(msgspec.Struct, frozen=True):
    """What a company is allowed. `standing` is what its subscription makes of it."""

    tenant_id: UUID
    status: TenantStatus
    standing: TenantStatus
    suspended_by_staff: bool
    max_agents: int
    max_users: int
    max_requests_per_month: int


class TenantLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits of this company alone, in place of its plan's; null follows the plan.

    `raw_days`: for how many days its raw requests and spans are kept, when fewer than the installation keeps them.
    """

    max_agents: _Count | None = None
    max_users: _Count | None = None
    max_requests_per_month: Annotated[int, Meta(ge=0, le=1_000_000_000_000)] | None = None
    raw_days: Annotated[int, Meta(ge=45, le=400)] | None = None


def _state(tenant: Tenant) -> TenantState:
    return TenantState(
        tenant.id,
        tenant.status,
        tenant.standing,
        tenant.blocked_reason is not None,
        tenant.max_agents,
        tenant.max_users,
        tenant.max_requests_per_month,
    )


def _named(context: Context) -> UUID:
    """The company of the path. Raises UnknownTenant for the platform's own, which is none."""
    tenant_id = context.uuid("tenant_id")
    if tenant_id == PLATFORM_TENANT:
        raise UnknownTenant
    return tenant_id


async def _register(context: Context) -> RegisteredTenant:
    fields = msgspec.structs.asdict(context.body)
    email = fields.pop("admin_email")
    tenant, invitation = await found_tenant(context.services, context.who, NewTenant(**fields), email)
    return RegisteredTenant(tenant.id, invitation.id, invitation.expires_at)


async def _suspend(context: Context) -> TenantState:
    url = context.services.settings.public_url
    async with tenant_transaction(context.db, _named(context)) as conn:
        found = await standing.suspend(conn, context.who, _named(context), context.body.reason, url, context.now)
    return _state(found)


async def _resume(context: Context) -> TenantState:
    url = context.services.settings.public_url
    async with tenant_transaction(context.db, _named(context)) as conn:
        return _state(await standing.resume(conn, context.who, _named(context), url, context.now))


async def _get_limits(context: Context) -> TenantLimits:
    tenant_id = _named(context)
    limits = await service.own_limits(context.db.staff(), tenant_id)
    await seen(context, tenant_id)
    return TenantLimits(**msgspec.structs.asdict(limits))


async def _set_limits(context: Context) -> TenantState:
    limits = OwnLimits(**msgspec.structs.asdict(context.body))
    async with tenant_transaction(context.db, _named(context)) as conn:
        return _state(await service.set_own_limits(conn, context.who, _named(context), limits, context.now))


_ID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")

ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/internal/tenants",
        handler=_register,
        summary="Register a company and invite its administrator",
        tag="tenants",
        permission=Permission.TENANT_MANAGE,
        scope=TenantScope.PLATFORM,
        body=RegisterTenant,
        response=RegisteredTenant,
        status=201,
        limits=REGISTERING,
        problems=(CnpjTaken,),
        example=RegisterTenant(
            name="Clínica Aurora", cnpj="12.ABC.345/01DE-35", segment="saude", admin_email="ana@aurora.com.br"
        ),
    ),
    Route(
        method="POST",
        path="/internal/tenants/{tenant_id:uuid}/suspend",
        handler=_suspend,
        summary="Keep everybody of a company out, people and keys, at once",
        tag="tenants",
        permission=Permission.TENANT_MANAGE,
        scope=TenantScope.PLATFORM,
        body=SuspendTenant,
        response=TenantState,
        limits=TENANT_ACTS,
        problems=(UnknownTenant, AlreadyBlocked),
        example=SuspendTenant("Uso contrário aos termos, caso 1182"),
    ),
    Route(
        method="POST",
        path="/internal/tenants/{tenant_id:uuid}/resume",
        handler=_resume,
        summary="Let a company in again that staff had suspended",
        tag="tenants",
        permission=Permission.TENANT_MANAGE,
        scope=TenantScope.PLATFORM,
        response=TenantState,
        limits=TENANT_ACTS,
        problems=(UnknownTenant, NotBlocked),
        example=TenantState(_ID, TenantStatus.ACTIVE, TenantStatus.ACTIVE, False, 8, 3, 10_000),  # noqa: FBT003 - A shape.
    ),
    Route(
        method="GET",
        path="/internal/tenants/{tenant_id:uuid}/limits",
        handler=_get_limits,
        summary="What staff have set for a company alone",
        tag="tenants",
        permission=Permission.TENANT_MANAGE,
        scope=TenantScope.PLATFORM,
        response=TenantLimits,
        limits=READING_ONE,
        problems=(UnknownTenant,),
        example=TenantLimits(12, None, 20_000, None),
    ),
    Route(
        method="PUT",
        path="/internal/tenants/{tenant_id:uuid}/limits",
        handler=_set_limits,
        summary="Set limits of a company in place of its plan's",
        tag="tenants",
        permission=Permission.TENANT_MANAGE,
        scope=TenantScope.PLATFORM,
        body=TenantLimits,
        response=TenantState,
        limits=TENANT_ACTS,
        problems=(UnknownTenant,),
        example=TenantLimits(12, None, 20_000, None),
    ),
)
