"""What the platform earns, for its administrators: as JSON, and as a table for a spreadsheet."""

from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from alquimista.access import PLATFORM_ZONE, Permission
from alquimista.audit.guards import seen_by_all
from alquimista.billing.models.periods import local_day
from alquimista.billing.models.revenue import (
    CURRENCY,
    DEFINITIONS,
    FinancialSummary,
    PlanRevenue,
    RevenueDay,
    RevenueOverview,
    RevenuePeriod,
    SegmentRevenue,
    csv_of,
)
from alquimista.billing.service import revenue as service
from alquimista.billing.service.book import REVENUE_TOPIC
from alquimista.http.context import Context
from alquimista.http.responses import Answer
from alquimista.http.routes import Cache, Limit, Route, TenantScope


class RevenueQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far back."""

    period: RevenuePeriod = RevenuePeriod.MONTH


async def overview(context: Context) -> RevenueOverview:
    """The figures of a period that ends today."""
    return await service.overview(context.db.staff(), context.query.period, context.now, context.locale)


async def export(context: Context) -> Answer:
    """The days of the same period, one a line."""
    await seen_by_all(context)
    period = context.query.period
    days = await service.trend(context.db.staff(), period, context.now)
    name = f"revenue-{period}-{local_day(context.now, PLATFORM_ZONE)}.csv"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Answer(200, csv_of(days), "text/csv; charset=utf-8", headers)


def _includes_today(_context: Context) -> bool:
    """Each period ends today, so a browser must ask again each time."""
    return True


_DAY: Final = RevenueDay(datetime(2026, 3, 1, 12, tzinfo=UTC).date(), 1691.0, 1, 1, 697.0, 0.0, 0.0, 297.0, 0.0)
_STAFF: Final[dict[str, Any]] = {
    "tag": "billing",
    "permission": Permission.REVENUE_READ,
    "scope": TenantScope.PLATFORM,
    "query": RevenueQuery,
    "limits": (Limit(count=300, seconds=60, per=("user",)),),
}
ROUTES: Final = (
    Route(
        method="GET",
        path="/internal/billing/overview",
        handler=overview,
        summary="MRR, ARR and how they moved, by plan, segment and day",
        response=RevenueOverview,
        cache=Cache(ttl=900, max_age=0, topics=(REVENUE_TOPIC,), live=_includes_today, seen=seen_by_all),
        example=RevenueOverview(
            RevenuePeriod.WEEK,
            CURRENCY,
            FinancialSummary(1691.0, 20292.0, 563.67, 1291.0, 697.0, 0.0, 0.0, 297.0, 0.0),
            [PlanRevenue("profissional", 2, 1394.0), PlanRevenue("starter", 1, 297.0)],
            [SegmentRevenue("saude", 3, 1691.0)],
            [_DAY],
            {"total_arr": str(DEFINITIONS["total_arr"])},
        ),
        **_STAFF,
    ),
    Route(
        method="GET",
        path="/internal/billing/overview.csv",
        handler=export,
        summary="The days of the same figures, for a spreadsheet",
        response=str,
        answers=("text/csv",),
        example=csv_of([_DAY]).decode("utf-8-sig"),
        **_STAFF,
    ),
)
