"""The real worker process, killed with -9 while a message is on its way."""

import asyncio
import os
import subprocess
import sys

import pytest

from alquimista import clock
from alquimista.db.tenancy import tenant_transaction
from alquimista.orchestrator import service as orchestrator
from support.identity import eventually


@pytest.fixture
def start(settings):
    """`start()` starts a worker; those that still run are killed at the end."""
    started = []

    def run():
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ALQUIMISTA_")}
        env = inherited | {
            "ALQUIMISTA_DATABASE_URL": settings.database_url,
            "ALQUIMISTA_SECRET_KEY": settings.secret_key,
            "ALQUIMISTA_OUTBOUND_PRIVATE": "true",
        }
        command = [sys.executable, "-m", "alquimista.cli.main", "worker"]
        started.append(subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.crash
async def test_a_killed_worker_loses_no_message(company, receiver, db, sql, start):
    made = await company.webhook(receiver.url(), "incident.opened")
    receiver.hold = asyncio.Event()
    first = start()
    async with tenant_transaction(db, company.id) as conn:
        event_id = await orchestrator.publish(conn, company.id, "incident.opened", {"severity": "critical"})
    await asyncio.wait_for(receiver.arrived.wait(), 30)
    first.kill()
    first.wait()
    receiver.hold.set()
    (delivery,) = await company.deliveries(made["webhook"]["id"])
    assert (delivery["state"], delivery["attempts"]) == ("pending", 1)
    # Two minutes later.
    await sql("UPDATE alquimista_platform.webhook_deliveries SET next_attempt_at = %s", clock.now())
    start()

    async def delivered():
        rows = await sql("SELECT state FROM alquimista_platform.webhook_deliveries")
        return rows == [("delivered",)]

    await eventually(delivered, 90)
    assert {one.id for one in receiver.got} == {str(event_id)}
    assert len(receiver.got) == 2
    assert all(one.signed_by(made["secret"]) for one in receiver.got)
    rows = await sql("SELECT status FROM fibonacci_core.events WHERE id = %s", event_id)
    assert rows == [("processed",)]
