"""Signing in and out: /login, its second step, /logout."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

import msgspec
from starlette.responses import RedirectResponse, Response

from alquimista.errors import FieldError, Invalid, Problem
from alquimista.http.context import Context
from alquimista.http.routes import Limit
from alquimista.i18n import N_
from alquimista.identity.guards import clear_session_cookie, client_of, session_cookie
from alquimista.identity.models.oidc import local_path
from alquimista.identity.models.problems import TotpRequired, WrongCode
from alquimista.identity.service.oidc import logout_url
from alquimista.identity.service.sessions import logout
from alquimista.identity.service.signin import SignedIn, continue_browser_session, open_browser_session
from alquimista.web import nav
from alquimista.web.forms import Form
from alquimista.web.pages.routing import get, post
from alquimista.web.rendering import page
from alquimista.web.views import Notice

LOGIN: Final = "/login"
_REQUIRED: Final = N_("This field is required.")
_SAID: Final = {
    "expired": Notice(N_("Your session has ended. Sign in again to go on where you were."), "warn", icon="clock"),
    "unauthorized": Notice(N_("Your account has no role here yet. Ask an administrator."), "warn", icon="shield-alert"),
    "forbidden": Notice(N_("Your role does not open that page."), "warn", icon="shield-alert"),
    "reset": Notice(N_("The new password is saved. Sign in with it."), "good", icon="circle-check"),
    "joined": Notice(N_("Welcome! Your access is ready: sign in."), "good", icon="circle-check"),
    "out": Notice(N_("You have signed out."), "good", icon="circle-check"),
}


class LoginQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to go afterwards, and why the reader is here."""

    redirect: str = ""
    expired: str = ""
    error: str = ""
    notice: str = ""


class LoginForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """E-mail and password; missing ones are answered in the form."""

    email: str = ""
    password: str = ""
    redirect: str = ""


class CodeForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The second step: `challenge` stands for the right password."""

    challenge: str = ""
    code: str = ""
    redirect: str = ""


class OutForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sending it is enough; `expired` when the page signs out by itself, with the page to come back to."""

    expired: str = ""
    redirect: str = ""


async def show_login(context: Context) -> Response:
    """The form; who is signed in already goes on."""
    query: LoginQuery = context.query
    home = nav.home(context.actor) if context.actor else None
    if home and not query.error:
        return RedirectResponse(local_path(query.redirect, home), 303)
    why = "expired" if query.expired == "true" else query.error or query.notice
    return _form(context, Form(), query.redirect, said=_SAID.get(why))


async def take_login(context: Context) -> Response:
    """Sign in, ask for the second factor, or show what is wrong."""
    form: LoginForm = context.body
    values = {"email": form.email}
    try:
        _require({"email": form.email, "password": form.password})
        signed_in = await open_browser_session(context.services, form.email, form.password, "", client_of(context))
    except TotpRequired as needed:
        return page(
            context, "auth/totp.html", form=Form(), challenge=needed.challenge, redirect=local_path(form.redirect, "")
        )
    except Problem as problem:
        failed = Form.failed(values, problem, frozenset({"email", "password"}))
        return _form(context, failed, form.redirect, status=problem.status)
    return _enter(context, signed_in, form.redirect)


async def take_code(context: Context) -> Response:
    """The second step."""
    form: CodeForm = context.body
    try:
        _require({"code": form.code})
        signed_in = await continue_browser_session(context.services, form.challenge, form.code, client_of(context))
    except (WrongCode, Invalid) as problem:
        return page(
            context,
            "auth/totp.html",
            status=problem.status,
            form=Form.failed({}, problem, frozenset({"code"})),
            challenge=form.challenge,
            redirect=local_path(form.redirect, ""),
        )
    except Problem as problem:
        return _form(context, Form.failed({}, problem, frozenset()), form.redirect, status=problem.status)
    return _enter(context, signed_in, form.redirect)


async def take_logout(context: Context) -> Response:
    """End the session here and, when an external issuer vouched for it, there."""
    issuer = await logout(context.services, context.actor, client_of(context)) if context.actor else None
    context.cookies.append(clear_session_cookie(context.services.settings))
    form: OutForm = context.body
    here = f"{LOGIN}?notice=out"
    if form.expired:
        here = f"{LOGIN}?{urlencode({'expired': 'true', 'redirect': local_path(form.redirect, '/app')})}"
    target = await logout_url(context.services) if issuer else None
    return RedirectResponse(target or here, 303, headers={"Clear-Site-Data": '"cache"'})


def _enter(context: Context, signed_in: SignedIn, redirect: str) -> Response:
    context.cookies.append(session_cookie(context.services.settings, signed_in.opened))
    return RedirectResponse(local_path(redirect, "/app"), 303, headers={"Cache-Control": "no-store"})


def _require(values: Mapping[str, str]) -> None:
    missing = tuple(FieldError(name, _REQUIRED, "required") for name, value in values.items() if not value.strip())
    if missing:
        raise Invalid(errors=missing)


def _form(context: Context, form: Form, redirect: str, *, status: int = 200, said: Notice | None = None) -> Response:
    target = local_path(redirect, "")
    oidc = "/auth/oidc/start" if context.services.settings.oidc_issuer else None
    signup = context.services.settings.signup_enabled
    return page(
        context, "auth/login.html", status=status, form=form, redirect=target, said=said, oidc=oidc, signup=signup
    )


_PER_IP: Final = (Limit(count=60, seconds=60, per=("ip",)),)
ROUTES: Final = (
    get(LOGIN, show_login, "Sign in", query=LoginQuery),
    post(LOGIN, take_login, "Sign in", body=LoginForm, limits=_PER_IP),
    post("/login/code", take_code, "The second step of signing in", body=CodeForm, limits=_PER_IP),
    post("/logout", take_logout, "Sign out", body=OutForm, while_viewing=True),
)
