"""Commands that incidents ask for."""

import pytest

from alquimista import clock
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Invalid
from alquimista.incidents import service as incidents
from alquimista.incidents.models import Severity, Visibility
from alquimista.jobs.queue import enqueue
from alquimista.operations import service
from alquimista.operations.models.commands import Reaction
from support.identity import eventually

COMMANDS = "SELECT status, created_by, idempotency_key FROM alquimista_platform.operational_commands"
TIMELINE = """
SELECT details, body, public FROM alquimista_platform.incident_events WHERE incident_id = %s AND kind = 'command'
"""
DAY = {"first_day": "2026-03-01", "last_day": "2026-03-01"}


@pytest.fixture
async def incident(db, tenant, staff):
    """An incident of the company; its id."""
    async with tenant_transaction(db, tenant.id) as conn:
        return await incidents.open_by_hand(
            conn, staff, tenant.id, next(iter(Severity)), "Fila parada", "", Visibility.INTERNAL, [], clock.now()
        )


async def test_an_incident_gives_its_command_once_and_its_timeline_tells_it(
    services, db, tenant, incident, working, sql, empty
) -> None:
    wanted = Reaction(tenant.id, incident, "REPROCESS_QUEUE", {"queue": "jobs"})
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
    ((command_id,),) = await sql("SELECT id FROM alquimista_platform.operational_commands")
    told = {"command_id": str(command_id), "command_type": "REPROCESS_QUEUE"}
    assert await sql(TIMELINE, incident) == [(told, "", False)]


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [("NOTHING", {}), ("RESET_TOKEN", {}), ("REPROCESS_QUEUE", {}), ("REPROCESS_QUEUE", {"queue": "x"})],
)
async def test_a_rule_that_names_no_command_fails_and_gives_none(
    services, tenant, incident, sql, empty, kind, parameters
) -> None:
    with pytest.raises(Invalid):
        await service.react(services, Reaction(tenant.id, incident, kind, parameters), clock.now())
    assert await sql(COMMANDS) == []
    assert await sql(TIMELINE, incident) == []


async def test_a_command_about_no_company_needs_a_type_that_is(services, sql, empty) -> None:
    with pytest.raises(Invalid):
        await service.react(services, Reaction(None, clock.new_id(), "RECOMPUTE_USAGE", DAY), clock.now())
    assert await sql(COMMANDS) == []


async def test_what_must_be_approved_is_refused_and_the_timeline_says_why(
    services, tenant, incident, sql, empty
) -> None:
    for _ in range(2):
        await service.react(services, Reaction(tenant.id, incident, "RECOMPUTE_USAGE", DAY), clock.now())
    assert await sql(COMMANDS) == []
    assert await sql("SELECT count(*) FROM alquimista_platform.job_queue") == [(0,)]
    ((details, body, public),) = await sql(TIMELINE, incident)
    assert (details["command_type"], details["refused"]) == ("RECOMPUTE_USAGE", "command_needs_person")
    assert "aprovação" in details["reason"]
    assert (body, public) == ("", False)
