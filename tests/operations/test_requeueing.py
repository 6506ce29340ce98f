"""REPROCESS_QUEUE of webhooks and events: those of one company that were given up go out again, each once."""

import pytest

import factories
from alquimista import clock
from alquimista.operations import service
from alquimista.operations.models.kinds import CommandType

REPROCESS = CommandType.REPROCESS_QUEUE
ENDPOINT = """
INSERT INTO alquimista_platform.webhook_endpoints (tenant_id, id, url, event_types, status, disabled_reason,
  secret_key_id, secret_ciphertext, created_at, updated_at)
VALUES (%s, %s, 'https://example.com/x', '{*}', %s, %s, 'k', 'x', now(), now())
"""
DELIVERY = """
INSERT INTO alquimista_platform.webhook_deliveries (tenant_id, id, endpoint_id, event_id, event_type, payload,
  occurred_at, state, attempts, step, created_at, updated_at)
VALUES (%s, %s, %s, %s, 'x', '{}', now(), 'failed', 7, 7, clock_timestamp(), now())
"""
EVENT = """
INSERT INTO fibonacci_core.events (tenant_id, id, event_id, source, event_type, status, created_at)
VALUES (%s, %s, %s, 'test', 'x', 'failed', now())
"""
EVENT_DELIVERY = """
INSERT INTO fibonacci_core.event_deliveries (tenant_id, event_id, consumer, state, attempts, created_at, updated_at)
VALUES (%s, %s, %s, 'dead', 9, clock_timestamp(), now())
"""
JOBS = "SELECT count(*) FROM alquimista_platform.job_queue WHERE entrypoint = %s"


@pytest.fixture
def moved(services, give, line):
    """`await moved(tenant_id, queue=…)`: run the command; how many moved."""

    async def run(tenant_id, **parameters):
        command = await give(REPROCESS, tenant_id, **parameters)
        await service.run(services, tenant_id, command.id)
        found = await line(command)
        assert found.status == "SUCCESS", found.error_message
        return found.output["moved"]

    return run


async def test_webhook_messages(db, sql, moved, empty) -> None:
    tenant, other = await factories.make_tenant(db), await factories.make_tenant(db)
    made = {}
    for one in (tenant, other):
        live, off = clock.new_id(), clock.new_id()
        await sql(ENDPOINT, one.id, live, "enabled", None)
        await sql(ENDPOINT, one.id, off, "disabled", "gone")
        made[one.id] = [clock.new_id() for _ in range(4)]
        for endpoint, delivery in zip((live, live, live, off), made[one.id], strict=True):
            await sql(DELIVERY, one.id, delivery, endpoint, clock.new_id())
    ids = [str(made[tenant.id][1]), str(made[other.id][0]), str(made[tenant.id][3])]
    assert await moved(tenant.id, queue="webhooks", ids=ids) == 1
    assert await moved(tenant.id, queue="webhooks", count=1) == 1
    assert await moved(tenant.id, queue="webhooks") == 1
    assert await moved(tenant.id, queue="webhooks") == 0
    assert await sql(JOBS, "webhooks.deliver") == [(3,)]
    state = "SELECT state FROM alquimista_platform.webhook_deliveries WHERE tenant_id = %s ORDER BY id"
    assert [row for (row,) in await sql(state, tenant.id)] == ["pending"] * 3 + ["failed"]
    assert {row for (row,) in await sql(state, other.id)} == {"failed"}


async def test_events(db, sql, moved, empty) -> None:
    tenant, other = await factories.make_tenant(db), await factories.make_tenant(db)
    first, second, theirs = [clock.new_id() for _ in range(3)]
    for owner, one, consumers in ((tenant.id, first, "ab"), (tenant.id, second, "a"), (other.id, theirs, "a")):
        await sql(EVENT, owner, one, str(one))
        for consumer in consumers:
            await sql(EVENT_DELIVERY, owner, one, consumer)
    assert await moved(tenant.id, queue="events", ids=[str(first)]) == 2
    assert await moved(tenant.id, queue="events", ids=[str(theirs)]) == 0
    assert await moved(tenant.id, queue="events") == 1
    assert await moved(tenant.id, queue="events") == 0
    state = "SELECT DISTINCT state FROM fibonacci_core.event_deliveries WHERE tenant_id = %s"
    assert (await sql(state, tenant.id), await sql(state, other.id)) == ([("pending",)], [("dead",)])
    assert await sql(JOBS, "orchestrator.deliver") == [(3,)]
    status = "SELECT DISTINCT status FROM fibonacci_core.events WHERE tenant_id = %s"
    assert await sql(status, tenant.id) == [("processing",)]
