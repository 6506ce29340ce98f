"""What the platform sees of itself: each opens once, ends with its cause, and is nobody's but staff's."""

from datetime import timedelta

import pytest

import factories
from alquimista.access import PLATFORM_TENANT, Actor, ActorKind
from alquimista.audit import service as audit
from alquimista.clock import frozen, new_id, now
from alquimista.incidents import jobs, service
from alquimista.incidents.models import RuleName
from alquimista.jobs.models import Periodic, Runs
from alquimista.wiring import Services

OPEN = """
SELECT dedupe_key, title, description, visibility FROM alquimista_platform.incidents
WHERE tenant_id = %s AND rule = %s AND resolved_at IS NULL ORDER BY dedupe_key
"""


@pytest.fixture
def found(sql):
    """The open incidents of a rule of the platform."""

    async def look(rule):
        return await sql(OPEN, PLATFORM_TENANT, rule.value)

    return look


@pytest.fixture
def schedule(sql):
    """Write when a run last ended well, was begun and is due, in hours from now."""

    async def write(name, cron, succeeded, last, following):
        await sql("DELETE FROM alquimista_platform.job_schedules WHERE entrypoint = %s RETURNING 1", name)
        await sql(
            "INSERT INTO alquimista_platform.job_schedules (expression, entrypoint, succeeded_at, last_run, next_run)"
            " VALUES (%s, %s, now() + %s, now() + %s, now() + %s) RETURNING 1",
            cron,
            name,
            *(timedelta(hours=one) for one in (succeeded, last, following)),
        )

    return write


@pytest.fixture
async def worker(sql):
    """A worker that lives and has been there for hours; call it to have it come back just now."""
    await sql("DELETE FROM alquimista_platform.workers RETURNING 1")
    await sql(
        "INSERT INTO alquimista_platform.workers (id, started_at, seen_at) VALUES (%s, %s, %s) RETURNING 1",
        new_id(),
        now() - timedelta(hours=9),
        now() + timedelta(minutes=1),
    )

    async def came_back():
        await sql("UPDATE alquimista_platform.workers SET started_at = %s RETURNING 1", now())

    return came_back


async def test_a_run_that_does_not_come_is_an_incident_until_it_has(db, found, schedule, worker):
    runs = Runs(
        (
            Periodic(name="x.daily", cron="0 2 * * *", handler=None),
            Periodic(name="x.now", cron="* * * * *", handler=None),
        )
    )
    await schedule("x.now", "* * * * *", -0.01, -0.01, 0.01)
    await schedule("x.daily", "0 2 * * *", -24.9, -0.9, 23.1)
    await schedule("x.gone", "0 2 * * *", -99, -99, -75)
    await service.watch_runs(db, runs, now())
    assert await found(RuleName.RUN_MISSED) == [], "its hour is not over, and nobody runs the third any more"
    await schedule("x.daily", "0 2 * * *", -25.2, -1.2, 22.8)
    for _ in range(2):
        await service.watch_runs(db, runs, now())
        ((key, title, _, visibility),) = await found(RuleName.RUN_MISSED)
        assert (key, title, visibility) == ("jobs.run_missed:x.daily", "A execução x.daily não aconteceu", "internal")
    await schedule("x.daily", "0 2 * * *", -0.1, -1.2, 22.8)
    await service.watch_runs(db, runs, now())
    assert await found(RuleName.RUN_MISSED) == []


async def test_a_worker_that_came_back_has_an_hour_to_catch_up(db, found, schedule, worker):
    runs = Runs((Periodic(name="x.daily", cron="0 2 * * *", handler=None),))
    await schedule("x.daily", "0 2 * * *", -99, -99, -75)
    await worker()
    await service.watch_runs(db, runs, now())
    assert await found(RuleName.RUN_MISSED) == []


async def test_events_that_were_given_up_are_an_incident_until_they_are_replayed(db, sql, found, company):
    tenant_id, *_ = company
    event_id = new_id()
    await sql(
        "INSERT INTO fibonacci_core.events (tenant_id, id, event_id, source, event_type, detail, created_at, status)"
        " VALUES (%s, %s, 'x', 'nigredo.x', 'x', '{}', now(), 'failed') RETURNING 1",
        tenant_id,
        event_id,
    )
    await sql(
        "INSERT INTO fibonacci_core.event_deliveries (tenant_id, event_id, consumer, state, attempts, created_at,"
        " updated_at) VALUES (%s, %s, 'x', 'dead', 4, now(), now()) RETURNING 1",
        tenant_id,
        event_id,
    )
    for _ in range(2):
        await service.watch_events(db, now())
        ((key, _, description, visibility),) = await found(RuleName.EVENTS_DEAD)
        assert (key, description[:9], visibility) == ("events.dead", "1 entrega", "internal")
    await sql("DELETE FROM fibonacci_core.event_deliveries RETURNING 1")
    await service.watch_events(db, now())
    assert await found(RuleName.EVENTS_DEAD) == []


