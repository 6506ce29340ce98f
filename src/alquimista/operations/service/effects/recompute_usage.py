"""RECOMPUTE_USAGE: counts days again from raw events, and tells what the sums lacked before and lack afterwards."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from alquimista import clock
from alquimista.config import Settings
from alquimista.db.statement import Conn
from alquimista.db.tenancy import tenant_transaction
from alquimista.i18n import N_
from alquimista.operations.models.kinds import RecomputeUsageParameters
from alquimista.operations.service.effects.effect import Effect, Foreseen, Output, Run
from alquimista.usage import service as usage
from alquimista.usage.models.reports import Difference, day_range


async def work(run: Run) -> Output:
    """Day by day. Done twice, the second time finds nothing to change.

    Raises:
        RawGone: raw events of some of the days are no longer kept.
    """
    wanted: RecomputeUsageParameters = run.parameters
    days = day_range(wanted.first_day, wanted.last_day)
    changed: list[dict[str, Any]] = []
    for done, day in enumerate(days):
        await run.progress(done, len(days), day.isoformat())
        before = await _differences(run, day)
        await usage.recount(run.db, run.tenant, day, day, clock.now())
        if before:
            changed.append(
                {"day": day.isoformat(), "before": _sums(before), "after": _sums(await _differences(run, day))}
            )
    return {"days": len(days), "changed_days": len(changed), "differences": changed}


async def foresee(
    conn: Conn, tenant_id: UUID, wanted: RecomputeUsageParameters, _settings: Settings, _now: datetime
) -> Foreseen:
    """What differs now.

    Raises:
        RawGone: as work.
    """
    days = day_range(wanted.first_day, wanted.last_day)
    found = await usage.compare(conn, tenant_id, wanted.first_day, wanted.last_day)
    return Foreseen(
        N_("Counts {days} days again; {n} sums differ from the raw events now.", days=len(days), n=len(found)),
        {"days": len(days), "differences": len(found)},
    )


async def _differences(run: Run, day: date) -> list[Difference]:
    async with tenant_transaction(run.db, run.tenant) as conn:
        return await usage.compare(conn, run.tenant, day, day)


def _sums(found: Sequence[Difference]) -> dict[str, Any]:
    """What the daily sums lack, all agents together; costs by currency."""
    daily = [one for one in found if one.day is not None]
    costs: dict[str, int] = {}
    for one in daily:
        costs[one.currency] = costs.get(one.currency, 0) + one.cost_micros
    return {
        "sums": len(found),
        "requests": sum(one.requests for one in daily),
        "failures": sum(one.failures for one in daily),
        "cost_micros": {currency: cost for currency, cost in costs.items() if cost},
    }


EFFECT: Final = Effect(foresee=foresee, work=work)
