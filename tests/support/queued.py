"""Doing the jobs that wait in the queue, one after the other, as a worker would: for tests of what jobs do."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from alquimista.jobs.models import Envelope, Job
from alquimista.wiring import Services

_TAKE = """
DELETE FROM alquimista_platform.job_queue WHERE id = (
  SELECT id FROM alquimista_platform.job_queue
  WHERE entrypoint = ANY (%s) AND status = 'queued' AND execute_after <= now() ORDER BY id LIMIT 1)
RETURNING entrypoint, payload
"""
_WAITING = "SELECT payload, execute_after - now() FROM alquimista_platform.job_queue WHERE entrypoint = %s ORDER BY id"


async def work(services: Services, admin_url: str, jobs: Iterable[Job], *, twice: bool = False) -> list[str]:
    """Do what is due of these jobs, and what it leads to; their names. `twice` does each again, as after a crash."""
    known = {job.name: job for job in jobs}
    done = []
    async with await psycopg.AsyncConnection.connect(admin_url, autocommit=True) as conn:
        while row := await (await conn.execute(_TAKE, [list(known)])).fetchone():
            job, envelope = known[row[0]], msgspec.json.decode(row[1], type=Envelope)
            payload = msgspec.json.decode(envelope.data, type=job.payload)
            for _ in range(2 if twice else 1):
                await job.handler(services, envelope.tenant_id, payload)
            done.append(job.name)
    return done


async def waiting(admin_url: str, name: str) -> list[tuple[UUID | None, dict[str, Any], float]]:
    """The jobs of a name that wait: whose they are, their payloads, and in how many seconds they are due."""
    async with await psycopg.AsyncConnection.connect(admin_url, autocommit=True) as conn:
        rows = await (await conn.execute(_WAITING, [name])).fetchall()
    envelopes = [(msgspec.json.decode(payload, type=Envelope), due) for payload, due in rows]
    return [(one.tenant_id, msgspec.json.decode(one.data), due.total_seconds()) for one, due in envelopes]
