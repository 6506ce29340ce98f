"""/app/company/tenants/{id}/audit: who did what in the company's account, staff included."""

from typing import Annotated, Any, Final, get_args

import msgspec
from msgspec import Meta
from starlette.responses import Response

from alquimista.access import Permission
from alquimista.audit import service
from alquimista.audit.models import Category, Wanted
from alquimista.audit.models.showing import CURSOR, cursor, place
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.i18n import N_
from alquimista.web import views
from alquimista.web.pages.routing import OFTEN, get
from alquimista.web.pages.staff.tenant import opened
from alquimista.web.rendering import page
from alquimista.web.staff.tenant import BASE, SIZE, path_of
from alquimista.web.trail import CATEGORIES, RESULTS, details, how, typed_by, written

# Who acted, where the entry has no name.
_NAMELESS: Final = {
    "session": N_("A person without a name"),
    "token": N_("A person without a name"),
    "api_key": N_("An API key"),
    "system": N_("The platform itself"),
    "anonymous": N_("Somebody who is not signed in"),
    "erased": N_("A person whose data was erased"),
}


class AuditQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which entries, and after which one the page begins. An unknown category says nothing."""

    category: str = ""
    action: Annotated[str, Meta(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)")] = ""
    after: Annotated[str, Meta(pattern=CURSOR)] | None = None


async def trail(context: Context) -> Response:
    """A page of it, the newest first."""
    query: AuditQuery = context.query
    head = await opened(context, "audit")
    category: Category | None = next((one for one in get_args(Category) if one == query.category), None)
    wanted = Wanted(
        category=category,
        action=query.action.strip().lower() or None,
        before=place(query.after) if query.after else None,
    )
    found = await service.entries(context.db.staff(), head.tenant.id, wanted, SIZE + 1)
    entries, path = found[:SIZE], path_of(head.tenant.id, "audit")
    kept = {name: value for name, value in (("category", category), ("action", query.action)) if value}
    older = {**kept, "after": cursor(entries[-1])} if len(found) > SIZE else None
    return page(
        context,
        "tenants/audit.html",
        head=head,
        entries=entries,
        older=views.address(path, "entries", **older) if older else None,
        newest=views.address(path, "entries", **kept) if query.after else None,
        path=path,
        filters=query,
        categories=[("", N_("All")), *CATEGORIES.items()],
        names=CATEGORIES,
        actions=sorted({one.action for one in entries}),
        results=RESULTS,
        written=written,
        nameless=_NAMELESS,
        details=details,
        how=how,
        typed_by=typed_by,
        notice=None,
    )


_STAFF: Final[dict[str, Any]] = {
    "permission": Permission.AUDIT_READ,
    "scope": TenantScope.PLATFORM,
    "limits": OFTEN,
}
ROUTES: Final = (get(f"{BASE}/audit", trail, "A company's audit", query=AuditQuery, **_STAFF),)
