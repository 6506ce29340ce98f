"""Wiring of the ways in, for the web process's composition root."""

from dataclasses import dataclass

from alquimista.cache.bus import Bus
from alquimista.http.limits import Limiter
from alquimista.usage.service.ingest import Ingest
from alquimista.usage.service.room import Room
from alquimista.usage.service.traces import SpanIngest
from alquimista.wiring import Services


@dataclass(frozen=True, slots=True)
class WaysIn:
    """What `install` wired."""

    events: Ingest
    spans: SpanIngest

    async def close(self) -> None:
        """Take nothing more, and write what waits: after the last request, before the database closes."""
        await self.spans.close()
        await self.events.close()


def install(services: Services, bus: Bus) -> WaysIn:
    """Wire the ways in into the services of a web process. Call `close` of the result at its end."""
    events = Ingest(services.db, bus, Limiter(services.db))
    spans = SpanIngest(services.db, events)
    services.add(Room())
    services.add(events)
    services.add(spans)
    return WaysIn(events, spans)
