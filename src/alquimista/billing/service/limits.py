"""Use against the plan's requests: people are told at 80, 95 and 100 percent, once each."""

import msgspec

from alquimista.agents import service as agents
from alquimista.billing.models.usage import UsagePeriod, reached
from alquimista.billing.queries import usage as queries
from alquimista.billing.service import invoicing, telling
from alquimista.billing.service.book import Book


async def _stop_beyond(book: Book, period: UsagePeriod, requests: int) -> None:
    """Stop the agents at the hard limit, where there is one; the next month, or more of a plan, brings them back."""
    plan, hard = book.plans[period.plan_id], book.rules.hard_percent
    beyond = hard and plan.max_requests_per_month and requests * 100 >= hard * plan.max_requests_per_month
    if not beyond or plan.overage_tiers or period.stopped_at is not None:
        return
    await agents.suspend_all(book.conn, book.tenant.id, book.now)
    await queries.save(book.conn, book.tenant.id, msgspec.structs.replace(period, stopped_at=book.now), book.now)
    await book.note("usage.stopped", requests=requests)
    await telling.stopped(book, period, requests)


async def tell_of_use(book: Book) -> int:
    """Tell a tenant of the threshold that its running month has newly reached, the highest one; 0 for none."""
    told = 0
    for period in await queries.open_periods(book.conn, book.tenant.id):
        if not period.from_on <= book.today < period.until_on:
            continue
        requests = await invoicing.requests_of(book, period)
        await _stop_beyond(book, period, requests)
        percent = reached(requests, book.plans[period.plan_id].max_requests_per_month)
        if percent > period.noticed_percent:
            fresh = await queries.get(book.conn, book.tenant.id, period.id) or period
            noticed = msgspec.structs.replace(fresh, noticed_percent=percent)
            await queries.save(book.conn, book.tenant.id, noticed, book.now)
            await telling.threshold(book, period, requests, percent)
            told = percent
    return told
