"""What failed for good in any queue, for staff: what REPROCESS_QUEUE can move back, by its id."""

from datetime import UTC, datetime
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta

from alquimista.access import PLATFORM_TENANT, Permission
from alquimista.audit.guards import seen
from alquimista.dashboards import service
from alquimista.dashboards.api.reading import READS
from alquimista.dashboards.models.failures import FailedEntries, FailedEntry, FailureFilter
from alquimista.http.context import Context
from alquimista.http.pagination import DEFAULT_LIMIT, MAX_LIMIT, MAX_OFFSET
from alquimista.http.routes import Route, TenantScope
from alquimista.operations.models.kinds import Queue
from alquimista.tenants import service as tenants
from alquimista.tenants.models import UnknownTenant


class FailuresQuery(FailureFilter, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page of them. Its own two fields are those of Page."""

    limit: Annotated[int, Meta(ge=1, le=MAX_LIMIT, description="How many items to answer.")] = DEFAULT_LIMIT
    offset: Annotated[int, Meta(ge=0, le=MAX_OFFSET, description="How many items to skip.")] = 0


async def failures(context: Context) -> FailedEntries:
    """A page of them. Of one company it leaves a row in that company's own audit, else in the platform's."""
    query: FailuresQuery = context.query
    staff, tenant_id = context.db.staff(), query.tenant_id or PLATFORM_TENANT
    if tenant_id != PLATFORM_TENANT and not await tenants.names(staff, [tenant_id]):
        raise UnknownTenant
    await seen(context, tenant_id)
    return await service.failures(staff, query, query.limit, query.offset)


_ID: Final = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
ROUTES: Final = (
    Route(
        method="GET",
        path="/internal/operations/failures",
        handler=failures,
        summary="What failed for good and can be moved back into its queue, the latest first",
        tag="operations",
        permission=Permission.PLATFORM_READ,
        scope=TenantScope.PLATFORM,
        limits=READS,
        query=FailuresQuery,
        response=FailedEntries,
        problems=(UnknownTenant,),
        example=FailedEntries(
            [
                FailedEntry(
                    queue=Queue.MAILS,
                    tenant_id=_ID,
                    tenant_name="Clínica Aurora",
                    id=str(_ID),
                    what="Fatura 12: R$ 297,00, vence em 10/03/2026",
                    target="m***@example.com",
                    reason="MailRefused: 550 mailbox unavailable",
                    failed_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
                )
            ],
            1,
        ),
    ),
)
