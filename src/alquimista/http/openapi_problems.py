"""Which problems a route can answer, derived from its other fields."""

from alquimista import errors
from alquimista.errors import Problem
from alquimista.http import refusals as own
from alquimista.http.plan import SAFE
from alquimista.http.routes import Route, TenantScope

_EVERYWHERE: tuple[type[Problem], ...] = (errors.Invalid, own.MalformedQuery, errors.MethodNotAllowed)
_BODY: tuple[type[Problem], ...] = (
    own.MalformedBody,
    errors.UnsupportedMedia,
    own.UnsupportedEncoding,
    own.BodyTimeout,
)


def refusals(route: Route) -> dict[int, list[type[Problem]]]:
    """The problem classes of a route by status, the general ones first."""
    kinds: list[type[Problem]] = [*_EVERYWHERE]
    if route.permission is not None:
        kinds += [errors.Unauthenticated, errors.Forbidden, own.WrongCredential]
    if route.scope is TenantScope.OWN:
        kinds += [own.TenantRequired, own.ForeignTenant, own.NoTenant, own.UnknownTenant]
    if route.scope is TenantScope.PLATFORM:
        kinds.append(own.StaffOnly)
    if "{" in route.path:
        kinds.append(errors.NotFound)
    if route.method not in SAFE:
        kinds += [errors.TooLarge, own.CrossSite]
    if route.body is not None or route.raw_body:
        kinds += _BODY
    if route.limits:
        kinds.append(errors.TooManyRequests)
    if route.kinds:
        kinds += [errors.Unavailable, own.HandlerTimeout]
    by_status: dict[int, list[type[Problem]]] = {}
    for kind in dict.fromkeys((*kinds, *route.problems)):
        by_status.setdefault(kind.status, []).append(kind)
    return by_status
