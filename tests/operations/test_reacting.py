"""Commands that incidents ask for."""

import pytest

from alquimista import clock
from alquimista.errors import Invalid
from alquimista.jobs.queue import enqueue
from alquimista.operations import service
from alquimista.operations.models.commands import Reaction
from support.identity import eventually

COMMANDS = "SELECT status, created_by, idempotency_key FROM alquimista_platform.operational_commands"


async def test_an_incident_gives_its_command_once(services, db, tenant, working, sql, empty) -> None:
    wanted = Reaction(tenant.id, clock.new_id(), "REPROCESS_QUEUE", {"queue": "jobs"})
    for _ in range(2):
        await enqueue(db.tenant(tenant.id), "operations.react", wanted, tenant_id=tenant.id)
    async with working():

        async def done():
            return [status for status, *_ in await sql(COMMANDS)] == ["SUCCESS"] and (
                await sql("SELECT count(*) FROM alquimista_platform.job_queue") == [(0,)]
            )

        await eventually(done, 20)
    assert await sql(COMMANDS) == [("SUCCESS", None, f"incident:{wanted.incident_id}")]
    assert await sql(
        "SELECT actor_kind FROM alquimista_platform.audit_logs WHERE action = 'command.created' AND tenant_id = %s",
        tenant.id,
    ) == [("system",)]


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [("NOTHING", {}), ("EXPORT_TENANT", {}), ("REPROCESS_QUEUE", {}), ("REPROCESS_QUEUE", {"queue": "x"})],
)
async def test_a_rule_that_names_no_command_fails_and_gives_none(
    services, tenant, sql, empty, kind, parameters
) -> None:
    with pytest.raises(Invalid):
        await service.react(services, Reaction(tenant.id, clock.new_id(), kind, parameters), clock.now())
    assert await sql(COMMANDS) == []


async def test_what_must_be_approved_is_approved_by_a_person_then_too(services, tenant, sql, empty) -> None:
    wanted = Reaction(
        tenant.id, clock.new_id(), "RECOMPUTE_USAGE", {"first_day": "2026-03-01", "last_day": "2026-03-01"}
    )
    await service.react(services, wanted, clock.now())
    assert [status for status, *_ in await sql(COMMANDS)] == ["AWAITING_APPROVAL"]
    with pytest.raises(Invalid):
        await service.react(services, Reaction(None, clock.new_id(), *list(_of(wanted))), clock.now())


def _of(wanted):
    return wanted.command_type, wanted.parameters
