"""What commands do, for real."""

import asyncio
import dataclasses
from datetime import datetime, timedelta

import msgspec

import factories
from alquimista import clock
from alquimista.access import PLATFORM_TENANT
from alquimista.cache import bus
from alquimista.cache.bus import Bus
from alquimista.db.tenancy import tenant_transaction
from alquimista.jobs import queries as queue
from alquimista.jobs import service as failures
from alquimista.jobs.models import Job
from alquimista.jobs.queue import enqueue
from alquimista.notifications.service import send_mail
from alquimista.operations import jobs, service
from alquimista.operations.models.kinds import CommandType
from alquimista.operations.service.effects import health_check
from alquimista.usage import service as usage
from alquimista.wiring import Services
from support.identity import eventually
from support.redis_server import redis_server

TESTED = """
INSERT INTO alquimista_platform.tenant_integrations (tenant_id, id, type, provider, name, status, checked_at, failures,
  last_error, created_at, updated_at) VALUES (%s, %s, 'email', 'demo', %s, %s, %s, %s, 'x', now(), now())
"""
HEALTH, REPROCESS, RECOUNT = CommandType.HEALTH_CHECK, CommandType.REPROCESS_QUEUE, CommandType.RECOMPUTE_USAGE


async def outcome(services, command, line):
    services.extras.pop(health_check.Platform, None)  # What was found a moment ago is forgotten: each test changes it.
    await service.run(services, command.tenant_id, command.id)
    found = await line(command)
    assert found.status == "SUCCESS", found.error_message
    return found.output


# HEALTH_CHECK


async def test_the_platform_is_looked_at_with_a_latency_for_each_probe(services, give, line, sql, empty) -> None:
    await sql("DELETE FROM alquimista_platform.workers")
    found = await outcome(services, await give(HEALTH), line)
    assert set(found["probes"]) == {"database", "bus", "queue", "workers", "disk"}
    assert all(one["latency_ms"] >= 0 for one in found["probes"].values())
    assert (found["status"], found["probes"]["workers"]) == (
        "unhealthy", {"status": "unhealthy", "alive": 0, "latency_ms": found["probes"]["workers"]["latency_ms"]},
    )  # fmt: skip
    await queue.beat(services.db.staff(), clock.new_id(), clock.now())
    assert (await outcome(services, await give(HEALTH), line))["status"] == "healthy"


async def test_checks_of_one_moment_look_at_the_platform_once(services, give, line, empty) -> None:
    given = [await give(HEALTH) for _ in range(5)]
    await asyncio.gather(*(service.run(services, one.tenant_id, one.id) for one in given))
    found = [(await line(one)).output["probes"] for one in given]
    assert all(one == found[0] for one in found)
    later = await outcome(services, await give(HEALTH), line)
    assert later["probes"] != found[0], "what is old is looked at again"


async def test_a_queue_that_waits_is_told(services, give, line, sql, empty) -> None:
    await queue.beat(services.db.staff(), clock.new_id(), clock.now())
    await enqueue(services.db.tenant(PLATFORM_TENANT), "test.a")
    await enqueue(services.db.tenant(PLATFORM_TENANT), "test.b")
    for seconds, status in ((0, "healthy"), (100, "degraded"), (400, "unhealthy")):
        await sql(
            "UPDATE alquimista_platform.job_queue SET execute_after = now() - make_interval(secs => %s)"
            " WHERE entrypoint = 'test.b'",
            seconds,
        )
        found = await outcome(services, await give(HEALTH), line)
        assert (found["status"], found["probes"]["queue"]["status"]) == (status, status)
        assert abs(found["probes"]["queue"]["oldest_seconds"] - seconds) < 30
    await enqueue(services.db.tenant(PLATFORM_TENANT), "test.c", run_at=clock.now() + timedelta(days=1))


