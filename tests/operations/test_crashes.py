"""Real workers, killed with -9 at random: each command ends once, and its effect is there once."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time

import pytest

import factories
from alquimista.operations.models.kinds import CommandType

ENDS = "SELECT status, count(*) FROM alquimista_platform.operational_commands GROUP BY 1"
OPEN = "SELECT count(*) FROM alquimista_platform.operational_commands WHERE completed_at IS NULL"
MOVED = (
    "SELECT sum((output->>'moved')::int), min((output->>'moved')::int) FROM alquimista_platform.operational_commands"
)
MAILS = "SELECT status, count(*) FROM alquimista_platform.mails GROUP BY 1"
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
    mails = [str(one) for (one,) in await sql("SELECT id FROM alquimista_platform.mails")]
    for start in range(0, count, 4):
        await asyncio.gather(
            *(
                give(CommandType.REPROCESS_QUEUE, tenant.id, queue="mails", ids=[mail])
                for mail in mails[start : start + 4]
            )
        )


async def worked_off(sql, worker, dice, kills, within_s):
    """Work all commands off with two workers, of which `kills` are killed on the way."""
    workers = [worker(), worker()]
    deadline = time.monotonic() + within_s
    while (left := (await sql(OPEN))[0][0]) and time.monotonic() < deadline:
        await asyncio.sleep(dice.uniform(0.2, 2))
        begun = (await sql("SELECT 1 FROM alquimista_platform.operational_commands WHERE attempts > 0 LIMIT 1")) != []
        if kills and begun and left:
            victim = dice.randrange(2)
            workers[victim].send_signal(signal.SIGKILL)
            workers[victim].wait()
            workers[victim] = worker()
            kills -= 1
    return kills


@pytest.mark.crash
@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("count", "kills"),
    [(80, 2), pytest.param(10_000, 60, marks=[pytest.mark.load, pytest.mark.timeout(2_400)])],
)
async def test_each_command_ends_once_and_its_effect_is_there_once(db, give, sql, worker, empty, count, kills) -> None:
    await sql("DELETE FROM alquimista_platform.mails")
    before = (await sql(AUDITED))[0][0]
    tenant = await factories.make_tenant(db)
    await given(give, sql, tenant, count)
    left = await worked_off(sql, worker, random.Random(7), kills, within_s=count / 5 + 300)
    assert left < kills, "No worker was killed while commands ran"
    assert await sql(ENDS) == [("SUCCESS", count)]
    assert await sql(MOVED) == [(count, 1)]
    assert await sql(MAILS) == [("queued", count)]
    ((audited, distinct),) = await sql(AUDITED)
    assert audited - before == count
    assert distinct >= count
