"""Events on their way in: written once, refused one by one, counted against the limit."""

import asyncio
import itertools
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

import factories
from alquimista.agents import service as agents
from alquimista.cache.bus import Bus
from alquimista.clock import new_id, now
from alquimista.config import Settings
from alquimista.db.pool import Database
from alquimista.db.statement import Statement
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Unavailable
from alquimista.http.limits import Limiter
from alquimista.usage import service
from alquimista.usage.models.events import IngestBusy, IngestLimit, Outcome
from alquimista.usage.queries import ingest as queries
from alquimista.usage.service import Ingest, gather
from alquimista.usage.service.ingest import _row
from support.senders import Sender
from support.usage import Count, totals

ROWS = Statement(
    "SELECT count(*) AS count FROM alquimista_platform.agent_requests WHERE tenant_id = %(tenant_id)s", Count
)


async def rows(db: Database, sender: Sender) -> int:
    found = await db.tenant(sender.tenant_id).fetch_one(ROWS, tenant_id=sender.tenant_id)
    assert found is not None
    return found.count


async def test_a_repeated_event_is_counted_once_wherever_the_repetition_comes(
    ingest: Ingest, sender: Sender, usage_db: Database
) -> None:
    first, second = sender.event("a"), sender.event("b")
    outcome = await ingest.submit(sender.tenant_id, [first, second, first])
    assert (outcome.accepted, outcome.duplicates) == (2, 1)
    again = await ingest.submit(sender.tenant_id, [sender.event("a", at=now() - timedelta(days=3))])
    assert (again.accepted, again.duplicates) == (0, 1)
    assert await rows(usage_db, sender) == 2


async def test_requests_that_arrive_together_share_one_transaction(
    ingest: Ingest, sender: Sender, usage_db: Database
) -> None:
    outcomes = await asyncio.gather(*(ingest.submit(sender.tenant_id, [sender.event(f"e{n % 40}")]) for n in range(80)))
    assert sum(o.accepted for o in outcomes) == 40
    assert sum(o.duplicates for o in outcomes) == 40
    batches = Statement(
        "SELECT count(DISTINCT batch_id) AS count FROM alquimista_platform.usage_deltas WHERE tenant_id = %(t)s", Count
    )
    found = await usage_db.tenant(sender.tenant_id).fetch_one(batches, t=sender.tenant_id)
    assert found is not None
    assert found.count < 10


async def test_two_processes_that_race_with_the_same_events_count_each_once(
    ingest: Ingest, sender: Sender, usage_db: Database, settings: Settings
) -> None:
    other = Ingest(usage_db, Bus(settings), Limiter(usage_db))
    events = [sender.event(f"r{n}") for n in range(300)]
    outcomes = await asyncio.gather(
        ingest.submit(sender.tenant_id, events), other.submit(sender.tenant_id, events[::-1])
    )
    await other.close()
    assert sum(o.accepted for o in outcomes) == 300
    assert await rows(usage_db, sender) == 300


async def test_many_processes_that_race_with_each_others_events_count_each_once(
    sender: Sender, usage_db: Database, settings: Settings
) -> None:
    ways_in = [Ingest(usage_db, Bus(settings), Limiter(usage_db)) for _ in range(6)]
    events = [sender.event() for _ in range(40)]
    outcomes = await asyncio.gather(
        *(way_in.submit(sender.tenant_id, events[start:] + events[:start]) for start, way_in in enumerate(ways_in)),
        *(way_in.submit(sender.tenant_id, events[::-1][place:]) for place, way_in in enumerate(ways_in)),
    )
    for way_in in ways_in:
        await way_in.close()
    assert sum(o.accepted for o in outcomes) == 40
    assert await rows(usage_db, sender) == 40
    assert (await totals(usage_db, sender)).requests == 40


async def test_short_writes_are_planned_once_and_not_each(usage_db: Database, sender: Sender) -> None:
    async with tenant_transaction(usage_db, sender.tenant_id) as conn:
        for _ in range(12):
            event = sender.event()
            row = queries.packed(_row(event, sender.agents[0], "BRL"))
            await queries.write(conn, sender.tenant_id, {event.key: row}, new_id(), now())
        plans = await (
            await conn.raw.execute(
                "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE '%%sent_request%%'"
            )
        ).fetchall()
    assert len(plans) == 1
    generic, custom = plans[0]
    assert generic > 0
    assert custom <= 5


async def test_an_agent_that_is_not_activated_is_refused_and_does_not_sink_the_rest(
    ingest: Ingest, sender: Sender, usage_db: Database
) -> None:
    stranger = await factories.make_agent(usage_db)
    outcome = await ingest.submit(
        sender.tenant_id,
        [
            sender.event("x", index=0, agent=stranger.slug),
            sender.event("y", index=1),
            sender.event("z", agent=new_id()),
        ],
    )
    assert outcome.accepted == 1
    assert [(r.event_id, r.code) for r in outcome.refused] == [("x", "unknown_agent"), ("z", "unknown_agent")]
    await factories.activate_agent(usage_db, sender.tenant_id, stranger.id)
    await asyncio.sleep(1.1)  # A name that is not known is looked up again after a second.
    retried = await ingest.submit(sender.tenant_id, [sender.event("x", agent=stranger.slug)])
    assert retried.accepted == 1


async def test_another_tenants_agents_and_keys_do_not_matter(
    ingest: Ingest, sender: Sender, usage_db: Database
) -> None:
    other = await factories.make_tenant(usage_db, name="Outra")
    mine = await ingest.submit(sender.tenant_id, [sender.event("same")])
    theirs = await ingest.submit(other.id, [sender.event("same")])
    assert mine.accepted == 1
    assert [r.code for r in theirs.refused] == ["unknown_agent"]


