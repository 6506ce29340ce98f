"""/app/company/audit: who did what, of all companies; one entry; whether the chains are as they were sealed."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from starlette.responses import HTMLResponse

from alquimista.access import PLATFORM_TENANT, PLATFORM_ZONE, Permission
from alquimista.audit import service
from alquimista.audit.guards import VERIFYING, seen
from alquimista.audit.models import Entry
from alquimista.audit.models.checking import AnchorFile, ChainEnd, Checked
from alquimista.audit.models.showing import shown
from alquimista.dashboards import service as dashboards
from alquimista.dashboards.models.staff import TenantFilter
from alquimista.errors import NotFound
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.identity.service import members
from alquimista.tenants import service as tenants
from alquimista.web import trail
from alquimista.web.pages.routing import OFTEN, get, post
from alquimista.web.rendering import page
from alquimista.web.staff.audit import (
    ANCHORS,
    CHAINS,
    FOUND,
    INTACT,
    LATEST,
    LATEST_OF_MANY,
    MAIN,
    MANY,
    PATH,
    WRONG,
    AuditPageQuery,
    ChainsWanted,
    Choice,
    Subject,
    Verification,
    uuid_of,
)
from alquimista.web.tables import paged

_CHOICES: Final = 6


async def listed(context: Context) -> HTMLResponse:
    """A page of the entries; reading them is an entry itself, and of one company's in its own audit too."""
    query: AuditPageQuery = context.query
    await seen(context, PLATFORM_TENANT, resource_type="page", resource_id=PATH)
    staff = context.db.staff()
    subject = await _subject(context, query.tenant)
    who = uuid_of(query.who) or (await members.person_id(staff, query.who) if query.who.strip() else None)
    stranger = bool(query.who.strip()) and who is None
    found = list[Entry]()
    if not (subject.choices or subject.unknown or stranger):
        wanted = query.wanted(PLATFORM_ZONE, tenant_id=subject.id, actor_id=who)
        found = await service.entries_of_all(staff, wanted, trail.SIZE + 1)
    if subject.id is not None and not subject.platform and found:
        await seen(context, subject.id, resource_type="page", resource_id=PATH)
    if subject.id is not None:
        names = {subject.id: subject.name}
    else:
        names = await tenants.names(staff, list({one.tenant_id for one in found[: trail.SIZE]}))
    return page(
        context,
        "audit/staff.html",
        view=trail.arranged(found, query, PATH, whole=True, zone=PLATFORM_ZONE, names=names),
        query=query,
        subject=subject,
        stranger=stranger,
        platform=PLATFORM_TENANT,
        **trail.labels(),
    )


async def one(context: Context) -> HTMLResponse:
    """An entry with what it changed."""
    tenant_id, staff = context.uuid("tenant_id"), context.db.staff()
    entry = shown(await service.entry(staff, tenant_id, context.uuid("entry_id")), whole=True)
    await seen(context, tenant_id, resource_type="page", resource_id=f"{PATH}/{tenant_id}/{entry.id}")
    names = await tenants.names(staff, [tenant_id])
    return page(
        context,
        "audit/staff_entry.html",
        entry=entry,
        changes=trail.changes(entry),
        details=trail.details(entry),
        tenant="" if tenant_id == PLATFORM_TENANT else names.get(tenant_id, ""),
        zone=PLATFORM_ZONE,
        back=PATH,
        **trail.labels(),
    )


async def chains(context: Context) -> HTMLResponse:
    """The ends of the chains with what was signed of them."""
    return await _chains(context, context.query, check=False)


async def verify(context: Context) -> HTMLResponse:
    """The same, and whether they are intact. A form of ours asks for that work, never a link of somebody else's."""
    return await _chains(context, context.body, check=True)


async def _chains(context: Context, wanted: ChainsWanted, *, check: bool) -> HTMLResponse:
    staff, services = context.db.staff(), context.services
    await seen(context, PLATFORM_TENANT, resource_type="page", resource_id=CHAINS)

    async def read(offset: int) -> tuple[Sequence[ChainEnd], int]:
        return await service.chains(staff, MANY, offset)

    place: dict[str, Any] = {"path": CHAINS, "query": {}, "target": MAIN}
    chains = await paged(read, wanted.page, MANY, id="chains", parameter="page", **place)
    only = await _chain(context, wanted.tenant_id) if wanted.tenant_id else None
    checked, outcome, latest = list[Checked](), AnchorFile.READ, LATEST if only else LATEST_OF_MANY
    if check:
        these = [only] if only else list(chains.rows)
        checked, outcome = await service.check(context.db, services.settings, these, latest)
    view = Verification(
        chains=chains,
        only=only,
        checked=checked,
        anchor=ANCHORS[outcome] if check else None,
        latest=latest,
        unsealed=wanted.tenant_id is not None and only is None,
    )
    return page(
        context,
        "audit/verify.html",
        view=view,
        zone=PLATFORM_ZONE,
        intact=INTACT,
        wrong=WRONG,
        found=FOUND,
        platform=PLATFORM_TENANT,
    )


async def _subject(context: Context, text: str) -> Subject:
    """Whom the filter means: the one company that it names, or those that it may name."""
    staff, text = context.db.staff(), text.strip()
    if not text:
        return Subject()
    if (tenant_id := uuid_of(text)) is not None:
        found = (await tenants.names(staff, [tenant_id])).get(tenant_id)
        return Subject(unknown=True) if found is None else Subject(id=tenant_id, name=found)
    listed = await dashboards.tenant_list(staff, TenantFilter(search=text), _CHOICES, 0, context.now)
    choices = [Choice(one.id, one.name) for one in listed.tenants]
    if len(choices) == 1:
        return Subject(id=choices[0].id, name=choices[0].name)
    return Subject(choices=choices, unknown=not choices)


async def _chain(context: Context, tenant_id: UUID) -> ChainEnd | None:
    """One company's chain, or the platform's; None while nothing of it is sealed."""
    staff = context.db.staff()
    found, _ = await service.chains(staff, 1, tenant_id=tenant_id)
    if not found and tenant_id not in await tenants.names(staff, [tenant_id]):
        raise NotFound
    await seen(context, tenant_id, resource_type="page", resource_id=CHAINS)
    return found[0] if found else None


_STAFF: Final[dict[str, Any]] = {"permission": Permission.AUDIT_READ, "scope": TenantScope.PLATFORM}
ROUTES: Final = (
    get(PATH, listed, "Who did what, of all companies", query=AuditPageQuery, limits=OFTEN, **_STAFF),
    get(CHAINS, chains, "The ends of the chains", query=ChainsWanted, limits=OFTEN, **_STAFF),
    post(
        CHAINS, verify, "Whether the chains are as sealed", body=ChainsWanted, limits=VERIFYING, timeout_s=60, **_STAFF
    ),
    get(PATH + "/{tenant_id:uuid}/{entry_id:uuid}", one, "One entry", limits=OFTEN, **_STAFF),
)
