"""/app/company/system/failures: what failed for good in any queue, and the way back into it."""

from collections.abc import Sequence
from typing import Any, Final

from starlette.responses import HTMLResponse

from alquimista.access import PLATFORM_TENANT, PLATFORM_ZONE, Permission
from alquimista.audit.guards import seen
from alquimista.dashboards import service
from alquimista.dashboards.models.failures import FailedEntry
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.operations.models.kinds import KINDS, CommandType
from alquimista.web.pages.routing import OFTEN, get
from alquimista.web.rendering import page
from alquimista.web.staff.failures import (
    CHOICES,
    MAIN,
    PATH,
    QUEUES,
    SIZE,
    Failures,
    FailuresPageQuery,
    reason,
)
from alquimista.web.tables import paged


async def failures(context: Context) -> HTMLResponse:
    """A page of them; of one company it leaves a row in that company's own audit too."""
    query: FailuresPageQuery = context.query
    await seen(context, PLATFORM_TENANT, resource_type="page", resource_id=PATH)

    async def read(offset: int) -> tuple[Sequence[FailedEntry], int]:
        found = await service.failures(context.db.staff(), query.wanted, SIZE, offset, query.search)
        return found.entries, found.total

    entries = await paged(read, query.page, SIZE, id="list", parameter="page", path=PATH, query=query.kept, target=MAIN)
    if query.tenant not in {None, PLATFORM_TENANT} and entries.total:
        await seen(context, query.tenant, resource_type="page", resource_id=PATH)
    may_give = context.who.may(KINDS[CommandType.REPROCESS_QUEUE].permission)
    view = Failures(query=query, entries=entries, may_give=may_give)
    values: dict[str, Any] = {"queues": QUEUES, "choices": CHOICES, "reason": reason, "zone": PLATFORM_ZONE}
    return page(context, "platform/failures.html", view=view, **values)


ROUTES: Final = (
    get(
        PATH,
        failures,
        "What failed for good, and the way back",
        Permission.PLATFORM_READ,
        scope=TenantScope.PLATFORM,
        query=FailuresPageQuery,
        limits=OFTEN,
    ),
)
