"""/app/company/billing: what the platform earns, what it is owed, and whether its invoices can be proven."""

from collections.abc import Sequence
from typing import Any, Final

from starlette.responses import HTMLResponse

from alquimista.access import PLATFORM_TENANT, Permission
from alquimista.audit.guards import seen
from alquimista.billing.models.invoices import Owed, OwedInvoice
from alquimista.billing.models.proofs import Proof
from alquimista.billing.service import reconciling, standing
from alquimista.billing.service import revenue as service
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.web import views
from alquimista.web.pages.routing import OFTEN, get
from alquimista.web.rendering import page
from alquimista.web.staff.revenue import MAIN, PATH, RECEIVED, RevenueQuery, arranged
from alquimista.web.tables import PAGE_SIZE, paged


async def revenue(context: Context) -> HTMLResponse:
    """The whole page, read fresh: money that just arrived is no longer owed."""
    await seen(context, PLATFORM_TENANT, resource_type="page", resource_id=PATH)
    query: RevenueQuery = context.query
    staff, totals = context.db.staff(), list[Owed]()

    async def read_owed(offset: int) -> tuple[Sequence[OwedInvoice], int]:
        rows, totals[:] = await standing.owed_by_all(staff, context.now, PAGE_SIZE, offset)
        return rows, sum(one.invoices for one in totals)

    async def read_proofs(offset: int) -> tuple[Sequence[Proof], int]:
        return await reconciling.page(staff, PAGE_SIZE, offset)

    kept = {"period": query.period.value, "owed": str(query.owed), "proofs": str(query.proofs)}
    place: dict[str, Any] = {"path": PATH, "query": kept, "target": MAIN}
    view = arranged(
        await service.overview(staff, query.period, context.now, context.locale),
        await paged(read_owed, query.owed, id="owed", parameter="owed", **place),
        totals,
        await paged(read_proofs, query.proofs, id="proofs", parameter="proofs", **place),
        context.locale,
    )
    return page(
        context,
        "billing/revenue.html",
        view=view,
        notice=RECEIVED if query.done == "received" else None,
        findings=views.FINDINGS,
        kinds=views.INVOICE_KINDS,
        overdue=views.OVERDUE,
    )


ROUTES: Final = (
    get(
        PATH,
        revenue,
        "What the platform earns and is owed",
        Permission.REVENUE_READ,
        scope=TenantScope.PLATFORM,
        query=RevenueQuery,
        limits=OFTEN,
    ),
)