async def test_beyond_the_limit_nothing_is_written_and_the_wait_is_told(
    sender: Sender, usage_db: Database, settings: Settings
) -> None:
    class Small(Ingest):
        """Five events a minute."""

    way_in = Small(usage_db, Bus(settings), Limiter(usage_db))
    way_in._limit = way_in._limit.__class__(count=5, seconds=60, per=("tenant",))
    assert (await way_in.submit(sender.tenant_id, [sender.event() for _ in range(4)])).accepted == 4
    with pytest.raises(IngestLimit) as refused:
        await way_in.submit(sender.tenant_id, [sender.event() for _ in range(2)])
    assert 1 <= int(refused.value.headers["Retry-After"]) <= 60
    assert await rows(usage_db, sender) == 4
    await way_in.close()


async def together(ingest: Ingest, calls: list[tuple[Sender, int]], *, refused: int) -> list[Outcome | BaseException]:
    """Send events while nothing gets written: until so many calls are refused, the others wait."""
    write, gate = ingest._gatherer._write, asyncio.Event()

    async def held(tenant_id: UUID, items: list[Any]) -> list[Any]:
        await gate.wait()
        return await write(tenant_id, items)

    ingest._gatherer._write = held
    tasks = [asyncio.create_task(ingest.submit(s.tenant_id, [s.event() for _ in range(n)])) for s, n in calls]
    for task in itertools.islice(asyncio.as_completed(tasks), refused):
        with pytest.raises(IngestBusy):
            await task
    gate.set()
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_beyond_what_may_wait_events_are_refused_at_once(
    ingest: Ingest, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gather, "MAX_PENDING", 3)
    results = await together(ingest, [(sender, 2)] * 3, refused=2)
    assert sorted(type(r).__name__ for r in results) == ["IngestBusy", "IngestBusy", "Outcome"]
    assert IngestBusy.status == 503


async def test_a_tenant_that_sends_too_much_leaves_room_for_the_others(
    ingest: Ingest, sender: Sender, usage_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gather, "MAX_PENDING", 6)
    monkeypatch.setattr(gather, "MAX_OF_TENANT", 4)
    tenant = await factories.make_tenant(usage_db)
    other = Sender(tenant.id, ((await factories.activate_agent(usage_db, tenant.id)),))
    *floods, calm = await together(ingest, [*[(sender, 2)] * 5, (other, 1)], refused=3)
    assert sorted(type(r).__name__ for r in floods) == ["IngestBusy"] * 3 + ["Outcome"] * 2
    assert isinstance(calm, Outcome)
    assert calm.accepted == 1
    assert not ingest._gatherer._pending_of
    assert ingest._gatherer._pending == 0


async def test_a_write_that_fails_leaves_nothing_and_can_be_sent_again(
    ingest: Ingest, sender: Sender, usage_db: Database
) -> None:
    # There is no partition so far ahead, so the whole statement fails, its keys included.
    with pytest.raises(Unavailable):
        await ingest.submit(sender.tenant_id, [sender.event("p", at=now() + timedelta(days=400)), sender.event("q")])
    assert await rows(usage_db, sender) == 0
    assert (await ingest.submit(sender.tenant_id, [sender.event("p"), sender.event("q")])).accepted == 2


async def test_what_waits_is_written_before_the_process_stops(
    sender: Sender, usage_db: Database, settings: Settings
) -> None:
    way_in = Ingest(usage_db, Bus(settings), Limiter(usage_db))
    waiting = asyncio.create_task(way_in.submit(sender.tenant_id, [sender.event()]))
    while not way_in._gatherer._writers:  # noqa: ASYNC110 - Nothing tells when it begins to wait.
        await asyncio.sleep(0.001)
    await way_in.close()
    assert (await waiting).accepted == 1
    with pytest.raises(IngestBusy):
        await way_in.submit(sender.tenant_id, [sender.event()])


async def test_the_directory_forgets_a_tenant_whose_agents_changed(
    ingest: Ingest, sender: Sender, settings: Settings, usage_db: Database
) -> None:
    bus = Bus(settings)
    way_in = Ingest(usage_db, bus, Limiter(usage_db))
    await way_in.directory.agents(sender.tenant_id)
    for callback in bus._callbacks["cache"]:
        callback({"tenant_id": str(sender.tenant_id), "topics": ["agents"]})
    assert way_in.directory._tenants == {}
    await way_in.close()


async def test_days_are_folded_by_many_at_once_without_loss(ingest: Ingest, sender: Sender, usage_db: Database) -> None:
    for n in range(5):
        await ingest.submit(sender.tenant_id, [sender.event(at=now() - timedelta(hours=n)) for _ in range(20)])
    await asyncio.gather(*(service.fold(usage_db, sender.tenant_id) for _ in range(4)))
    sums = await totals(usage_db, sender)
    assert (sums.requests, sums.failures, sums.response_ms, sums.input_tokens) == (100, 0, 12_000, 1000)


async def test_what_an_agent_did_before_it_was_given_up_still_counts(
    ingest: Ingest, sender: Sender, usage_db: Database
) -> None:
    given_up = now() - timedelta(hours=1)
    async with tenant_transaction(usage_db, sender.tenant_id) as conn:
        await agents.deactivate(conn, None, sender.tenant_id, sender.agents[0], given_up)
    outcome = await ingest.submit(
        sender.tenant_id, [sender.event("before", at=given_up - timedelta(minutes=1)), sender.event("after")]
    )
    assert outcome.accepted == 1
    assert [r.event_id for r in outcome.refused] == ["after"]
