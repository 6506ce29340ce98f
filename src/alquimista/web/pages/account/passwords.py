"""A forgotten password: asking for the link, and choosing a new one with it."""

from typing import Final

import msgspec
from starlette.responses import RedirectResponse, Response

from alquimista.errors import Problem
from alquimista.http.context import Context
from alquimista.identity.guards import client_of
from alquimista.identity.service.passwords import forgot_password, reset_password
from alquimista.web.forms import Form
from alquimista.web.pages.routing import SPARINGLY, get, post
from alquimista.web.rendering import page

FORGOT: Final = "/forgot-password"
RESET: Final = "/reset-password"


class ForgotForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose password."""

    email: str = ""


class TokenQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The mailed link's token."""

    token: str = ""


class ResetForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The mailed link's token and the new password."""

    token: str = ""
    password: str = ""


async def show_forgot(context: Context) -> Response:
    """The form."""
    return page(context, "auth/forgot.html", form=Form(), sent=False)


async def take_forgot(context: Context) -> Response:
    """The same answer whether or not there is such an account."""
    form: ForgotForm = context.body
    try:
        await forgot_password(context.services, form.email, client_of(context))
    except Problem as problem:
        failed = Form.failed({"email": form.email}, problem, frozenset({"email"}))
        return page(context, "auth/forgot.html", status=problem.status, form=failed, sent=False)
    return page(context, "auth/forgot.html", form=Form(), sent=True)


async def show_reset(context: Context) -> Response:
    """The form of a mailed link; the link is used only when the form is sent."""
    return page(context, "auth/reset.html", form=Form(), token=context.query.token)


async def take_reset(context: Context) -> Response:
    """Save the password and go to the sign-in."""
    form: ResetForm = context.body
    try:
        await reset_password(context.services, form.token, form.password, client_of(context))
    except Problem as problem:
        failed = Form.failed({}, problem, frozenset({"password"}))
        return page(context, "auth/reset.html", status=problem.status, form=failed, token=form.token)
    return RedirectResponse("/login?notice=reset", 303)


ROUTES: Final = (
    get(FORGOT, show_forgot, "A forgotten password"),
    post(FORGOT, take_forgot, "Ask for a reset link", body=ForgotForm, limits=SPARINGLY),
    get(RESET, show_reset, "Choose a new password", query=TokenQuery),
    post(RESET, take_reset, "Save a new password", body=ResetForm, limits=SPARINGLY),
)
