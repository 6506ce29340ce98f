"""Giving a command in one round trip: its row, its job and its audit row are one transaction, or none is there."""

import pytest
from psycopg.errors import DivisionByZero

from alquimista.clock import new_id, now
from alquimista.db.statement import NoRow, Statement
from alquimista.errors import Invalid
from alquimista.operations import service
from alquimista.operations.models.commands import KeyReused
from alquimista.operations.models.kinds import CommandType, HealthCheckParameters
from alquimista.operations.service import Wanted, giving

DIVIDE = Statement("SELECT 1 / %(zero)s AS x", NoRow)
# Of each command its transaction, and those of its job and its audit row.
TRANSACTIONS = """
SELECT c.xmin::text, q.xmin::text, a.xmin::text
FROM alquimista_platform.operational_commands c
LEFT JOIN alquimista_platform.job_queue q ON q.dedupe_key LIKE '%' || c.id || ':0'
LEFT JOIN alquimista_platform.audit_logs a ON a.resource_id = c.id::text AND a.action = 'command.created'
"""
JOBS = "SELECT entrypoint FROM alquimista_platform.job_queue"


@pytest.fixture(params=[None, "one-key"])
def wanted(request):
    return Wanted(CommandType.HEALTH_CHECK, None, HealthCheckParameters(), request.param)


async def test_its_row_its_job_and_its_audit_row_are_one_transaction(services, db, staff, wanted, sql, empty) -> None:
    given, new = await service.give_alone(db, staff, wanted, services.settings, now())
    assert new
    assert await service.find(db.staff(), given.id) == given
    ((command, job, audit),) = await sql(TRANSACTIONS)
    assert command == job == audit


async def test_without_its_audit_row_there_is_neither_command_nor_job(
    services, db, staff, wanted, sql, empty, monkeypatch
) -> None:
    async def broken(conn, *_args, **_more):
        await conn.execute(DIVIDE, zero=0)

    monkeypatch.setattr(giving.audit, "record", broken)
    with pytest.raises(DivisionByZero):
        await service.give_alone(db, staff, wanted, services.settings, now())
    assert await sql(TRANSACTIONS) == []
    assert await sql(JOBS) == []


async def test_a_key_that_is_taken_is_its_command_and_no_second_job(services, db, staff, sql, empty) -> None:
    wanted = Wanted(CommandType.HEALTH_CHECK, None, HealthCheckParameters(), "one-key")
    first, _ = await service.give_alone(db, staff, wanted, services.settings, now())
    assert await service.give_alone(db, staff, wanted, services.settings, now()) == (first, False)
    reused = giving.read("REPROCESS_QUEUE", None, {"queue": "mails", "count": 1}, "one-key")
    with pytest.raises(KeyReused):
        await service.give_alone(db, staff, reused, services.settings, now())
    assert len(await sql(TRANSACTIONS)) == len(await sql(JOBS)) == 1


async def test_a_company_that_is_not_there_is_told(services, db, staff, sql, empty) -> None:
    wanted = Wanted(CommandType.HEALTH_CHECK, new_id(), HealthCheckParameters())
    with pytest.raises(Invalid):
        await service.give_alone(db, staff, wanted, services.settings, now())
    assert await sql(JOBS) == []
