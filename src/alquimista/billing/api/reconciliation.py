"""The proof that events, rollups and invoices agree, as staff see it."""

from datetime import date, datetime
from typing import Final, Self
from uuid import UUID

import msgspec

from alquimista.access import Permission
from alquimista.audit.guards import seen_by_all
from alquimista.billing.api.invoice_shapes import EXAMPLE_ID, EXAMPLE_MOMENT
from alquimista.billing.models.proofs import Finding, Proof
from alquimista.billing.models.usage import PeriodStatus
from alquimista.billing.service import reconciling
from alquimista.http.context import Context
from alquimista.http.pagination import Page
from alquimista.http.routes import Route, TenantScope
from alquimista.http.shares import READING


class ProvenPeriod(msgspec.Struct, frozen=True, rename="camel"):
    """A period of use by its events, its rollup and its invoices; null is what was not counted.

    `finding` is running (not billed yet), matches, late (what is not billed came after the invoice, and the next one
    adjusts it), raw_gone (the events are no longer kept), differs, or unchecked.
    """

    tenant_id: UUID
    tenant_name: str
    period_id: UUID
    first_day: date
    last_day: date
    status: PeriodStatus
    raw_requests: int | None
    rollup_requests: int | None
    billed_requests: int | None
    late_requests: int | None
    overage_cents: int
    line_cents: int
    currency: str
    finding: Finding
    billed_at: datetime | None
    reconciled_at: datetime | None

    @classmethod
    def of(cls, proof: Proof) -> Self:
        """What is known about a period."""
        return cls(
            tenant_id=proof.tenant_id,
            tenant_name=proof.tenant_name,
            period_id=proof.id,
            first_day=proof.from_on,
            last_day=proof.last_day,
            status=proof.status,
            raw_requests=proof.raw_requests,
            rollup_requests=proof.rollup_requests,
            billed_requests=proof.requests if proof.status is PeriodStatus.BILLED else None,
            late_requests=proof.late_requests,
            overage_cents=proof.overage_cents,
            line_cents=proof.line_cents,
            currency=proof.currency,
            finding=proof.finding,
            billed_at=proof.billed_at,
            reconciled_at=proof.reconciled_at,
        )


class Reconciliation(msgspec.Struct, frozen=True, rename="camel"):
    """A page of periods, the newest first, and how many there are."""

    periods: list[ProvenPeriod]
    total: int


async def reconciliation(context: Context) -> Reconciliation:
    """What the daily comparison found."""
    await seen_by_all(context)
    found, total = await reconciling.page(context.db.staff(), context.query.limit, context.query.offset)
    return Reconciliation([ProvenPeriod.of(one) for one in found], total)


ROUTES: Final = (
    Route(
        method="GET",
        path="/internal/billing/reconciliation",
        handler=reconciliation,
        summary="Whether events, rollups and invoices agree, for each period of use",
        tag="billing",
        permission=Permission.REVENUE_READ,
        scope=TenantScope.PLATFORM,
        query=Page,
        limits=READING,
        response=Reconciliation,
        example=Reconciliation(
            [
                ProvenPeriod(
                    tenant_id=EXAMPLE_ID,
                    tenant_name="Clínica Aurora",
                    period_id=EXAMPLE_ID,
                    first_day=date(2026, 2, 15),
                    last_day=date(2026, 3, 14),
                    status=PeriodStatus.BILLED,
                    raw_requests=12_000,
                    rollup_requests=12_000,
                    billed_requests=12_000,
                    late_requests=0,
                    overage_cents=5_000,
                    line_cents=5_000,
                    currency="BRL",
                    finding=Finding.MATCHES,
                    billed_at=EXAMPLE_MOMENT,
                    reconciled_at=EXAMPLE_MOMENT,
                )
            ],
            1,
        ),
    ),
)