@pytest.fixture
def tries(db, sql):
    """Write tries of webhooks of a new company, of which so many failed."""

    async def write(count, failed, ago=timedelta(minutes=1)):
        tenant = await factories.make_tenant(db)
        endpoint, delivery = new_id(), new_id()
        await sql(
            "INSERT INTO alquimista_platform.webhook_endpoints (tenant_id, id, url, event_types, secret_key_id,"
            " secret_ciphertext, created_at, updated_at)"
            " VALUES (%s, %s, 'https://x.example', '{*}', 'k', 'x', now(), now()) RETURNING 1",
            tenant.id,
            endpoint,
        )
        await sql(
            "INSERT INTO alquimista_platform.webhook_deliveries (tenant_id, id, endpoint_id, event_id, event_type,"
            " payload, occurred_at, created_at, updated_at, next_attempt_at)"
            " VALUES (%s, %s, %s, %s, 'x', '{}', now(), now(), now(), now()) RETURNING 1",
            tenant.id,
            delivery,
            endpoint,
            new_id(),
        )
        await sql(
            "INSERT INTO alquimista_platform.webhook_attempts (tenant_id, delivery_id, number, started_at, duration_ms,"
            " failure) SELECT %s, %s, n, %s, 5, CASE WHEN n <= %s THEN 'timeout' END"
            " FROM generate_series(1, %s) AS n RETURNING 1",
            tenant.id,
            delivery,
            now() - ago,
            failed,
            count,
        )

    return write


async def test_webhooks_that_fail_at_several_companies_are_an_incident_and_one_receiver_is_not(db, sql, found, tries):
    await tries(50, 20)
    await tries(100, 0)
    await tries(100, 100, ago=timedelta(minutes=11))
    await service.watch_webhooks(db, now())
    assert await found(RuleName.WEBHOOKS_FAILING) == [], "one company's receiver is its own affair"
    await tries(10, 1)
    await service.watch_webhooks(db, now())
    ((_, _, description, visibility),) = await found(RuleName.WEBHOOKS_FAILING)
    assert description == "13,1 % de 160 tentativas falharam em 10 minutos, em 2 clientes."
    assert visibility == "internal"
    await tries(100, 0)
    await service.watch_webhooks(db, now())
    assert await found(RuleName.WEBHOOKS_FAILING) == [], "a tenth is not reached"


async def test_few_tries_say_nothing(db, sql, found, tries):
    await sql("DELETE FROM alquimista_platform.webhook_attempts RETURNING 1")
    for _ in range(2):
        await tries(5, 5)
    await service.watch_webhooks(db, now())
    assert await found(RuleName.WEBHOOKS_FAILING) == []


@pytest.fixture
async def failed_job(sql):
    """Write a job of a tenant that failed for good; its id."""
    await sql("DELETE FROM alquimista_platform.failed_jobs RETURNING 1")

    async def write(tenant_id, name, status="failed"):
        ((job_id,),) = await sql(
            "INSERT INTO alquimista_platform.job_queue (entrypoint, priority, status) VALUES (%s, 0, %s) RETURNING id",
            name,
            status,
        )
        await sql(
            "INSERT INTO alquimista_platform.failed_jobs (tenant_id, job_id, name, error, failed_at)"
            " VALUES (%s, %s, %s, 'no', now()) RETURNING 1",
            tenant_id,
            job_id,
            name,
        )
        return job_id

    return write


async def test_jobs_that_failed_for_good_are_an_incident_by_name_until_they_are_moved_back(
    db, sql, found, company, failed_job
):
    tenant_id, *_ = company
    first = await failed_job(tenant_id, "x.fold")
    await failed_job(PLATFORM_TENANT, "x.fold")
    await failed_job(tenant_id, "x.runs", status="queued")
    for _ in range(2):
        await service.watch_jobs(db, now())
        ((key, title, description, visibility),) = await found(RuleName.JOBS_DEAD)
        assert (key, title, visibility) == ("jobs.dead:x.fold", "Tarefas abandonadas: x.fold", "internal")
        assert description.startswith("Falharam de vez: 2.")
    await failed_job(tenant_id, "x.bill")
    await service.watch_jobs(db, now())
    assert [key for key, *_ in await found(RuleName.JOBS_DEAD)] == ["jobs.dead:x.bill", "jobs.dead:x.fold"]
    await sql("UPDATE alquimista_platform.failed_jobs SET requeued_at = now() WHERE job_id = %s RETURNING 1", first)
    await service.watch_jobs(db, now())
    assert len(await found(RuleName.JOBS_DEAD)) == 2, "one of two is left"
    await sql("UPDATE alquimista_platform.failed_jobs SET requeued_at = now() RETURNING 1")
    await service.watch_jobs(db, now())
    assert await found(RuleName.JOBS_DEAD) == []


