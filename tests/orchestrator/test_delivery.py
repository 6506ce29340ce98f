"""Each consumer gets each event at least once, or the row says why not."""

import asyncio
from datetime import timedelta

import pytest

from alquimista import clock
from alquimista.db.tenancy import tenant_transaction
from alquimista.events import EventType
from alquimista.orchestrator import service
from alquimista.orchestrator.models.consumers import Consumer, Consumers
from alquimista.orchestrator.models.events import MOST_HOPS, MOST_TRIES, PAUSES, DeliverEvent, TooManyHops

OPENED = EventType.INCIDENT_OPENED


async def publish(db, tenant_id, event_type=OPENED, **more):
    async with tenant_transaction(db, tenant_id) as conn:
        return await service.publish(conn, tenant_id, event_type, {"n": 1}, **more)


def noting(name="notes", *types, fail=0):
    """A consumer that keeps what it gets, after failing so many times."""
    got = []

    async def handle(_services, event):
        got.append(event)
        if len(got) <= fail:
            raise ConnectionError("ana@example.com did not answer")

    return Consumer(name, frozenset(types or (OPENED,)), handle), got


async def deliveries(company, event_id):
    answer = await company.staff.get(f"/internal/events/{event_id}")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    return found["event"], {one["consumer"]: one for one in found["deliveries"]}


async def test_everyone_who_wants_an_event_gets_it_and_nobody_else(company, db, consuming, work):
    first, got = noting("first")
    second, too = noting("second", OPENED, EventType.INCIDENT_RESOLVED)
    third, nothing = noting("third", EventType.TICKET_ANSWERED)
    event_id = await publish(db, company.id)
    await work(consuming(first, second, third), company.id)
    assert [one.id for one in got] == [one.id for one in too] == [event_id]
    assert (got[0].data, got[0].tenant_id, got[0].key) == ({"n": 1}, company.id, str(event_id))
    assert nothing == []
    event, rows = await deliveries(company, event_id)
    assert (event["status"], set(rows)) == ("processed", {"first", "second"})


async def test_an_event_that_nobody_wants_is_done_at_once(company, db, consuming, work):
    event_id = await publish(db, company.id)
    await work(consuming(), company.id)
    assert (await deliveries(company, event_id))[0]["status"] == "processed"


async def test_what_is_rolled_back_was_never_published(company, db, sql):
    with pytest.raises(ZeroDivisionError):
        async with tenant_transaction(db, company.id) as conn:
            await service.publish(conn, company.id, OPENED, {})
            raise ZeroDivisionError
    assert await sql("SELECT 1 FROM fibonacci_core.events WHERE tenant_id = %s", company.id) == []
    assert await sql("SELECT 1 FROM fibonacci_core.traces WHERE tenant_id = %s", company.id) == []


async def test_publishing_again_under_an_id_changes_nothing(company, db, sql):
    event_id = clock.new_id()
    assert [await publish(db, company.id, event_id=event_id) for _ in range(2)] == [event_id] * 2
    assert await sql("SELECT count(*) FROM fibonacci_core.events WHERE tenant_id = %s", company.id) == [(1,)]


async def test_a_type_outside_the_vocabulary_is_a_mistake(company, db):
    with pytest.raises(ValueError, match="typo"):
        await publish(db, company.id, "incident.typo")


async def test_a_consumer_that_fails_is_tried_again_alone_and_then_given_up(company, db, consuming):
    good, once = noting("good")
    bad, often = noting("bad", fail=100)
    services = consuming(good, bad)
    event_id = await publish(db, company.id)
    await service.route(services, company.id, event_id)
    await service.deliver(services, company.id, DeliverEvent(event_id, "good"))
    moment = clock.now()
    for step in range(MOST_TRIES):
        with clock.frozen(moment):
            await service.deliver(services, company.id, DeliverEvent(event_id, "bad"))
            await service.deliver(services, company.id, DeliverEvent(event_id, "bad"))  # Too early.
        assert len(often) == step + 1
        event, rows = await deliveries(company, event_id)
        assert event["status"] == ("failed" if step == len(PAUSES) else "processing")
        if step < len(PAUSES):
            moment += PAUSES[step]
    assert (rows["bad"]["state"], rows["bad"]["attempts"]) == ("dead", MOST_TRIES)
    assert "ConnectionError" in rows["bad"]["last_error"]
    assert "ana@" not in rows["bad"]["last_error"]
    assert (len(once), event["retry_count"]) == (1, MOST_TRIES)


