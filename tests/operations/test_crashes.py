"""Real workers, killed with -9 at random: each command ends once, and its effect is there once."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest

import factories
from alquimista import clock
from alquimista.db.tenancy import tenant_transaction
from alquimista.operations import service
from alquimista.operations.models.kinds import CommandType
from alquimista.usage import service as usage

RECOUNTS = 10  # Commands whose effect is no part of the transaction that ends them.

ENDS = """
SELECT command_type, status, count(*) FROM alquimista_platform.operational_commands
WHERE command_type <> 'RECOMPUTE_USAGE' GROUP BY 1, 2 ORDER BY 1, 2
"""
OPEN = "SELECT count(*) FROM alquimista_platform.operational_commands WHERE completed_at IS NULL"
MOVED = """
SELECT sum((output->>'moved')::int), min((output->>'moved')::int) FROM alquimista_platform.operational_commands
WHERE command_type = 'REPROCESS_QUEUE'
"""
# Which workers are in the midst of work that no transaction holds together: days are counted again one by one, and of a
# restart the agent's process was told.
AIMED = (
    """
    SELECT worker FROM alquimista_platform.operational_commands
    WHERE command_type = 'RECOMPUTE_USAGE' AND status = 'RUNNING' AND progress_done > 0
    """,
    """
    SELECT c.worker FROM alquimista_platform.operational_commands c
    JOIN alquimista_platform.agent_controls a ON a.request_id = c.id WHERE c.status = 'RUNNING'
    """,
)
RECOUNTED = """
SELECT tenant_id, status, attempts FROM alquimista_platform.operational_commands
WHERE command_type = 'RECOMPUTE_USAGE'
"""
RESTARTED = """
SELECT c.attempts, count(*) FROM alquimista_platform.operational_commands c
JOIN alquimista_platform.agent_controls a ON a.request_id = c.id
WHERE c.command_type = 'RESTART_AGENT' GROUP BY c.id, c.attempts
"""
DRIFTED = """
INSERT INTO alquimista_platform.tenant_usage_daily (tenant_id, day, agent_id, currency, requests, failures,
  response_ms, input_tokens, output_tokens, cost_micros, histogram)
