"""/account/security: the password and the second factor of one's own account."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from starlette.responses import RedirectResponse, Response

from alquimista.access import Permission
from alquimista.errors import Problem
from alquimista.http.context import Context
from alquimista.i18n import N_
from alquimista.identity.guards import PROVING, client_of
from alquimista.identity.service import totp
from alquimista.identity.service.passwords import change_password
from alquimista.notifications.guards import owner_of
from alquimista.tenants import service as tenants
from alquimista.web.forms import Form, renamed
from alquimista.web.pages.routing import OFTEN, get, post
from alquimista.web.rendering import page
from alquimista.web.views import Notice

PATH: Final = "/account/security"
_DONE: Final = {
    "password": Notice(
        N_("The new password holds. Your sessions on other devices have ended."), "good", "circle-check"
    ),
    "off": Notice(N_("The second factor is off: the password alone opens your account now."), "warn", "triangle-alert"),
}
_FIELDS: Final = frozenset(
    {"current_password", "new_password", "renew_password", "renew_code", "off_password", "off_code"}
)
# What the services call the fields, and what the page does: it has a field of each sort only once.
_NEW: Final = {"password": "new_password"}
_RENEW: Final = {"password": "renew_password", "code": "renew_code"}
_OFF: Final = {"password": "off_password", "code": "off_code"}
_EMPTY: Final = Form()


class SecurityQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was just done."""

    done: str = ""


class PasswordForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The present password and the new one."""

    current_password: str = ""
    new_password: str = ""


class RenewForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What proves who renews the recovery codes."""

    renew_password: str = ""
    renew_code: str = ""


class OffForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What proves who gives up the second factor."""

    off_password: str = ""
    off_code: str = ""


async def show(context: Context) -> Response:
    """What protects the account."""
    return await _page(context, notice=_DONE.get(context.query.done))


async def set_password(context: Context) -> Response:
    """Change the password."""
    form: PasswordForm = context.body
    try:
        await change_password(
            context.services, context.who, form.current_password, form.new_password, client_of(context)
        )
    except Problem as problem:
        return await _refused(context, "password", renamed(problem, **_NEW))
    return RedirectResponse(f"{PATH}?done=password", 303)


async def renew_codes(context: Context) -> Response:
    """New recovery codes, shown once."""
    form: RenewForm = context.body
    try:
        codes = await totp.renew_recovery_codes(
            context.services, context.who, form.renew_password, form.renew_code, client_of(context)
        )
    except Problem as problem:
        return await _refused(context, "renew", renamed(problem, **_RENEW))
    return await _page(context, codes=codes)


async def turn_off(context: Context) -> Response:
    """Give up the second factor."""
    form: OffForm = context.body
    try:
        await totp.disable(context.services, context.who, form.off_password, form.off_code, client_of(context))
    except Problem as problem:
        return await _refused(context, "off", renamed(problem, **_OFF))
    return RedirectResponse(f"{PATH}?done=off", 303)


async def _refused(context: Context, which: str, problem: Problem) -> Response:
    return await _page(context, status=problem.status, failed=which, form=Form.failed({}, problem, _FIELDS))


async def _page(
    context: Context,
    *,
    status: int = 200,
    notice: Notice | None = None,
    failed: str = "",
    form: Form = _EMPTY,
    codes: Sequence[str] = (),
) -> Response:
    owner = owner_of(context)
    return page(
        context,
        "settings/security.html",
        status=status,
        guard=await totp.protection(context.services, context.who),
        zone=(await tenants.get(context.db.tenant(owner.tenant_id), owner.tenant_id)).time_zone,
        notice=notice,
        failed=failed,
        form=form,
        empty=_EMPTY,
        codes=codes,
    )


_OWN: Final[dict[str, Any]] = {"permission": Permission.ACCOUNT_MANAGE}
ROUTES: Final = (
    get(PATH, show, "What protects your account", query=SecurityQuery, limits=OFTEN, **_OWN),
    post(f"{PATH}/password", set_password, "Change your password", body=PasswordForm, limits=PROVING, **_OWN),
    post(f"{PATH}/recovery-codes", renew_codes, "Renew your recovery codes", body=RenewForm, limits=PROVING, **_OWN),
    post(f"{PATH}/turn-off", turn_off, "Give up your second factor", body=OffForm, limits=PROVING, **_OWN),
)
