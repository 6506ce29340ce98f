"""The browser's sign-in at the external issuer."""

from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.responses import RedirectResponse

from alquimista.http.context import Context
from alquimista.http.routes import Limit, Route
from alquimista.http.security import clear_cookie, cookie_name, set_cookie
from alquimista.identity.guards import client_of, session_cookie
from alquimista.identity.models.problems import IssuerDown, OidcNotConfigured, OidcRefused
from alquimista.identity.service.oidc import FLOW_LIFE, finish_oidc, start_oidc

_COOKIE = "oidc"


class Start(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to return to, a path on this site."""

    redirect: Annotated[str, Meta(max_length=500)] = "/app"


class Callback(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an issuer sends back (OpenID Connect Core 3.1.2, RFC 9207, session management); most of it is not used."""

    state: str = ""
    code: str = ""
    error: str = ""
    error_description: str = ""
    error_uri: str = ""
    iss: str = ""
    scope: str = ""
    session_state: str = ""


async def _start(context: Context) -> RedirectResponse:
    url, cookie = await start_oidc(context.services, context.query.redirect)
    context.cookies.append(
        set_cookie(context.services.settings, _COOKIE, cookie, max_age=int(FLOW_LIFE.total_seconds()))
    )
    return RedirectResponse(url, 303)


async def _callback(context: Context) -> RedirectResponse:
    query: Callback = context.query
    settings = context.services.settings
    context.cookies.append(clear_cookie(settings, _COOKIE))
    cookie = context.request.cookies.get(cookie_name(settings, _COOKIE), "")
    if query.error or not query.code:
        raise OidcRefused
    signed_in, path = await finish_oidc(context.services, cookie, query.state, query.code, client_of(context))
    context.cookies.append(session_cookie(settings, signed_in.opened))
    return RedirectResponse(path, 303)


_LIMITS = (Limit(count=60, seconds=60, per=("ip",)),)

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/auth/oidc/start",
        handler=_start,
        summary="Sign in at the external issuer",
        tag="auth",
        permission=None,
        kinds=frozenset(),
        query=Start,
        status=303,
        limits=_LIMITS,
        problems=(OidcNotConfigured, IssuerDown),
        page=True,
        documented=False,
    ),
    Route(
        method="GET",
        path="/auth/oidc/callback",
        handler=_callback,
        summary="Where the external issuer sends the browser back to",
        tag="auth",
        permission=None,
        kinds=frozenset(),
        query=Callback,
        status=303,
        limits=_LIMITS,
        problems=(OidcNotConfigured, OidcRefused, IssuerDown),
        page=True,
        documented=False,
    ),
)
