"""Whose data a request touches, and whether its actor may."""

from collections.abc import Mapping
from uuid import UUID

from alquimista.access import PLATFORM_TENANT, Actor
from alquimista.errors import FieldError, Forbidden, Unauthenticated
from alquimista.http import queries
from alquimista.http.context import Context, require_uuid
from alquimista.http.querystring import TENANT
from alquimista.http.refusals import (
    ForeignTenant,
    NoTenant,
    StaffOnly,
    TenantRequired,
    UnknownTenant,
    ViewIsReadOnly,
    WrongCredential,
)
from alquimista.http.routes import Route, TenantScope
from alquimista.i18n import N_


def check_permission(route: Route, actor: Actor | None, path: Mapping[str, str]) -> None:
    """Whether the actor may use the route at all. What was granted for one thing opens the routes that name it.

    A path parameter `agent_id` names the agent of that id.

    Raises:
        Unauthenticated: it needs an actor and there is none.
        WrongCredential, Forbidden, StaffOnly: the actor's kind, role or scopes do not open it.
    """
    if route.permission is None:
        return
    if actor is None:
        raise Unauthenticated
    if actor.kind not in route.kinds:
        raise WrongCredential(accepted=", ".join(sorted(route.kinds)))
    named = ((name.removesuffix("_id"), value.lower()) for name, value in path.items()) if actor.scoped else ()
    if not actor.may(route.permission, *named):
        raise Forbidden
    if route.scope is TenantScope.PLATFORM and (not actor.internal or actor.viewing is not None):
        raise StaffOnly


def check_view(route: Route, actor: Actor | None, *, unsafe: bool) -> None:
    """Refuse to change anything for a member of staff who looks at a company as its administrator.

    Raises:
        ViewIsReadOnly: the route may change something, and is no way out of the view.
    """
    if unsafe and actor is not None and actor.viewing is not None and not route.while_viewing:
        raise ViewIsReadOnly


def named(value: object) -> UUID | None:
    """The company that a part of a request names, for limits alone: whether it is right is looked at elsewhere."""
    try:
        return value if isinstance(value, UUID) else UUID(str(value))
    except ValueError:
        return None


async def resolve(route: Route, context: Context, named: str | None) -> None:
    """Set `context.tenant_id` from the actor and ?tenant_id= (`named`).

    Raises:
        Invalid: not a UUID.
        ForeignTenant, NoTenant: a tenant's user names another company, or has none.
        TenantRequired, UnknownTenant: staff named none, or one that does not exist.
    """
    actor = context.actor
    own = actor.tenant_id if actor else None
    if route.scope is not TenantScope.OWN:
        context.tenant_id = own
        return
    wanted = None if named is None else require_uuid(TENANT, named)
    if actor is not None and actor.viewing is not None:
        if wanted is not None and wanted != actor.viewing.tenant_id:
            raise ForeignTenant
        context.tenant_id = actor.viewing.tenant_id
        return
    if actor is not None and actor.internal:
        if wanted is None:
            raise TenantRequired(errors=(FieldError(TENANT, N_("This field is required."), "required"),))
        if not await queries.tenant_exists(context.db.staff(), wanted, PLATFORM_TENANT):
            raise UnknownTenant
        context.tenant_id = wanted
        return
    if wanted is not None and wanted != own:
        raise ForeignTenant
    if own is None:
        raise NoTenant
    context.tenant_id = own
