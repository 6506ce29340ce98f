"""The forms with which staff begin and end their look at a company as its administrator sees it."""

from contextlib import suppress
from typing import Final
from uuid import UUID

import msgspec
from starlette.responses import RedirectResponse, Response

from alquimista.access import Permission
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.identity.guards import VIEWING, client_of
from alquimista.identity.models.problems import ViewIsOver
from alquimista.identity.models.sessions import ViewReason
from alquimista.identity.service.viewing import end_view, start_view
from alquimista.web.pages.routing import post


class ViewForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which company, and why."""

    tenant_id: UUID
    reason: ViewReason


class EndForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing beside the token of every form."""


async def begin(context: Context) -> Response:
    """Begin, and go to the company's overview."""
    form: ViewForm = context.body
    await start_view(context.services, context.who, form.tenant_id, form.reason, client_of(context))
    return _away()


async def finish(context: Context) -> Response:
    """End, and go back to one's own overview; also where it was over by itself."""
    with suppress(ViewIsOver):
        await end_view(context.services, context.who, client_of(context))
    return _away()


def _away() -> Response:
    # What a browser kept of the one half of the product must not be shown in the other.
    headers = {"Clear-Site-Data": '"cache"', "Cache-Control": "no-store"}
    return RedirectResponse("/app", 303, headers=headers)


ROUTES: Final = (
    post(
        "/app/company/view-as",
        begin,
        "Look at a company as its administrator",
        Permission.TENANT_VIEW_AS,
        scope=TenantScope.PLATFORM,
        body=ViewForm,
        limits=VIEWING,
    ),
    post(
        "/app/view-as/end",
        finish,
        "End the look at a company",
        Permission.TENANT_VIEW_AS,
        body=EndForm,
        while_viewing=True,
    ),
)
