"""The way in: / and /app send each reader to their own page (requirements 1.1)."""

from typing import Final

from starlette.responses import RedirectResponse, Response

from alquimista.access import Permission, Role
from alquimista.http.context import Context
from alquimista.tenants import service as tenants
from alquimista.web import nav
from alquimista.web.pages.account.accounts import WELCOME
from alquimista.web.pages.routing import get

_LOGIN_UNAUTHORIZED: Final = "/login?error=unauthorized"


async def root(context: Context) -> Response:
    """The bare address."""
    del context
    return RedirectResponse("/app", 303)


async def app(context: Context) -> Response:
    """Staff to the platform's overview, tenants to theirs, whoever has no role back to the sign-in.

    The first administrator of a company who comes is shown its first steps, whoever registered it: once.
    """
    actor = context.who
    tenant_id = actor.tenant_id if actor.role is Role.TENANT_ADMIN else None
    if tenant_id is not None and await tenants.ungreeted(context.db.tenant(tenant_id), tenant_id):
        return RedirectResponse(WELCOME, 303)
    return RedirectResponse(nav.home(actor) or _LOGIN_UNAUTHORIZED, 303)


async def stay(context: Context) -> None:
    """Being asked is enough: an authenticated request prolongs the session."""
    del context


ROUTES: Final = (
    get("/", root, "The bare address"),
    get("/app", app, "The reader's own start page", Permission.ACCOUNT_MANAGE),
    get("/app/stay", stay, "Keep the session open", Permission.ACCOUNT_MANAGE, status=204),
)
