"""Routes of pages: what they have in common, so that each line says what is its own."""

from typing import Any, Literal

from alquimista.access import ActorKind, Permission
from alquimista.http.plan import FORM
from alquimista.http.routes import Handler, Limit, Route, TenantScope

BROWSER = frozenset({ActorKind.SESSION})
SPARINGLY = (Limit(count=20, seconds=60, per=("ip",)),)
OFTEN = (Limit(count=600, seconds=60, per=("user",)),)


def get(
    path: str,
    handler: Handler,
    summary: str,
    permission: Permission | None = None,
    **more: Any,  # noqa: ANN401 - Fields of Route, which checks them.
) -> Route:
    """A page that is read."""
    return _page("GET", path, handler, summary, permission, **more)


def post(
    path: str,
    handler: Handler,
    summary: str,
    permission: Permission | None = None,
    **more: Any,  # noqa: ANN401 - As above.
) -> Route:
    """A form that is sent."""
    return _page("POST", path, handler, summary, permission, media=(FORM,), **more)


def _page(
    method: Literal["GET", "POST"],
    path: str,
    handler: Handler,
    summary: str,
    permission: Permission | None,
    *,
    scope: TenantScope = TenantScope.NONE,
    **more: Any,  # noqa: ANN401 - As above.
) -> Route:
    return Route(
        method=method,
        path=path,
        handler=handler,
        summary=summary,
        tag="pages",
        permission=permission,
        kinds=BROWSER,
        scope=scope,
        page=True,
        documented=False,
        **more,
    )
