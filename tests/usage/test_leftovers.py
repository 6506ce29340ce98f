"""What is refused or fails leaves nothing behind that only a collection would find: not its events, nor its request."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import psycopg

from alquimista.cache.bus import Bus
from alquimista.clock import now
from alquimista.config import Settings
from alquimista.db.pool import Database
from alquimista.db.statement import Statement
from alquimista.errors import Problem, Unavailable
from alquimista.http.limits import Limiter
from alquimista.usage.models.events import IngestLimit
from alquimista.usage.service import Ingest
from support.senders import Sender
from support.usage import Count

WRONG = Statement("SELECT 1 / (count(*) - count(*)) AS count FROM alquimista_platform.tenants", Count)


@contextmanager
def nothing_left(*kinds: type[Exception]) -> Iterator[None]:
    """No exception of these kinds waits for a collection afterwards."""
    gc.collect()
    gc.disable()
    try:
        yield
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        left: list[Any] = [repr(one) for one in gc.garbage if isinstance(one, kinds)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert not left


async def test_events_over_the_limit(usage_db: Database, sender: Sender, settings: Settings) -> None:
    way_in = Ingest(usage_db, Bus(settings), Limiter(usage_db))
    way_in._limit = way_in._limit.__class__(count=1, seconds=3_600, per=("tenant",))
    await way_in.submit(sender.tenant_id, [sender.event("first")])
    refused = 0
    with nothing_left(Problem):
        for number in range(3):
            try:
                await way_in.submit(sender.tenant_id, [sender.event(f"e{number}")])
            except IngestLimit:
                refused += 1
    assert refused == 3
    await way_in.close()


async def test_events_that_could_not_be_written(ingest: Ingest, sender: Sender) -> None:
    await ingest.submit(sender.tenant_id, [sender.event("first")])
    with nothing_left(Problem):
        # There is no partition so far ahead.
        for number in range(3):
            with suppress(Unavailable):
                await ingest.submit(sender.tenant_id, [sender.event(f"e{number}", at=now() + timedelta(days=400))])


async def test_a_statement_that_failed(usage_db: Database, sender: Sender) -> None:
    with nothing_left(psycopg.Error):
        for _ in range(3):
            with suppress(psycopg.errors.DivisionByZero):
                await usage_db.tenant(sender.tenant_id).fetch(WRONG)