async def test_a_company_is_looked_at_with_its_integrations_and_agents(services, db, give, line, sql, empty) -> None:
    tenant = await factories.make_tenant(db)
    agent = await factories.activate_agent(db, tenant.id)
    await queue.beat(db.staff(), clock.new_id(), clock.now())
    found = await outcome(services, await give(HEALTH, tenant.id), line)
    assert found["probes"]["agents"]["active"] == [
        {"agent_id": str(agent), "name": "Vendas Ativas", "offline": False, "last_request_hour": None}
    ]
    assert found["status"] == "healthy"
    noted = "INSERT INTO alquimista_platform.agent_standings (tenant_id, agent_id, offline_at, updated_at)"
    await sql(f"{noted} VALUES (%s, %s, now(), now())", tenant.id, agent)
    found = await outcome(services, await give(HEALTH, tenant.id), line)
    assert (found["status"], found["probes"]["agents"]["offline"]) == ("degraded", 1)
    await sql("DELETE FROM alquimista_platform.agent_standings WHERE tenant_id = %s", tenant.id)
    await sql(
        "INSERT INTO alquimista_platform.tenant_integrations (tenant_id, id, type, provider, name, status,"
        " created_at, updated_at) VALUES (%s, %s, 'email', 'demo', 'SMTP', 'error', now(), now())",
        tenant.id, clock.new_id(),
    )  # fmt: skip
    found = await outcome(services, await give(HEALTH, tenant.id), line)
    assert (found["status"], found["probes"]["integrations"]["states"]["error"]) == ("degraded", 1)


async def test_a_probe_that_fails_is_unhealthy_and_the_others_are_told(
    services, give, line, monkeypatch, empty
) -> None:
    async def broken(_run):
        raise OSError("no route")

    monkeypatch.setitem(health_check._PLATFORM, "disk", broken)
    found = await outcome(services, await give(HEALTH), line)
    assert found["status"] == "unhealthy"
    assert found["probes"]["disk"]["reason"] == "OSError"
    assert found["probes"]["database"]["status"] == "healthy"


async def test_the_bus_is_as_well_as_a_message_that_is_heard(services, give, line, monkeypatch, empty) -> None:
    monkeypatch.setattr(bus, "PROOF_WITHIN_S", 0.1)
    deaf = Bus(services.settings)
    told = Services(services.settings, services.db, services.extras | {Bus: deaf})
    found = await outcome(told, await give(HEALTH), line)
    assert found["probes"]["bus"]["status"] == "degraded", "it knows, and caches are passed by"
    deaf.healthy = True
    found = await outcome(told, await give(HEALTH), line)
    assert (found["probes"]["bus"]["status"], found["probes"]["bus"]["reason"]) == ("unhealthy", "TimeoutError")


async def test_a_shared_cache_is_asked_for_a_sign_of_life(services, give, line, tmp_path, empty) -> None:
    async with redis_server(tmp_path) as url:
        settings = dataclasses.replace(services.settings, redis_url=url)
        told = Services(settings, services.db, dict(services.extras))
        found = await outcome(told, await give(HEALTH), line)
        assert found["probes"]["cache"]["status"] == "healthy"
        foreseen = await health_check.foresee(None, PLATFORM_TENANT, None, settings, clock.now())
        assert foreseen.figures == {"probes": len(found["probes"])} == {"probes": 6}
    found = await outcome(told, await give(HEALTH), line)
    assert (found["probes"]["cache"]["status"], found["probes"]["cache"]["reason"]) == ("degraded", "ConnectionError")


async def test_a_companys_integrations_are_told_with_their_last_tests(services, db, give, line, sql, empty) -> None:
    tenant = await factories.make_tenant(db)
    tested = clock.now() - timedelta(minutes=4)
    for name, status, failed in (("Agenda", "active", 2), ("Correio", "inactive", 0)):
        await sql(TESTED, tenant.id, clock.new_id(), name, status, tested, failed)
    found = (await outcome(services, await give(HEALTH, tenant.id), line))["probes"]["integrations"]
    assert (found["status"], found["states"]["inactive"], found["not_tested_lately"]) == ("healthy", 1, 0)
    ((name, at, failed, reason),) = [
        (one["name"], one["checked_at"], one["failures"], one["reason"]) for one in found["tested"]
    ]
    assert (name, datetime.fromisoformat(at), failed, reason) == ("Agenda", tested, 2, "x")
    late = "UPDATE alquimista_platform.tenant_integrations SET checked_at = %s WHERE tenant_id = %s"
    await sql(late, tested - timedelta(minutes=12), tenant.id)
    found = (await outcome(services, await give(HEALTH, tenant.id), line))["probes"]["integrations"]
    assert (found["status"], found["not_tested_lately"]) == ("degraded", 1)


