"""Failures as a browser should see them: to the sign-in, back to one's own page, or a page that says what happened."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode, urlsplit

import structlog
from starlette.responses import RedirectResponse, Response

from alquimista.access import Permission
from alquimista.errors import Forbidden, Problem, TooManyRequests, Unauthenticated, Unavailable
from alquimista.http.context import Context
from alquimista.http.refusals import CrossSite, TenantRequired
from alquimista.identity.models.oidc import local_path
from alquimista.identity.models.problems import SessionEnded
from alquimista.web import nav
from alquimista.web.pages.account.second_factor import PATH as SECOND_FACTOR
from alquimista.web.rendering import page

_BOUNCED: Final = (Forbidden, TenantRequired)
_RETRY: Final = (Unavailable, TooManyRequests, CrossSite)
_log = structlog.get_logger("alquimista.web")


@dataclass(frozen=True, slots=True)
class Way:
    """What a reader can do: `again` loads the page once more, `back` is the page of the form that failed."""

    again: bool
    back: str
    start: str

    @classmethod
    def of(cls, context: Context, problem: Problem) -> "Way":
        """What can be done about this one."""
        read = context.request.method == "GET"
        passing = isinstance(problem, _RETRY) or problem.status >= 500
        home = nav.home(context.actor) if context.actor else None
        return cls(read and passing, "" if read else _shown_before(context), home or "/")


async def page_error(context: Context, problem: Problem) -> Response:
    """The answer of a page that failed. Its support id is the trace id of the line that the log gets here."""
    target = _elsewhere(context, problem)
    if target is None:
        _log.info(
            "page.refused",
            trace_id=context.trace_id,
            path=context.request.url.path,
            status=problem.status,
            code=problem.code,
        )
        shown = page(
            context,
            "errors/problem.html",
            status=problem.status,
            problem=problem,
            way=Way.of(context, problem),
            trace_id=context.trace_id,
            support=context.services.settings.support_email,
        )
        shown.headers.update(problem.headers)
        return shown
    if "hx-request" in context.request.headers:  # A fragment's request would follow a redirect and show it inside.
        return Response(status_code=problem.status, headers={"HX-Redirect": target, "Cache-Control": "no-store"})
    return RedirectResponse(target, 303, headers={"Cache-Control": "no-store"})


def _elsewhere(context: Context, problem: Problem) -> str | None:
    """Where the reader goes instead of seeing the problem (requirements 1.1)."""
    if isinstance(problem, CrossSite) and context.actor is None and context.request.url.path == "/logout":
        return "/login?expired=true"  # The session ended before the form that would end it was sent.
    if isinstance(problem, Unauthenticated):
        return _login(context, problem)
    home = nav.home(context.actor) if context.actor else None
    if context.request.method == "GET" and isinstance(problem, _BOUNCED) and context.actor is not None:
        if context.actor.internal and not context.actor.may(Permission.TENANT_READ):
            return SECOND_FACTOR  # The factor that their role must have is all that is open to them.
        path = context.request.url.path
        if home is None:
            return "/login?error=unauthorized"
        if not path.startswith(home) and path.startswith("/app/"):
            return home + ("?error=forbidden" if isinstance(problem, Forbidden) else "")
    return None


def _login(context: Context, problem: Problem) -> str:
    here = _here(context)
    query = {"redirect": here} if here not in {"", "/", "/app"} else {}
    # Of two requests of a page whose session has ended, the first one's answer takes the cookie away from the second.
    if isinstance(problem, SessionEnded) or "hx-request" in context.request.headers:
        query["expired"] = "true"
    return "/login" + (f"?{urlencode(query)}" if query else "")


def _here(context: Context) -> str:
    """The page to come back to: that which the fragment belongs to, when a fragment was asked for."""
    if context.request.method != "GET":
        return _shown_before(context)
    shown = context.request.headers.get("hx-current-url")
    url = urlsplit(shown) if shown else context.request.url
    return local_path(url.path + (f"?{url.query}" if url.query else ""), "")


def _shown_before(context: Context) -> str:
    """The page of ours that a form was sent from; empty when the browser does not say, or it was another site's."""
    shown = context.request.headers.get("hx-current-url") or context.request.headers.get("referer", "")
    url = urlsplit(shown)
    if url.netloc.lower() != context.request.headers.get("host", "").lower():
        return ""
    return local_path(url.path + (f"?{url.query}" if url.query else ""), "")
