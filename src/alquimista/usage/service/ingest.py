"""Taking events: looked up, counted against the tenant's limit, gathered, written once."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from psycopg.errors import CheckViolation, UniqueViolation

from alquimista.cache.bus import Bus
from alquimista.clock import new_id
from alquimista.clock import now as clock_now
from alquimista.db.pool import Database
from alquimista.db.statement import Conn
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import TooManyRequests, Unavailable
from alquimista.http.limits import Limiter
from alquimista.http.routes import Limit
from alquimista.i18n import N_
from alquimista.observability.metrics import INGEST_EVENTS
from alquimista.usage.models.events import Event, IngestLimit, Outcome, Refusal, Row
from alquimista.usage.queries import ingest as queries
from alquimista.usage.service.directory import REFRESH_S, Directory
from alquimista.usage.service.gather import Gatherer

log = structlog.get_logger(__name__)

# A larger write runs in a transaction of its own, since others wait behind it on a pipelined connection.
_SINGLE_STATEMENT: Final = 1000

_ACCEPTED, _DUPLICATE, _UNKNOWN_AGENT, _LIMITED = map(
    INGEST_EVENTS.labels, ("accepted", "duplicate", "unknown_agent", "limited")
)


# Each attempt after the first finds events that somebody else has committed since the one before.
_ATTEMPTS: Final = 5

Rows = dict[bytes, bytes]  # By their keys, packed for the statement.


class Ingest:
    """The way in for events, one for each web process. Close it before the database.

    Args:
        db: the database.
        bus: tells it when a tenant's agents change.
        limiter: counts events against `settings.ingest_per_minute`, for all processes together.
    """

    def __init__(self, db: Database, bus: Bus, limiter: Limiter) -> None:
        self._db = db
        self._limiter = limiter
        self._limit = Limit(count=db.settings.ingest_per_minute, seconds=60, per=("tenant",))
        self.directory = Directory(db, bus)
        self._gatherer: Gatherer[Rows, int] = Gatherer(self._write, len)

    async def submit(self, tenant_id: UUID, events: Sequence[Event], *, besides: int = 0) -> Outcome:
        """Write events of a tenant, each once; what became of them, once that is committed.

        An event is counted once by its key: a repetition, in this call or at any time in 40 days, is a duplicate.
        `besides` are events refused already, which cost the tenant's limit like any other.

        Raises:
            IngestLimit: the tenant has sent too many this minute. Nothing of this call was written.
            Unavailable: the database is away or too much waits. Sending the same events again is safe.
        """
        outcome = Outcome()
        if events or besides:
            await self.admit(tenant_id, len(events) + besides)
        if not events:
            return outcome
        rows = await self._rows(tenant_id, events, outcome)
        outcome.accepted = await self._gatherer.put(tenant_id, rows) if rows else 0
        outcome.duplicates = len(events) - len(outcome.refused) - outcome.accepted
        _ACCEPTED.inc(outcome.accepted)
        _DUPLICATE.inc(outcome.duplicates)
        _UNKNOWN_AGENT.inc(len(outcome.refused))
        return outcome

    async def admit(self, tenant_id: UUID, count: int) -> None:
        """Take events from the tenant's limit. A batch as large as the limit, or larger, takes all of it.

        Raises:
            IngestLimit: not that many are left.
        """
        try:
            await self._limiter.take(f"ingest|{tenant_id.hex}", self._limit, min(count, self._limit.count))
        except TooManyRequests as refused:
            _LIMITED.inc(count)
            raise _over(refused, self._limit) from None

    async def close(self) -> None:
        """Take nothing more; write what waits."""
        await self._gatherer.close()

    async def _rows(self, tenant_id: UUID, events: Sequence[Event], outcome: Outcome) -> Rows:
        """The rows to write. Events of agents that the tenant has not activated are refused."""
        agents = await self.directory.agents(tenant_id)
        rows: Rows = {}
        for event in events:
            agent_id = agents.find(event.agent, event.occurred_at)
            if agent_id is None:
                agents = await self.directory.agents(tenant_id, newer_than=REFRESH_S)
                agent_id = agents.find(event.agent, event.occurred_at)
            if agent_id is None:
                outcome.refused.append(_unknown_agent(event))
            elif event.key not in rows:
                rows[event.key] = queries.packed(_row(event, agent_id, agents.currency))
        return rows

    async def _write(self, tenant_id: UUID, batches: list[Rows]) -> list[int]:
        """One transaction for all the batches; of each, how many events it was the first to bring."""
        rows: Rows = {}
        bringer: dict[bytes, int] = {}
        for number, batch in enumerate(batches):
            for key, row in batch.items():
                if bringer.setdefault(key, number) == number:
                    rows[key] = row
        for key in await self._store(tenant_id, rows):
            del bringer[key]
        accepted = Counter(bringer.values())
        return [accepted[number] for number in range(len(batches))]

    async def _store(self, tenant_id: UUID, rows: Rows) -> set[bytes]:
        """Write rows; the keys that were known already."""
        moment = clock_now()
        for _ in range(_ATTEMPTS):
            try:
                if len(rows) <= _SINGLE_STATEMENT:
                    return await _write(self._db.tenant(tenant_id), tenant_id, rows, moment)
                async with tenant_transaction(self._db, tenant_id) as conn:
                    return await _write(conn, tenant_id, rows, moment)
            except UniqueViolation:
                continue
        raise Unavailable(retry_after=1)


async def write(conn: Conn, tenant_id: UUID, rows: Sequence[Row], received_at: datetime) -> None:
    """Write rows once, in the caller's transaction, which must keep anybody else from writing the same events.

    Raises:
        Unavailable: the day of an event has no partition, which the daily job should have made.
    """
    await _write(conn, tenant_id, {row.key: queries.packed(row) for row in rows}, received_at)


async def _write(conn: Conn, tenant_id: UUID, rows: Mapping[bytes, bytes], received_at: datetime) -> set[bytes]:
    try:
        return await queries.write(conn, tenant_id, rows, new_id(), received_at)
    except CheckViolation as error:
        # The rows' own rules were checked when they came in; only a missing partition names no constraint.
        if error.diag.constraint_name is not None:
            raise
        log.exception("usage.no_partition", tenant_id=str(tenant_id))
        raise Unavailable(retry_after=60) from error


def _over(refused: TooManyRequests, limit: Limit) -> IngestLimit:
    # Made apart from where it is raised: an exception in a variable of a frame that it has passed keeps that frame, and
    # what was read of the request with it, until a collection.
    problem = IngestLimit(retry_after=int(refused.headers["Retry-After"]), limit=limit.count)
    problem.headers |= refused.headers
    return problem


def _unknown_agent(event: Event) -> Refusal:
    reason = N_("Your company has not activated the agent {agent}.", agent=str(event.agent)[:100])
    return Refusal(event.index, event.event_id, "unknown_agent", reason, event.agent_field)


def _row(event: Event, agent_id: UUID, currency: str) -> Row:
    measures = event.measures
    return Row(
        event.key,
        agent_id,
        event.occurred_at,
        measures.cost,
        measures.response_time_ms,
        measures.input_tokens,
        measures.output_tokens,
        1,
        measures.status,
        measures.currency or currency,
        measures.model,
        event.source,
        measures.trace_id,
        "",
        event.event_id,
    )
