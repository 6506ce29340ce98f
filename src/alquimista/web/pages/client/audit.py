"""/app/dashboard/settings/audit: what was done in the company, by its people and by Alquimista's staff."""

from typing import Annotated, Any, Final

from msgspec import Meta
from starlette.responses import HTMLResponse

from alquimista.access import Permission
from alquimista.audit import service
from alquimista.audit.guards import seen
from alquimista.audit.models.showing import shown
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.i18n import N_
from alquimista.identity.service import members
from alquimista.tenants import service as tenants
from alquimista.web import trail, views
from alquimista.web.pages.routing import OFTEN, get
from alquimista.web.rendering import page

PATH: Final = "/app/dashboard/settings/audit"
EXPORT: Final = "/api/audit-logs/export"
_MEMBERS: Final = 100
_EVERYBODY: Final = N_("Everybody")
_STAFF: Final = N_("Alquimista's staff")


class TenantTrailQuery(trail.TrailQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose acts, too: a person's by their id, or `staff` for those of the vendor's staff."""

    who: Annotated[str, Meta(pattern=r"^(staff|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$(?!\n)")] = ""


async def listed(context: Context) -> HTMLResponse:
    """A page of the entries, newest first."""
    query: TenantTrailQuery = context.query
    await seen(context, context.tenant, resource_type="page", resource_id=PATH)
    conn = context.db.tenant(context.tenant)
    zone = (await tenants.get(conn, context.tenant)).time_zone
    more: dict[str, Any] = {"by_staff": True} if query.who == "staff" else {"actor_id": query.who or None}
    found = await service.entries(conn, context.tenant, query.wanted(zone, **more), trail.SIZE + 1)
    people, _ = await members.list_members(conn, context.tenant, _MEMBERS, 0)
    carried = _carried(context)
    return page(
        context,
        "audit/tenant.html",
        view=trail.arranged(found, query, PATH, whole=_whole(context), zone=zone, carried=carried),
        query=query,
        path=PATH,
        carried=carried,
        people=[("", _EVERYBODY), ("staff", _STAFF), *((str(one.id), one.full_name or one.email) for one in people)],
        export=views.query_of(EXPORT, carried) if carried else EXPORT,
        **trail.labels(),
    )


async def one(context: Context) -> HTMLResponse:
    """An entry with what it changed."""
    entry_id = context.uuid("entry_id")
    await seen(context, context.tenant, resource_type="page", resource_id=f"{PATH}/{entry_id}")
    conn = context.db.tenant(context.tenant)
    entry = shown(await service.entry(conn, context.tenant, entry_id), whole=_whole(context))
    carried = _carried(context)
    return page(
        context,
        "audit/tenant_entry.html",
        entry=entry,
        changes=trail.changes(entry),
        details=trail.details(entry),
        zone=(await tenants.get(conn, context.tenant)).time_zone,
        back=views.query_of(PATH, carried) if carried else PATH,
        **trail.labels(),
    )


def _carried(context: Context) -> dict[str, str]:
    """Staff name the company in every link, unless they look at it as its administrator."""
    return {"tenant_id": str(context.tenant)} if _whole(context) else {}


def _whole(context: Context) -> bool:
    """Whether staff look at it as staff: others see of them only what is the company's business."""
    return context.who.internal and context.who.viewing is None


_PLACE: Final[dict[str, Any]] = {"scope": TenantScope.OWN, "limits": OFTEN}
ROUTES: Final = (
    get(PATH, listed, "What was done in the company", Permission.AUDIT_READ, query=TenantTrailQuery, **_PLACE),
    get(PATH + "/{entry_id:uuid}", one, "One entry of the company's audit", Permission.AUDIT_READ, **_PLACE),
)