async def test_a_replay_reaches_those_that_failed_or_everybody(company, db, consuming, work):
    good, once = noting("good")
    bad, often = noting("bad", fail=MOST_TRIES)
    services = consuming(good, bad)
    event_id = await publish(db, company.id)
    replay = f"/internal/events/{event_id}/replay"
    await service.route(services, company.id, event_id)
    answer = await company.staff.post(replay, json={})
    assert (answer.status_code, answer.json()["error"]) == (409, "event_nothing_to_replay")
    for minutes in (0, 1, 5, 30):
        with clock.frozen(clock.now() + timedelta(minutes=minutes)):
            await work(services, company.id)
    assert (await deliveries(company, event_id))[0]["status"] == "failed"
    answer = await company.support.post(replay, json={})
    assert answer.status_code == 202, answer.text
    await work(services, company.id)
    assert (await deliveries(company, event_id))[0]["status"] == "processed"
    assert (len(once), len(often)) == (1, MOST_TRIES + 1)
    assert (await company.staff.post(replay, json={"which": "all"})).status_code == 202
    late, newcomer = noting("late")
    services = consuming(good, bad, late)
    await service.route(services, company.id, event_id)
    await work(services, company.id)
    assert (len(once), len(often), len(newcomer)) == (2, MOST_TRIES + 2, 1)
    assert {one.key for one in (*once, *often, *newcomer)} == {str(event_id)}


async def test_two_workers_that_are_woken_up_for_one_delivery_make_it_once(company, db, consuming):
    one, got = noting()
    services = consuming(one)
    event_id = await publish(db, company.id)
    await asyncio.gather(*(service.route(services, company.id, event_id) for _ in range(3)))
    await asyncio.gather(*(service.deliver(services, company.id, DeliverEvent(event_id, "notes")) for _ in range(4)))
    assert len(got) == 1


async def test_two_consumers_that_end_at_once_leave_the_event_processed(company, db, consuming):
    gate = asyncio.Event()

    async def wait(_services, _event):
        await gate.wait()

    names = ("a", "b", "c")
    services = consuming(*(Consumer(name, frozenset({OPENED}), wait) for name in names))
    event_id = await publish(db, company.id)
    await service.route(services, company.id, event_id)
    tasks = [asyncio.create_task(service.deliver(services, company.id, DeliverEvent(event_id, n))) for n in names]
    gate.set()
    await asyncio.gather(*tasks)
    assert (await deliveries(company, event_id))[0]["status"] == "processed"


async def test_a_worker_that_dies_before_it_marks_a_delivery_leads_to_a_second_never_to_none(
    company, db, consuming, sql
):
    got = []
    committed = asyncio.Event()

    async def handle(_services, event):
        got.append(event.key)
        committed.set()
        if len(got) == 1:
            await asyncio.Event().wait()  # Its own transaction is committed; now the worker dies.

    services = consuming(Consumer("notes", frozenset({OPENED}), handle))
    event_id = await publish(db, company.id)
    await service.route(services, company.id, event_id)
    one = DeliverEvent(event_id, "notes")
    dying = asyncio.create_task(service.deliver(services, company.id, one))
    await committed.wait()
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    await service.deliver(services, company.id, one)  # Its lease is not over.
    assert len(got) == 1
    await sql("DELETE FROM alquimista_platform.job_queue")
    with clock.frozen(clock.now() + timedelta(minutes=3)):
        assert company.id in await service.tenants_due(db.staff(), clock.now())
        await service.sweep(services, company.id)
        jobs = await sql("SELECT count(*) FROM alquimista_platform.job_queue WHERE entrypoint = %s", service.DELIVER)
        assert jobs == [(1,)]
        await service.deliver(services, company.id, one)
    assert got == [str(event_id)] * 2
    assert (await deliveries(company, event_id))[0]["status"] == "processed"