def test_judgement() -> None:
    assert [health_check.judge_lag(s) for s in (0, 60, 61, 300, 301)] == [
        "healthy", "healthy", "degraded", "degraded", "unhealthy",
    ]  # fmt: skip
    assert [health_check.judge_disk(f) for f in (1, 0.1, 0.09, 0.05, 0.04)] == [
        "healthy", "healthy", "degraded", "degraded", "unhealthy",
    ]  # fmt: skip
    assert health_check.worst([]) == "healthy"


# REPROCESS_QUEUE


async def failed_mails(db, sql, tenant_id, count):
    for _ in range(count):
        async with tenant_transaction(db, tenant_id) as conn:
            await send_mail(conn, tenant_id, "ana@example.com", "tenant_notice", "en", name="A", title="B", notice="C")
    await sql(
        "UPDATE alquimista_platform.mails SET status = 'failed', attempts = 7, last_error = 'x' WHERE tenant_id = %s",
        tenant_id,
    )
    await sql("DELETE FROM alquimista_platform.job_queue WHERE entrypoint = 'notifications.deliver'")
    return [
        str(one)
        for (one,) in await sql(
            "SELECT id FROM alquimista_platform.mails WHERE tenant_id = %s ORDER BY created_at", tenant_id
        )
    ]


async def waiting(sql, tenant_id):
    rows = await sql("SELECT id FROM alquimista_platform.mails WHERE tenant_id = %s AND status = 'queued'", tenant_id)
    return {str(one) for (one,) in rows}


async def test_failed_mails_of_one_company_wait_again_each_once(services, db, give, line, sql, empty) -> None:
    tenant, other = await factories.make_tenant(db), await factories.make_tenant(db)
    mine, theirs = await failed_mails(db, sql, tenant.id, 5), await failed_mails(db, sql, other.id, 2)
    first = await outcome(services, await give(REPROCESS, tenant.id, queue="mails", count=2), line)
    assert first == {"queue": "mails", "moved": 2}
    assert await waiting(sql, tenant.id) == set(mine[:2])
    # Of the named ones, one is on its way already and one is another company's.
    ids = [mine[0], mine[3], theirs[0]]
    again = await outcome(services, await give(REPROCESS, tenant.id, queue="mails", ids=ids), line)
    assert again["moved"] == 1
    assert await waiting(sql, tenant.id) == {*mine[:2], mine[3]}
    assert await waiting(sql, other.id) == set()
    jobs = "SELECT count(*) FROM alquimista_platform.job_queue WHERE entrypoint = 'notifications.deliver'"
    assert await sql(jobs) == [(3,)]


class Parcel(msgspec.Struct):
    number: int


async def test_failed_jobs_of_one_company_run_again_each_once(
    services, db, give, line, working, sql, monkeypatch, empty
) -> None:
    tenant, other = await factories.make_tenant(db), await factories.make_tenant(db)
    broken, ran = True, []

    async def handler(_services, tenant_id, payload):
        if broken:
            raise ValueError("down")
        ran.append((tenant_id, payload.number))

    monkeypatch.setattr(jobs, "JOBS", (*jobs.JOBS, Job(name="test.parcel", handler=handler, payload=Parcel, retries=0)))
    for number in range(3):
        await enqueue(db.tenant(tenant.id), "test.parcel", Parcel(number), tenant_id=tenant.id, dedupe=f"p{number}")
    await enqueue(db.tenant(other.id), "test.parcel", Parcel(9), tenant_id=other.id)
    failed = "SELECT count(*) FROM alquimista_platform.job_queue WHERE status = 'failed'"
    kept = "SELECT count(*) FROM alquimista_platform.failed_jobs WHERE requeued_at IS NULL"
    async with working():

        async def all_failed():
            return await sql(failed) == [(4,)] and await sql(kept) == [(4,)]

        await eventually(all_failed, 20)
        broken = False
        await enqueue(db.tenant(tenant.id), "test.other", dedupe="p0")  # Its key is another job's by now.
        ids = [str(one) for (one,) in await sql("SELECT job_id FROM alquimista_platform.failed_jobs ORDER BY job_id")]
        first = await give(REPROCESS, tenant.id, queue="jobs", ids=[ids[0], ids[3]])
        second = await give(REPROCESS, tenant.id, queue="jobs")

        async def ended():
            return all([(await line(one)).completed_at for one in (first, second)])

        await eventually(ended, 20)
        assert (await line(first)).output["moved"] + (await line(second)).output["moved"] == 3

        async def done():
            return len(ran) >= 3

        await eventually(done, 20)
    assert sorted(number for _, number in ran) == [0, 1, 2]
    assert await sql(failed) == [(1,)]
    third = await outcome(services, await give(REPROCESS, tenant.id, queue="jobs"), line)
    assert third["moved"] == 0


