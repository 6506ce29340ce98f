"""Taking spans: each trace is settled by all that is known of it, in the transaction that stores its new spans."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import msgspec

from alquimista.clock import now
from alquimista.db.pool import Database
from alquimista.db.statement import Conn
from alquimista.db.tenancy import tenant_transaction
from alquimista.i18n import N_, Text
from alquimista.usage.models.events import Refusal, Row, event_key
from alquimista.usage.models.otlp import Span
from alquimista.usage.models.traces import (
    Settled,
    Work,
    agent_names,
    kind_of,
    settle,
    span_refusal,
    work_of,
)
from alquimista.usage.queries import traces as queries
from alquimista.usage.queries.traces import StoredSpan
from alquimista.usage.service.directory import REFRESH_S, Agents
from alquimista.usage.service.gather import Gatherer
from alquimista.usage.service.ingest import Ingest, write

_SOURCE = "otlp"


# A trace is settled as a whole at each of its exports, so an endless one would cost more with each.
MAX_TRACE_SPANS: Final = 10_000


class _Taken(msgspec.Struct, frozen=True, gc=False):
    """A span that may be stored, and the work that it tells of."""

    index: int
    span: Span
    work: Work | None


class SpanIngest:
    """The way in for spans, one for each web process. Close it before the database."""

    def __init__(self, db: Database, ingest: Ingest) -> None:
        self._db = db
        self._ingest = ingest
        self._gatherer: Gatherer[list[_Taken], list[Refusal]] = Gatherer(self._write, len)

    async def submit(self, tenant_id: UUID, spans: Sequence[Span], moment: datetime) -> list[Refusal]:
        """Store spans and count what they tell of agents' work; the refused ones, once the rest is committed.

        A span that was stored before changes nothing.

        Raises:
            IngestLimit, Unavailable: as Ingest.submit.
        """
        if not spans:
            return []
        await self._ingest.admit(tenant_id, len(spans))
        agents = await self._ingest.directory.agents(tenant_id)
        taken, refused, strangers = _read(spans, agents, moment)
        if strangers and agents is not (newer := await self._ingest.directory.agents(tenant_id, newer_than=REFRESH_S)):
            taken, refused, _ = _read(spans, newer, moment)
        if taken:
            refused += await self._gatherer.put(tenant_id, taken)
        return sorted(refused, key=lambda refusal: refusal.index)

    async def close(self) -> None:
        """Take nothing more; write what waits."""
        await self._gatherer.close()

    async def _write(self, tenant_id: UUID, exports: list[list[_Taken]]) -> list[list[Refusal]]:
        """One transaction for all the exports; the refusals of each."""
        async with tenant_transaction(self._db, tenant_id) as conn:
            await queries.take_turn(conn, tenant_id)
            traces = sorted({taken.span.trace_id for export in exports for taken in export})
            sizes = await queries.sizes(conn, tenant_id, traces, MAX_TRACE_SPANS)
            full = {trace_id for trace_id, spans in sizes.items() if spans >= MAX_TRACE_SPANS}
            fitting = [taken for export in exports for taken in export if taken.span.trace_id not in full]
            orphans = await _store(conn, tenant_id, fitting, sizes.keys()) if fitting else set()
        return [[refusal for t in export if (refusal := _refusal(t, full, orphans))] for export in exports]


def _read(spans: Sequence[Span], agents: Agents, moment: datetime) -> tuple[list[_Taken], list[Refusal], bool]:
    """The spans to store, those to refuse, and whether any names an agent that is not among the tenant's."""
    taken: list[_Taken] = []
    refused: list[Refusal] = []
    strangers = False
    today = moment.astimezone(UTC).date()
    for index, span in enumerate(spans):
        if (wrong := span_refusal(span, moment)) is not None:
            refused.append(Refusal(index, span.span_id, *wrong))
            continue
        work: Work | Text | None = None
        if (kind := kind_of(span)) is not None:
            assert span.end is not None
            names = agent_names(span)
            agent_id = next((found for name in names if (found := agents.find(name, span.end))), None)
            strangers = strangers or bool(names and agent_id is None)
            work = work_of(span, kind, agent_id, agents.currency, today)
        if isinstance(work, Text):
            refused.append(Refusal(index, span.span_id, "invalid", work))
        else:
            taken.append(_Taken(index, span, work))
    return taken, refused, strangers


