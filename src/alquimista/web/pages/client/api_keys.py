"""/app/dashboard/settings/api-keys: a company's API keys. A key itself is shown once, by the answer that makes it."""

from collections.abc import Sequence
from typing import Any, Final

from starlette.responses import RedirectResponse, Response

from alquimista.access import Permission
from alquimista.audit.guards import reader
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Problem
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.identity.service import api_keys as service
from alquimista.tenants import service as tenants
from alquimista.web.client.api_keys import (
    DONE,
    LIST,
    LIVES,
    ONE,
    OVERLAPS,
    PATH,
    SCOPES,
    KeyForm,
    KeysQuery,
    Line,
    RotateForm,
    end_of,
    line_of,
    overlap_of,
)
from alquimista.web.client.settings import SIZE, address_of, carried
from alquimista.web.forms import Form
from alquimista.web.pages.routing import OFTEN, get, post
from alquimista.web.rendering import page
from alquimista.web.tables import paged
from alquimista.web.views import Notice

_FIELDS: Final = frozenset({"name", "scopes", "days"})
_NEW: Final = Form({"days": "90"})


async def listed(context: Context) -> Response:
    """The keys that are not revoked, the newest first."""
    query: KeysQuery = context.query
    return await _page(context, query.page, notice=DONE.get(query.done))


async def create(context: Context) -> Response:
    """Make a key, and show it."""
    form: KeyForm = context.body
    try:
        ends = end_of(form, context.now)
        async with tenant_transaction(context.db, context.tenant) as conn:
            _, secret = await service.create_api_key(conn, context.who, context.tenant, form.name, form.scopes, ends)
    except Problem as problem:
        failed = Form.failed({"name": form.name, "days": form.days}, problem, _FIELDS)
        return await _page(context, status=problem.status, form=failed, ticked=form.scopes)
    return await _page(context, secret=secret)


async def rotate(context: Context) -> Response:
    """Make a key in the place of another one, and show it."""
    try:
        overlap = overlap_of(context.body)
        _, secret = await service.rotate_api_key(
            context.services, context.who, context.tenant, context.uuid("key_id"), overlap
        )
    except Problem as problem:
        return await _refused(context, problem)
    return await _page(context, secret=secret, rotated=True)


async def revoke(context: Context) -> Response:
    """End a key at once."""
    try:
        await service.revoke_api_key(context.services, context.who, context.tenant, context.uuid("key_id"))
    except Problem as problem:
        return await _refused(context, problem)
    return RedirectResponse(address_of(context, PATH, done="revoked"), 303)


async def _refused(context: Context, problem: Problem) -> Response:
    notice = Notice(problem.detail, "bad", icon="circle-alert")
    return await _page(context, status=problem.status, notice=notice)


async def _page(
    context: Context,
    number: int = 1,
    *,
    status: int = 200,
    notice: Notice | None = None,
    form: Form = _NEW,
    ticked: Sequence[str] = (),
    secret: str = "",
    rotated: bool = False,
) -> Response:
    conn = await reader(context)

    async def read(offset: int) -> tuple[Sequence[Line], int]:
        found, total = await service.list_api_keys(conn, context.tenant, SIZE, offset)
        return [line_of(key, context.now) for key in found], total

    return page(
        context,
        "settings/api_keys.html",
        status=status,
        table=await paged(
            read, number, SIZE, id=LIST, parameter="page", path=PATH, query=carried(context), target=LIST
        ),
        zone=(await tenants.get(conn, context.tenant)).time_zone,
        manages=context.who.may(Permission.API_KEY_MANAGE),
        scopes=SCOPES,
        lives=LIVES,
        overlaps=OVERLAPS,
        form=form,
        usual_overlap="24",
        ticked=ticked,
        secret=secret,
        rotated=rotated,
        notice=notice,
    )


_OWN: Final[dict[str, Any]] = {"scope": TenantScope.OWN, "limits": OFTEN}
_MANAGE: Final = Permission.API_KEY_MANAGE
ROUTES: Final = (
    get(PATH, listed, "The company's API keys", Permission.API_KEY_READ, query=KeysQuery, **_OWN),
    post(PATH, create, "Make an API key", _MANAGE, body=KeyForm, **_OWN),
    post(f"{ONE}/rotate", rotate, "Replace an API key", _MANAGE, body=RotateForm, **_OWN),
    post(f"{ONE}/revoke", revoke, "Revoke an API key", _MANAGE, **_OWN),
)
