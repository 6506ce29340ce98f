"""Use against the plan's requests: people are told at 80, 95 and 100 percent, once each."""

import msgspec

from alquimista.billing.models.usage import reached
from alquimista.billing.queries import usage as queries
from alquimista.billing.service import invoicing, telling
from alquimista.billing.service.book import Book


async def tell_of_use(book: Book) -> int:
    """Tell a tenant of the threshold that its running month has newly reached, the highest one; 0 for none."""
    told = 0
    for period in await queries.open_periods(book.conn, book.tenant.id):
        if not period.from_on <= book.today < period.until_on:
            continue
        requests = await invoicing.requests_of(book, period)
        percent = reached(requests, book.plans[period.plan_id].max_requests_per_month)
        if percent > period.noticed_percent:
            noticed = msgspec.structs.replace(period, noticed_percent=percent)
            await queries.save(book.conn, book.tenant.id, noticed, book.now)
            await telling.threshold(book, period, requests, percent)
            told = percent
    return told
