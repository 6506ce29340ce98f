"""/account/profile: one's name and language, what one signs in with, and the companies that one belongs to."""

from typing import Any, Final

import msgspec
from starlette.responses import RedirectResponse, Response

from alquimista.access import PLATFORM_TENANT, Permission
from alquimista.errors import Problem
from alquimista.http.context import Context, require_uuid
from alquimista.i18n import N_
from alquimista.identity.guards import client_of
from alquimista.identity.service.sessions import Me, me, switch_tenant, update_profile
from alquimista.notifications.guards import owner_of
from alquimista.tenants import service as tenants
from alquimista.web.forms import Form
from alquimista.web.nav import ROLE_LABELS
from alquimista.web.pages.account.preferences import remember
from alquimista.web.pages.routing import OFTEN, get, post
from alquimista.web.rendering import page
from alquimista.web.views import Notice
from alquimista.web.zones import LANGUAGES

PATH: Final = "/account/profile"
_LANGUAGES: Final = (("", N_("As the browser")), *LANGUAGES.items())
_SAVED: Final = Notice(N_("Saved."), "good", "circle-check")


class ProfileQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the form was just saved."""

    saved: bool = False


class ProfileForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Name and language; an empty language follows the browser."""

    full_name: str = ""
    locale: str = ""


class EnterForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another company that one belongs to."""

    tenant_id: str = ""


async def show(context: Context) -> Response:
    """The profile."""
    mine = await me(context.services, context.who)
    return await _page(context, mine, _filled(mine), notice=_SAVED if context.query.saved else None)


async def save(context: Context) -> Response:
    """Change name and language; this device follows at once."""
    form: ProfileForm = context.body
    try:
        await update_profile(context.services, context.who, form.full_name, form.locale or None)
    except Problem as problem:
        values = msgspec.structs.asdict(form)
        failed = Form.failed(values, problem, frozenset(values))
        return await _page(context, await me(context.services, context.who), failed, status=problem.status)
    remember(context, form.locale or None)
    return RedirectResponse(f"{PATH}?saved=true", 303)


async def enter(context: Context) -> Response:
    """Go on in another of one's companies, in this session."""
    wanted = require_uuid("tenant_id", context.body.tenant_id)
    try:
        await switch_tenant(
            context.services, context.who, None if wanted == PLATFORM_TENANT else wanted, client_of(context)
        )
    except Problem as problem:
        mine = await me(context.services, context.who)
        notice = Notice(problem.detail, "bad", icon="circle-alert")
        return await _page(context, mine, _filled(mine), notice=notice, status=problem.status)
    return RedirectResponse("/app", 303)


def _filled(mine: Me) -> Form:
    return Form({"full_name": mine.name, "locale": mine.locale or ""})


async def _page(context: Context, mine: Me, form: Form, *, notice: Notice | None = None, status: int = 200) -> Response:
    owner = owner_of(context)
    tenant = await tenants.get(context.db.tenant(owner.tenant_id), owner.tenant_id)
    return page(
        context,
        "settings/profile.html",
        status=status,
        me=mine,
        form=form,
        notice=notice,
        languages=_LANGUAGES,
        zone=tenant.time_zone,
        here=owner.tenant_id,
        role_labels=ROLE_LABELS,
        company=tenant.name if mine.tenant_id else "",
    )


_OWN: Final[dict[str, Any]] = {"permission": Permission.ACCOUNT_MANAGE, "limits": OFTEN}
ROUTES: Final = (
    get(PATH, show, "Your profile", query=ProfileQuery, **_OWN),
    post(PATH, save, "Change your profile", body=ProfileForm, **_OWN),
    post(f"{PATH}/company", enter, "Go on in another of your companies", body=EnterForm, **_OWN),
)
