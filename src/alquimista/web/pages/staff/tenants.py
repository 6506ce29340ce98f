"""/app/company/tenants: every company, filtered and searched, as a page and as a table for a spreadsheet."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import RedirectResponse, Response

from alquimista.access import PLATFORM_TENANT, Permission
from alquimista.audit.guards import seen
from alquimista.dashboards import service
from alquimista.dashboards.models.staff import TenantRow
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import BadRequest, Forbidden, Problem
from alquimista.http.context import Context
from alquimista.http.routes import Limit, TenantScope
from alquimista.i18n import N_
from alquimista.web import views
from alquimista.web.forms import Form
from alquimista.web.pages.routing import OFTEN, get, post
from alquimista.web.rendering import page
from alquimista.web.staff.tenants import (
    DONE,
    LIST,
    PAGE,
    PATH,
    SIZE,
    Filters,
    NameForm,
    TenantsQuery,
    ViewForm,
    arranged,
    csv_of,
)
from alquimista.web.tables import paged

CSV_MOST: Final = 10_000
_EMPTY: Final = Form()


class TooManyRows(BadRequest):
    code = "too_many_rows"
    message = N_("The list has more than {limit} customers. Filter it before you download it.")


async def listed(context: Context) -> Response:
    """A page of the companies."""
    query: TenantsQuery = context.query
    return await _page(context, query, notice=DONE.get(query.done))


async def download(context: Context) -> Response:
    """All of the companies that the filters leave, one a line."""
    await seen(context, PLATFORM_TENANT, resource_type="page", resource_id=f"{PATH}.csv")
    query: Filters = context.query
    found = await service.tenant_list(context.db.staff(), query.wanted, CSV_MOST, 0, context.now)
    if found.total > CSV_MOST:
        raise TooManyRows(limit=CSV_MOST)
    headers = {
        "content-disposition": f'attachment; filename="tenants-{context.now:%Y-%m-%d}.csv"',
        "cache-control": "no-store",
    }
    return Response(csv_of(found.tenants), media_type="text/csv; charset=utf-8", headers=headers)


async def save(context: Context) -> Response:
    """Keep the filters by a name."""
    form: ViewForm = context.body
    query = urlencode(form.kept)
    try:
        async with tenant_transaction(context.db, PLATFORM_TENANT) as conn:
            await service.save_view(conn, _reader(context), form.name, query, context.now)
    except Problem as problem:
        failed = Form.failed({"name": form.name}, problem, frozenset({"name"}))
        shown = TenantsQuery(**{name: getattr(form, name) for name in Filters.__struct_fields__})
        return await _page(context, shown, status=problem.status, saving=failed)
    return RedirectResponse(f"{PATH}?{query}{'&' if query else ''}done=saved", 303)


async def delete(context: Context) -> Response:
    """Delete a view. What it held is shown, so that it can be saved again."""
    form: NameForm = context.body
    async with tenant_transaction(context.db, PLATFORM_TENANT) as conn:
        was = await service.delete_view(conn, _reader(context), form.name)
    return RedirectResponse(f"{PATH}?{was.query}{'&' if was.query else ''}done=deleted", 303)


async def _page(
    context: Context,
    query: TenantsQuery,
    *,
    status: int = 200,
    notice: views.Notice | None = None,
    saving: Form = _EMPTY,
) -> Response:
    await seen(context, PLATFORM_TENANT, resource_type="page", resource_id=PATH)
    staff = context.db.staff()

    async def read(offset: int) -> tuple[Sequence[TenantRow], int]:
        found = await service.tenant_list(staff, query.wanted, SIZE, offset, context.now)
        return found.tenants, found.total

    table, choices, saved = await asyncio.gather(
        paged(read, query.page, SIZE, id=LIST, parameter="page", path=PATH, query=query.kept, target=PAGE),
        service.tenant_choices(staff),
        service.saved_views(context.db.tenant(PLATFORM_TENANT), _reader(context)),
    )
    view = arranged(query, table, choices, saved, saving)
    return page(
        context,
        "tenants/list.html",
        status=status,
        view=view,
        notice=notice,
        plans=views.PLANS,
        states=views.TENANT_STATES,
        may_create=context.who.may(Permission.TENANT_MANAGE),
    )


def _reader(context: Context) -> UUID:
    if context.who.user_id is None:
        raise Forbidden
    return context.who.user_id


_STAFF: Final[dict[str, Any]] = {
    "permission": Permission.PLATFORM_READ,
    "scope": TenantScope.PLATFORM,
    "limits": OFTEN,
}
# Ten thousand companies with their sums take a while; a person needs few such files.
_FILE: Final[dict[str, Any]] = {**_STAFF, "limits": (Limit(count=20, seconds=60, per=("user",)),)}
ROUTES: Final = (
    get(PATH, listed, "The companies", query=TenantsQuery, **_STAFF),
    get(f"{PATH}.csv", download, "The companies for a spreadsheet", query=Filters, **_FILE),
    post(f"{PATH}/views", save, "Keep filters by a name", body=ViewForm, **_STAFF),
    post(f"{PATH}/views/delete", delete, "Delete a saved view", body=NameForm, **_STAFF),
)