def _refusal(taken: _Taken, full: set[str], orphans: set[tuple[str, str]]) -> Refusal | None:
    if taken.span.trace_id in full:
        limit = N_("The trace holds {limit} spans already; begin another one.", limit=MAX_TRACE_SPANS)
        return Refusal(taken.index, taken.span.span_id, "trace_full", limit)
    return _no_agent(taken) if (taken.span.trace_id, taken.span.span_id) in orphans else None


async def _store(conn: Conn, tenant_id: UUID, taken: list[_Taken], stored: Collection[str]) -> set[tuple[str, str]]:
    """Store spans and what they change; the ids of those whose agent nobody will name any more.

    `stored` are the traces of which some spans are stored already.
    """
    moment = now()
    spans = {(t.span.trace_id, t.span.span_id): t for t in reversed(taken)}
    settled = await _settle(conn, tenant_id, list(spans.values()), stored)
    rows = [_row(work, 1 if work.counted else 0) for work in settled.added if _says_something(work)]
    rows += [_row(work, -1) for work in settled.taken_back]
    if rows:
        await write(conn, tenant_id, rows, moment)
    if settled.changed:
        await queries.store_work(conn, tenant_id, settled.changed)
    orphans = {(work.trace_id, work.span_id) for work in settled.orphans}
    agents = {(work.trace_id, work.span_id): work.agent_id for work in settled.changed}
    kept = [StoredSpan(t.span, agents.get(name)) for name, t in spans.items() if name not in orphans]
    if kept:
        await queries.store_spans(conn, tenant_id, kept, moment)
    return orphans


async def _settle(conn: Conn, tenant_id: UUID, taken: list[_Taken], stored: Collection[str]) -> Settled:
    known: dict[str, list[Work]] = defaultdict(list)
    for work in await queries.work(conn, tenant_id, sorted({t.span.trace_id for t in taken})):
        known[work.trace_id].append(work)
    new: dict[str, list[Work]] = defaultdict(list)
    for t in taken:
        if t.work is not None:
            new[t.work.trace_id].append(t.work)
    concerned = sorted(known.keys() | new.keys())
    total = Settled()
    if not concerned:
        return total
    parents: dict[str, dict[str, str]] = defaultdict(dict)
    for t in taken:
        parents[t.span.trace_id][t.span.span_id] = t.span.parent_span_id
    if known_before := [trace_id for trace_id in concerned if trace_id in stored]:
        for link in await queries.links(conn, tenant_id, known_before):
            parents[link.trace_id][link.span_id] = link.parent_span_id
    for trace_id in concerned:
        one = settle(known[trace_id], new[trace_id], parents[trace_id])
        total.changed += one.changed
        total.added += one.added
        total.taken_back += one.taken_back
        total.orphans += one.orphans
    return total


def _says_something(work: Work) -> bool:
    return work.counted or bool(work.input_tokens or work.output_tokens or work.cost_micros)


def _row(work: Work, requests: int) -> Row:
    """The row of a request (1), of tokens alone (0), or the one that takes a request back (-1) but not its tokens."""
    back = requests < 0
    assert work.agent_id is not None
    return Row(
        key=event_key("otlp-back" if back else "otlp", work.trace_id, work.span_id),
        occurred_at=work.occurred_at,
        agent_id=work.agent_id,
        requests=requests,
        status=work.status,
        response_time_ms=work.response_time_ms,
        input_tokens=0 if back else work.input_tokens,
        output_tokens=0 if back else work.output_tokens,
        cost_micros=0 if back else work.cost_micros,
        currency=work.currency,
        model=work.model,
        trace_id=work.trace_id,
        span_id=work.span_id,
        source=_SOURCE,
        event_id=f"{work.trace_id}/{work.span_id}",
    )


def _no_agent(taken: _Taken) -> Refusal:
    names = agent_names(taken.span)
    if names:
        text = N_("Your company has not activated the agent {agent}.", agent=str(names[0])[:100])
    else:
        text = N_("Neither the span, its resource nor a span above it names an agent (gen_ai.agent.name).")
    return Refusal(taken.index, taken.span.span_id, "unknown_agent", text)