@pytest.fixture
async def mail(sql, company):
    """Write a mail of the company; there are no others."""
    tenant_id, *_ = company
    await sql("DELETE FROM alquimista_platform.mails RETURNING 1")

    async def write(status, error):
        await sql(
            "INSERT INTO alquimista_platform.mails (tenant_id, id, recipient, subject, body_text, status, last_error,"
            " created_at) VALUES (%s, %s, 'ana@example.com', 'x', 'x', %s, %s, now()) RETURNING 1",
            tenant_id,
            new_id(),
            status,
            error,
        )

    return write


async def test_mails_that_were_given_up_are_an_incident_and_those_that_were_refused_another(db, sql, found, mail):
    await mail("queued", "SMTPConnectError: away")
    await service.watch_mails(db, now())
    assert [await found(one) for one in (RuleName.MAILS_DEAD, RuleName.MAILS_REFUSED)] == [[], []]
    await mail("failed", "MailRefused: 550 no such box")
    await service.watch_mails(db, now())
    ((key, _, description, visibility),) = await found(RuleName.MAILS_REFUSED)
    assert (key, visibility) == ("mails.refused", "internal")
    assert description.startswith("Recusados de vez: 1.")
    assert await found(RuleName.MAILS_DEAD) == [], "a wrong address says nothing of the mail server"
    await mail("failed", "SMTPConnectError: away")
    await mail("failed", None)
    for _ in range(2):
        await service.watch_mails(db, now())
        ((key, _, description, visibility),) = await found(RuleName.MAILS_DEAD)
        assert (key, visibility) == ("mails.dead", "internal")
        assert "entregar: 2." in description
    await sql("UPDATE alquimista_platform.mails SET status = 'queued' RETURNING 1")
    await service.watch_mails(db, now())
    assert [await found(one) for one in (RuleName.MAILS_DEAD, RuleName.MAILS_REFUSED)] == [[], []]


async def test_the_run_by_the_clock_sees_what_was_given_up(db, settings, found, company, failed_job, mail):
    tenant_id, *_ = company
    services = Services(settings, db)
    services.add(Runs(()))
    await failed_job(tenant_id, "x.late")
    await mail("failed", "SMTPConnectError: away")
    await jobs.watch(services, None, None)
    assert [key for key, *_ in await found(RuleName.JOBS_DEAD)] == ["jobs.dead:x.late"]
    assert len(await found(RuleName.MAILS_DEAD)) == 1


@pytest.fixture
def refused(db):
    """Have the audit hold so many failures of an act, by somebody of a new company."""

    async def write(action, count, moment):
        tenant = await factories.make_tenant(db)
        actor = Actor(ActorKind.SESSION, frozenset(), user_id=new_id(), tenant_id=tenant.id)
        with frozen(moment):
            for _ in range(count):
                await audit.record(db.tenant(tenant.id), actor, action, category="auth", result="failure")
            await audit.record(db.tenant(tenant.id), actor, action, category="auth")

    return write


async def test_many_sign_ins_that_fail_are_an_incident_until_they_stop(db, found, refused):
    start = now() + timedelta(days=1)
    await refused(audit.SIGN_IN, 12, start)
    await refused(audit.SIGN_IN, 8, start)
    await service.watch_attacks(db, start)
    assert await found(RuleName.SIGN_INS_FAILING) == [], "twenty are not too many, and those that succeed are none"
    await refused(audit.SIGN_IN, 1, start)
    for minutes in (1, 9):
        await service.watch_attacks(db, start + timedelta(minutes=minutes))
        ((key, _, description, visibility),) = await found(RuleName.SIGN_INS_FAILING)
        assert (key, visibility) == ("security.sign_ins_failing", "internal")
        assert description.startswith("21 falharam em 10 minutos, em 3 pessoas")
    await service.watch_attacks(db, start + timedelta(minutes=11))
    assert await found(RuleName.SIGN_INS_FAILING) == []


async def test_one_attempt_to_reach_another_company_is_an_incident_until_none_is_made(db, found, refused):
    start = now() + timedelta(days=2)
    await service.watch_attacks(db, start)
    assert await found(RuleName.FOREIGN_TENANT) == []
    await refused(audit.REACHED_OUT, 1, start)
    for minutes in (1, 9):
        await service.watch_attacks(db, start + timedelta(minutes=minutes))
        ((key, _, description, visibility),) = await found(RuleName.FOREIGN_TENANT)
        assert (key, visibility) == ("security.foreign_tenant", "internal")
        assert description.startswith("Recusados em 10 minutos por indicar um que não é o seu: 1 (")
    await service.watch_attacks(db, start + timedelta(minutes=11))
    assert await found(RuleName.FOREIGN_TENANT) == []
