"""What a company is called and where it is: its administrators change that themselves, staff the segment too."""

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista.access import Permission
from alquimista.db.tenancy import tenant_transaction
from alquimista.http.context import Context
from alquimista.http.routes import Limit, Route, TenantScope
from alquimista.tenants import service
from alquimista.tenants.models import NAME_LIMIT, SEGMENT_LIMIT, Profile, UnknownTenant

_Name = Annotated[str, Meta(min_length=1, max_length=NAME_LIMIT)]
_Zone = Annotated[str, Meta(min_length=1, max_length=64)]
_Locale = Annotated[str, Meta(min_length=2, max_length=5)]


class ChangeCompany(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is to be another; null or left out stays.

    Another time zone holds for what happens from the next hours on; days that are over stay as they were counted.
    """

    name: _Name | None = None
    time_zone: _Zone | None = None
    locale: _Locale | None = None


class ChangeTenant(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is to be another; null or left out stays."""

    name: _Name | None = None
    segment: Annotated[str, Meta(min_length=1, max_length=SEGMENT_LIMIT)] | None = None
    time_zone: _Zone | None = None
    locale: _Locale | None = None


class CompanyProfile(msgspec.Struct, frozen=True):
    """What a company is called and where it is."""

    tenant_id: UUID
    name: str
    segment: str
    time_zone: str
    locale: str


async def _change(context: Context, tenant_id: UUID) -> CompanyProfile:
    wanted = Profile(**msgspec.structs.asdict(context.body))
    async with tenant_transaction(context.db, tenant_id) as conn:
        tenant = await service.change_profile(conn, context.who, tenant_id, wanted, context.now)
    return CompanyProfile(tenant.id, tenant.name, tenant.segment, tenant.time_zone, tenant.locale)


async def _change_own(context: Context) -> CompanyProfile:
    return await _change(context, context.tenant)


async def _change_named(context: Context) -> CompanyProfile:
    return await _change(context, context.uuid("tenant_id"))


_ACTS = (Limit(count=60, seconds=60, per=("user", "tenant")),)

ROUTES: tuple[Route, ...] = (
    Route(
        method="PATCH",
        path="/tenant/company",
        handler=_change_own,
        summary="Change your company's name, language and time zone",
        tag="tenant",
        permission=Permission.COMPANY_MANAGE,
        scope=TenantScope.OWN,
        body=ChangeCompany,
        response=CompanyProfile,
        limits=_ACTS,
        problems=(UnknownTenant,),
        example=ChangeCompany(name="Clínica Aurora", time_zone="America/Manaus", locale="pt-BR"),
    ),
    Route(
        method="PATCH",
        path="/internal/tenants/{tenant_id:uuid}",
        handler=_change_named,
        summary="Change a company's name, segment, language and time zone",
        tag="tenants",
        permission=Permission.TENANT_MANAGE,
        scope=TenantScope.PLATFORM,
        body=ChangeTenant,
        response=CompanyProfile,
        limits=_ACTS,
        problems=(UnknownTenant,),
        example=ChangeTenant(segment="saude"),
    ),
)
