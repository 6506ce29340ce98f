"""A tenant's use through the real way in, at moments of its billing."""

from datetime import date, datetime, timedelta

from alquimista import clock
from alquimista.billing.service import invoices
from alquimista.billing.service.invoices import UsageLine
from alquimista.cache.bus import Bus
from alquimista.db.pool import Database
from alquimista.http.limits import Limiter
from alquimista.usage import service as usage
from alquimista.usage.models.drilldown import Place
from alquimista.usage.service import Ingest
from support.billing import START, Customer
from support.senders import Sender

_BATCH = 5_000


async def make_partitions(db: Database, days: int = 130) -> None:
    """Partitions for events around START and so many days after it."""
    for ahead in range(0, days, 30):
        await usage.make_partitions(db, START + timedelta(days=ahead), ahead=31)


async def use(one: Customer, count: int, at: datetime | None = None, **fields: object) -> set[str]:
    """So many requests, received now, and folded; their ids at their source. They must all be taken."""
    sender = Sender(one.tenant.id, (await one.subscription()).selected_agents)
    with clock.frozen(one.now):
        ingest = Ingest(one.db, Bus(one.db.settings), Limiter(one.db))
        events = [sender.event(at=at or one.now, **fields) for _ in range(count)]
        for first in range(0, count, _BATCH):
            outcome = await ingest.submit(one.tenant.id, events[first : first + _BATCH])
            assert not outcome.refused
        await ingest.close()
    while await usage.fold(one.db, one.tenant.id) is not None:
        pass
    return {event.event_id for event in events}


async def events_under(one: Customer, of: UsageLine) -> list[tuple[date, int]]:
    """Every event under a line, day by day and page by page: its day and what it counts."""
    conn = one.db.tenant(one.tenant.id)
    found = []
    for day in await invoices.usage_days(conn, one.tenant.id, of):
        place = None
        while page := await invoices.usage_events(conn, one.tenant.id, of, day.day, place, 1000):
            found += [(day.day, event.requests) for event in page if event.agent_id == day.agent_id]
            place = Place(page[-1].occurred_at, page[-1].id)
    return found