async def test_a_job_that_fails_again_can_be_moved_back_again(db, sql, tenant, empty) -> None:
    await sql(
        "INSERT INTO alquimista_platform.job_queue (id, priority, status, entrypoint)"
        " VALUES (77, 0, 'failed', 'test.x')"
    )
    for _ in range(2):
        await queue.remember_failed(db.tenant(tenant.id), tenant.id, 77, "test.x", "x", clock.now())
        async with tenant_transaction(db, tenant.id) as conn:
            assert await failures.count_failed(conn, tenant.id) == 1
            assert await failures.requeue_failed(conn, tenant.id, [77], 1, clock.now()) == 1
            assert await failures.requeue_failed(conn, tenant.id, [77], 1, clock.now()) == 0
        await queue.requeue(db.staff(), [77])
        assert await sql("SELECT status::text FROM alquimista_platform.job_queue WHERE id = 77") == [("queued",)]
        await sql("UPDATE alquimista_platform.job_queue SET status = 'failed' WHERE id = 77")


async def test_failures_of_jobs_that_are_gone_are_forgotten_after_a_month(services, db, sql, tenant, empty) -> None:
    await sql(
        "INSERT INTO alquimista_platform.job_queue (id, priority, status, entrypoint)"
        " VALUES (78, 0, 'failed', 'test.x')"
    )
    old = clock.now() - timedelta(days=31)
    for job_id, moment in ((78, old), (79, old), (80, clock.now())):
        await queue.remember_failed(db.tenant(tenant.id), tenant.id, job_id, "test.x", "x", moment)
    await failures.trim(services, None, None)
    left = {job_id for (job_id,) in await sql("SELECT job_id FROM alquimista_platform.failed_jobs")}
    assert left == {78, 80}


# RECOMPUTE_USAGE


async def approved(db, second, command):
    async with tenant_transaction(db, command.tenant_id) as conn:
        return await service.approve(conn, second, command, clock.now())


async def test_days_whose_raw_events_are_gone_are_refused(services, db, second, tenant, give, line, empty) -> None:
    await usage.make_partitions(db, clock.now())
    command = await give(RECOUNT, tenant.id, first_day="2020-01-01", last_day="2020-01-02")
    await approved(db, second, command)
    await service.run(services, tenant.id, command.id)
    found = await line(command)
    assert (found.status, found.attempts) == ("ERROR", 1)
    assert "recontados" in found.error_message or "não" in found.error_message


async def test_sums_that_drifted_are_mended_and_the_difference_is_told(
    services, db, second, give, line, sql, empty
) -> None:
    tenant = await factories.make_tenant(db)
    agent = await factories.activate_agent(db, tenant.id)
    await usage.make_partitions(db, clock.now())
    day = (clock.now() - timedelta(hours=6)).date()
    await sql(
        "INSERT INTO alquimista_platform.tenant_usage_daily (tenant_id, day, agent_id, currency, requests, failures,"
        " response_ms, input_tokens, output_tokens, cost_micros, histogram)"
        " VALUES (%s, %s, %s, 'BRL', 5, 1, 10, 0, 0, 700, 0)",
        tenant.id, day, agent,
    )  # fmt: skip
    command = await give(RECOUNT, tenant.id, first_day=str(day), last_day=str(day))
    await approved(db, second, command)
    found = await outcome(services, command, line)
    assert found["changed_days"] == 1
    (difference,) = found["differences"]
    assert difference["before"]["requests"] == -5
    assert difference["before"]["cost_micros"] == {"BRL": -700}
    assert difference["after"] == {"sums": 0, "requests": 0, "failures": 0, "cost_micros": {}}
    again = await give(RECOUNT, tenant.id, first_day=str(day), last_day=str(day))
    await approved(db, second, again)
    assert (await outcome(services, again, line))["changed_days"] == 0