async def test_one_that_kills_each_worker_is_given_up(company, db, consuming, sql):
    one, got = noting()
    services = consuming(one)
    event_id = await publish(db, company.id)
    await service.route(services, company.id, event_id)
    await sql("UPDATE fibonacci_core.event_deliveries SET step = %s WHERE event_id = %s", MOST_TRIES, event_id)
    await service.deliver(services, company.id, DeliverEvent(event_id, "notes"))
    assert got == []
    assert (await deliveries(company, event_id))[0]["status"] == "failed"


async def test_an_event_whose_job_was_lost_is_routed_later(company, db, consuming, sql):
    event_id = await publish(db, company.id)
    await sql("DELETE FROM alquimista_platform.job_queue")
    with clock.frozen(clock.now() + timedelta(minutes=1)):
        assert company.id in await service.tenants_due(db.staff(), clock.now())
        await service.sweep(consuming(), company.id)
    assert await sql("SELECT entrypoint FROM alquimista_platform.job_queue") == [(service.ROUTE,)]
    await service.route(consuming(), company.id, event_id)
    with clock.frozen(clock.now() + timedelta(days=31)):
        assert company.id in await service.tenants_due(db.staff(), clock.now())
        await service.sweep(consuming(), company.id)
    assert await sql("SELECT 1 FROM fibonacci_core.events WHERE tenant_id = %s", company.id) == []


async def test_a_consumer_that_takes_too_long_is_cut_off(company, db, consuming, work):
    async def wait(_services, _event):
        await asyncio.Event().wait()

    services = consuming(Consumer("slow", frozenset({OPENED}), wait, timeout_s=0.05))
    event_id = await publish(db, company.id)
    await work(services, company.id)
    assert "TimeoutError" in (await deliveries(company, event_id))[1]["slow"]["last_error"]


async def test_no_consumer_gets_what_it_published_itself(company, db, consuming, work):
    got = []

    async def handle(services, event):
        got.append(event)
        async with tenant_transaction(services.db, event.tenant_id) as conn:
            await service.publish(conn, event.tenant_id, OPENED, {"again": True})

    await publish(db, company.id)
    await work(consuming(Consumer("echo", frozenset({OPENED}), handle)), company.id)
    assert len(got) == 1


async def test_two_that_answer_each_other_come_to_an_end(company, db, consuming, work, sql):
    def answering(name, hears, says):
        async def handle(services, event):
            async with tenant_transaction(services.db, event.tenant_id) as conn:
                await service.publish(conn, event.tenant_id, says, {})

        return Consumer(name, frozenset({hears}), handle)

    services = consuming(
        answering("ping", OPENED, EventType.INCIDENT_RESOLVED), answering("pong", EventType.INCIDENT_RESOLVED, OPENED)
    )
    await publish(db, company.id)
    for minutes in (0, 1, 5, 30):
        with clock.frozen(clock.now() + timedelta(minutes=minutes)):
            await work(services, company.id)
    rows = await sql("SELECT hops FROM fibonacci_core.events WHERE tenant_id = %s ORDER BY hops", company.id)
    assert [hops for (hops,) in rows] == list(range(MOST_HOPS + 1))
    errors = await sql("SELECT last_error FROM fibonacci_core.event_deliveries WHERE state = 'dead'")
    assert any(TooManyHops.__name__ in error for (error,) in errors)


def test_consumers_have_names_of_their_own_and_do_not_begin_again_when_done():
    one, _ = noting()
    with pytest.raises(ValueError, match="names of their own"):
        Consumers([one, one])
    again, _ = noting("recebimento", EventType.RECEIVING_DONE)
    with pytest.raises(ValueError, match="begin again"):
        Consumers([again])