VALUES (%s, %s, %s, 'BRL', 5, 1, 10, 0, 0, 700, 0)
"""
MAILS = "SELECT status, count(*) FROM alquimista_platform.mails WHERE recipient = 'ana@example.com' GROUP BY 1"
# Each end leaves one row in the audit, in the transaction of the end itself.
AUDITED = """
SELECT count(*), count(DISTINCT resource_id) FROM alquimista_platform.audit_logs
WHERE action IN ('command.succeeded', 'command.failed', 'command.cancelled')
"""


@pytest.fixture
def worker(settings):
    """`worker()` starts the real worker process; those that still run are killed at the end."""
    started = []

    def start():
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ALQUIMISTA_")}
        env = inherited | {
            "ALQUIMISTA_DATABASE_URL": settings.database_url,
            "ALQUIMISTA_SECRET_KEY": settings.secret_key,
            "ALQUIMISTA_LOG_LEVEL": "error",
        }
        command = [sys.executable, "-m", "alquimista.cli.main", "worker"]
        started.append(subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


async def given(give, sql, tenant, count):
    """So many commands, each of which moves one failed mail back."""
    await sql(
        "INSERT INTO alquimista_platform.mails (tenant_id, id, recipient, subject, body_text, status, created_at)"
        " SELECT %s, gen_random_uuid(), 'ana@example.com', 'x', 'x', 'failed', now() FROM generate_series(1, %s)",
        tenant.id,
        count,
    )
    mails = [str(one) for (one,) in await sql("SELECT id FROM alquimista_platform.mails WHERE status = 'failed'")]
    for start in range(0, count, 4):
        await asyncio.gather(
            *(
                give(CommandType.REPROCESS_QUEUE, tenant.id, queue="mails", ids=[mail])
                for mail in mails[start : start + 4]
            )
        )


@pytest.fixture
def recounted(db, give, second, sql):
    """`await recounted(companies)`: a command each that mends a sum on the last of many days; that day."""

    async def made(companies):
        await usage.make_partitions(db, clock.now())
        day = (clock.now() - timedelta(hours=6)).date()
        last = day + timedelta(days=60)
        days = {"first_day": str(day), "last_day": str(last)}
        for _ in range(companies):
            tenant = await factories.make_tenant(db)
            await sql(DRIFTED, tenant.id, last, await factories.activate_agent(db, tenant.id))
            command = await give(CommandType.RECOMPUTE_USAGE, tenant.id, **days)
            async with tenant_transaction(db, tenant.id) as conn:
                await service.approve(conn, second, command, clock.now())
        return last

    return made


async def worked_off(sql, worker, dice, kills, within_s, beat):
    """Work all commands off with two workers: those that hold the `AIMED` are killed first, then `kills` of any."""
    workers, aimed, killed = [worker(), worker()], list(AIMED), set()
    deadline = time.monotonic() + within_s
    while (left := (await sql(OPEN))[0][0]) and time.monotonic() < deadline:
        await beat()
        await asyncio.sleep(0.05 if aimed else dice.uniform(0.2, 2))
        victim = None
        if aimed:
            pids = {int(name.rpartition(":")[2]) for (name,) in await sql(aimed[0])}
            victim = next((number for number, one in enumerate(workers) if one.pid in pids), None)
            if victim is not None or pids & killed:  # One death may have met both.
                aimed.pop(0)
        elif kills and left:
            victim = dice.randrange(2)
            kills -= 1
        if victim is not None:
            workers[victim].send_signal(signal.SIGKILL)
            workers[victim].wait()
            killed.add(workers[victim].pid)
            workers[victim] = worker()
    assert aimed == [], "A worker was not caught in the act"
    return kills


@pytest.mark.crash
@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("count", "kills"),
    [(80, 2), pytest.param(10_000, 60, marks=[pytest.mark.load, pytest.mark.timeout(2_400)])],
)
async def test_each_command_ends_once_and_its_effect_is_there_once(
    db, give, sql, worker, recounted, beats, empty, count, kills
) -> None:
    await sql("DELETE FROM alquimista_platform.mails")
    before = (await sql(AUDITED))[0][0]
    tenant = await factories.make_tenant(db)
    agent = await factories.activate_agent(db, tenant.id)
    await beats(tenant.id, agent)
    # An agent that hears nothing: while its command waits for it, the worker dies.
    await give(CommandType.RESTART_AGENT, tenant.id, agent_id=str(agent), reason="x")
    day = await recounted(RECOUNTS)
    await given(give, sql, tenant, count)
    left = await worked_off(
        sql, worker, random.Random(7), kills, within_s=count / 5 + 300, beat=lambda: beats(tenant.id, agent)
    )
    assert left < kills, "No worker was killed while commands ran"
    assert await sql(ENDS) == [("REPROCESS_QUEUE", "SUCCESS", count), ("RESTART_AGENT", "ERROR", 1)]
    assert await sql(RESTARTED) == [(1, 1)], "nobody was asked twice"
    assert await sql(MOVED) == [(count, 1)]
    assert await sql(MAILS) == [("queued", count)]
    found = await sql(RECOUNTED)
    assert len(found) == RECOUNTS
    assert max(attempts for *_, attempts in found) > 1
    for company, status, attempts in found:
        async with tenant_transaction(db, company) as conn:
            drift = await usage.compare(conn, company, day, day)
        assert (status, drift) == ("SUCCESS", []) or (status, attempts) == ("ERROR", 3), "killed at each of its tries"
    ((audited, distinct),) = await sql(AUDITED)
    assert audited - before == count + RECOUNTS + 1
    assert distinct >= count + RECOUNTS + 1
