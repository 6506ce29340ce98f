"""Opening an account: by invitation, or by signing up where the setting allows it."""

from typing import Final

import msgspec
from starlette.responses import RedirectResponse, Response

from alquimista.errors import Problem
from alquimista.http.context import Context
from alquimista.i18n import Text
from alquimista.identity.guards import client_of
from alquimista.identity.models.problems import SignupClosed
from alquimista.identity.service.invitations import accept_invitation, read_invitation
from alquimista.identity.service.signup import confirm_signup, sign_up
from alquimista.tenants.models import NewTenant
from alquimista.web import nav
from alquimista.web.forms import Form
from alquimista.web.pages.account.passwords import TokenQuery
from alquimista.web.pages.routing import SPARINGLY, get, post
from alquimista.web.rendering import page

INVITATION: Final = "/accept-invitation"
SIGNUP: Final = "/signup"
CONFIRM: Final = "/confirm-signup"
WELCOME: Final = "/app/dashboard/welcome"  # The first steps of a company.
_PERSON: Final = frozenset({"full_name", "password"})
_COMPANY: Final = frozenset({"password", "name", "cnpj", "segment"})


class Invited(msgspec.Struct, frozen=True):
    """What a link invites to; `known`: the address has an account, so nothing more is asked."""

    company: str
    email: str
    role: Text
    known: bool


class AcceptForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The mailed link's token; name and password of a new person."""

    token: str = ""
    full_name: str = ""
    password: str = ""


class SignupForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who wants an account."""

    email: str = ""
    full_name: str = ""


class ConfirmForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The mailed link's token, the password and the company."""

    token: str = ""
    password: str = ""
    name: str = ""
    cnpj: str = ""
    segment: str = ""


async def show_invitation(context: Context) -> Response:
    """What the link invites to, and the form."""
    return await _invitation(context, context.query.token, Form())


async def take_invitation(context: Context) -> Response:
    """Join, and go to the sign-in."""
    form: AcceptForm = context.body
    try:
        await accept_invitation(
            context.services, form.token, form.full_name or None, form.password or None, client_of(context)
        )
    except Problem as problem:
        failed = Form.failed({"full_name": form.full_name}, problem, _PERSON)
        return await _invitation(context, form.token, failed, problem.status)
    return RedirectResponse("/login?notice=joined", 303)


async def _invitation(context: Context, token: str, form: Form, status: int = 200) -> Response:
    try:
        state, known = await read_invitation(context.services, token)
    except Problem as problem:
        failed = Form(problem=problem.detail)
        return page(context, "auth/invitation.html", status=problem.status, form=failed, invitation=None, token="")
    invited = Invited(state.tenant_name, state.email, nav.ROLE_LABELS[state.role], known)
    return page(context, "auth/invitation.html", status=status, form=form, invitation=invited, token=token)


async def show_signup(context: Context) -> Response:
    """The form, where signing up is open."""
    if not context.services.settings.signup_enabled:
        raise SignupClosed
    return page(context, "auth/signup.html", form=Form(), sent=False)


async def take_signup(context: Context) -> Response:
    """Mail the link; the same answer for every address."""
    form: SignupForm = context.body
    try:
        await sign_up(context.services, form.email, form.full_name, client_of(context))
    except Problem as problem:
        values = {"email": form.email, "full_name": form.full_name}
        failed = Form.failed(values, problem, frozenset(values))
        return page(context, "auth/signup.html", status=problem.status, form=failed, sent=False)
    return page(context, "auth/signup.html", form=Form(), sent=True)


async def show_confirm(context: Context) -> Response:
    """The form of a mailed link; the link is used only when the form is sent."""
    return page(context, "auth/signup_confirm.html", form=Form(), token=context.query.token)


async def take_confirm(context: Context) -> Response:
    """Open the company, and go to the sign-in."""
    form: ConfirmForm = context.body
    company = NewTenant(name=form.name, cnpj=form.cnpj, segment=form.segment, locale=context.locale)
    try:
        await confirm_signup(context.services, form.token, form.password, company, client_of(context))
    except Problem as problem:
        values = {"name": form.name, "cnpj": form.cnpj, "segment": form.segment}
        failed = Form.failed(values, problem, _COMPANY)
        return page(context, "auth/signup_confirm.html", status=problem.status, form=failed, token=form.token)
    return RedirectResponse(f"/login?notice=joined&redirect={WELCOME}", 303)


ROUTES: Final = (
    get(INVITATION, show_invitation, "An invitation", query=TokenQuery, limits=SPARINGLY),
    post(INVITATION, take_invitation, "Accept an invitation", body=AcceptForm, limits=SPARINGLY),
    get(SIGNUP, show_signup, "Open an account"),
    post(SIGNUP, take_signup, "Ask for an account", body=SignupForm, limits=SPARINGLY),
    get(CONFIRM, show_confirm, "Confirm an account", query=TokenQuery),
    post(CONFIRM, take_confirm, "Open the company", body=ConfirmForm, limits=SPARINGLY),
)
