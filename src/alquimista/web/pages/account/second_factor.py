"""Setting up the second factor: for whom it is compulsory, before anything else opens."""

from typing import Final

import msgspec
from starlette.responses import RedirectResponse, Response

from alquimista.access import Permission
from alquimista.errors import Problem
from alquimista.http.context import Context
from alquimista.identity.guards import PROVING, client_of
from alquimista.identity.models.problems import TotpState
from alquimista.identity.service import totp
from alquimista.web.forms import Form
from alquimista.web.pages.routing import get, post
from alquimista.web.rendering import page

PATH: Final = "/account/second-factor"


class ConfirmForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first code; `secret` and `qr` show the same set-up again after a wrong one."""

    code: str = ""


class StartForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The password of who sets it up."""

    password: str = ""


async def show(context: Context) -> Response:
    """What it is, and the form that starts it. Opening the page changes nothing."""
    return _start(context, Form())


async def start(context: Context) -> Response:
    """A new secret, as a picture and as text, for who knows the password."""
    form: StartForm = context.body
    try:
        enrolment = await totp.enrol(context.services, context.who, form.password, client_of(context))
    except TotpState:
        return RedirectResponse("/account/security", 303)
    except Problem as problem:
        return _start(context, Form.failed({}, problem, frozenset({"password"})), problem.status)
    return page(context, "account/second_factor.html", form=Form(), enrolment=enrolment, codes=())


def _start(context: Context, form: Form, status: int = 200) -> Response:
    """Staff who must have one first may do nothing else meanwhile: they hold no other permission."""
    optional = context.who.may(Permission.TENANT_READ)
    return page(
        context,
        "account/second_factor.html",
        status=status,
        form=form,
        enrolment=None,
        codes=(),
        optional=optional,
    )


async def confirm(context: Context) -> Response:
    """Take the first code into use, and show the recovery codes once."""
    form: ConfirmForm = context.body
    try:
        codes = await totp.confirm(context.services, context.who, form.code, client_of(context))
    except Problem as problem:
        failed = Form.failed({}, problem, frozenset({"code"}))
        return page(
            context, "account/second_factor.html", status=problem.status, form=failed, enrolment="again", codes=()
        )
    return page(context, "account/second_factor.html", form=Form(), enrolment=None, codes=codes)


ROUTES: Final = (
    get(PATH, show, "The second factor", Permission.ACCOUNT_MANAGE),
    post(PATH, start, "Set up the second factor", Permission.ACCOUNT_MANAGE, body=StartForm, limits=PROVING),
    post(
        f"{PATH}/confirm",
        confirm,
        "Confirm the second factor",
        Permission.ACCOUNT_MANAGE,
        body=ConfirmForm,
        limits=PROVING,
    ),
)
