import os
import signal
import subprocess
import sys

import pytest

from alquimista import clock
from alquimista.access import PLATFORM_TENANT
from alquimista.db.tenancy import login_transaction
from alquimista.jobs.models import LIVE_FOR
from alquimista.jobs.service import gauges, worker_alive
from alquimista.notifications.service import send_mail
from alquimista.worker import JOBS, PERIODIC

MAIL_JOBS = "SELECT status::text FROM alquimista_platform.job_queue WHERE entrypoint = 'notifications.deliver'"


@pytest.fixture
def worker(settings, tmp_path):
    """`worker()` starts the real worker process; those that still run are killed at the end."""
    started = []

    def start():
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ALQUIMISTA_")}
        env = inherited | {
            "ALQUIMISTA_DATABASE_URL": settings.database_url,
            "ALQUIMISTA_SECRET_KEY": settings.secret_key,
            "PROMETHEUS_MULTIPROC_DIR": str(tmp_path),
        }
        command = [sys.executable, "-m", "alquimista.cli.main", "worker"]
        started.append(subprocess.Popen(command, env=env, stderr=subprocess.PIPE))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


async def send(db):
    async with login_transaction(db) as conn:
        await send_mail(
            conn, PLATFORM_TENANT, "ana@example.com", "tenant_notice", "en", name="A", title="B", notice="C"
        )


@pytest.mark.crash
async def test_the_worker_works_dies_is_replaced_and_ends_when_asked(db, sql, until, worker, tmp_path) -> None:
    await sql("DELETE FROM alquimista_platform.workers")
    await send(db)
    first = worker()

    async def done():
        return await sql(MAIL_JOBS) == []

    async def alive():
        return await worker_alive(db.tenant(PLATFORM_TENANT), clock.now())

    await until(done)
    await until(alive)
    first.kill()
    first.wait()
    assert not await worker_alive(db.tenant(PLATFORM_TENANT), clock.now() + LIVE_FOR * 2)

    await send(db)
    second = worker()
    await until(done)
    second.send_signal(signal.SIGTERM)
    assert second.wait(20) == 0
    assert len(await sql("SELECT 1 FROM alquimista_platform.workers")) == 1  # The killed one; the other said goodbye.
    assert any(b"notifications.deliver" in path.read_bytes() for path in tmp_path.glob("*.metrics"))


async def test_the_worker_survives_a_lost_database_connection(db, sql, until, worker) -> None:
    worker()

    async def connected():
        return await sql("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'LISTEN%alquimista_jobs%'") != []

    async def done():
        return await sql(MAIL_JOBS) == []

    await until(connected)
    await sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await send(db)
    await until(done, seconds=40)


async def test_the_queue_shows_its_depth_and_age(db, sql) -> None:
    await send(db)
    depth, oldest = await gauges(db.staff())
    (sample,) = depth.samples
    assert sample.labels == {"job": "notifications.deliver", "status": "queued"}
    assert sample.value == 1
    assert oldest.samples[0].value >= 0


async def test_the_log_of_jobs_that_are_gone_is_forgotten_after_a_month(services, sql) -> None:
    (trim,) = [one for one in PERIODIC if one.name == "jobs.trim"]
    for age, aggregated in (("31 days", True), ("31 days", False), ("29 days", True)):
        await sql(
            "INSERT INTO alquimista_platform.job_log (created, job_id, status, priority, entrypoint, aggregated)"
            f" VALUES (now() - interval '{age}', 1, 'successful', 0, 'x', {aggregated})"
        )
    await trim.handler(services, None, None)
    assert await sql("SELECT count(*) FROM alquimista_platform.job_log") == [(2,)]


def test_job_names_are_room_and_verb_and_used_once() -> None:
    names = [job.name for job in (*JOBS, *PERIODIC)]
    assert len(set(names)) == len(names)
    assert all(name.count(".") == 1 for name in names)
