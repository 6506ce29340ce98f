"""Commands that fail again and again: one incident for each kind, and none for what is no fault of theirs."""

from datetime import timedelta

import pytest

from alquimista.clock import frozen, now
from alquimista.operations import service
from alquimista.operations.models.commands import CommandEnded
from alquimista.operations.models.kinds import CommandType
from support.identity import eventually

OPEN = """
SELECT dedupe_key, title, visibility FROM alquimista_platform.incidents
WHERE rule = 'operations.failing' AND resolved_at IS NULL
"""
ENDED = "SELECT count(*) FROM alquimista_platform.operational_commands WHERE completed_at IS NOT NULL"


@pytest.fixture
def fail(give, effect, working, sql, tenant):
    """Have so many commands of a kind fail for good."""

    async def failed(kind, count, actor, **parameters):
        async def work(_run):
            raise CommandEnded(status="x")  # A refusal is final.

        effect(kind, work=work)
        ((before,),) = await sql(ENDED)
        for _ in range(count):
            await give(kind, tenant.id, actor, **parameters)
        async with working():

            async def over():
                return await sql(ENDED) == [(before + count,)]

            await eventually(over, 20)

    return failed


async def test_three_failures_of_a_kind_within_five_minutes_are_an_incident(db, fail, staff, sql, empty):
    await fail(CommandType.HEALTH_CHECK, 2, staff)
    await service.watch(db, now())
    assert await sql(OPEN) == []
    await fail(CommandType.HEALTH_CHECK, 1, staff)
    for _ in range(2):
        await service.watch(db, now())
        told = ("operations.failing:HEALTH_CHECK", "Comandos falham: HEALTH_CHECK", "internal")
        assert await sql(OPEN) == [told]
    later = now() + timedelta(minutes=6)
    with frozen(later):
        await service.watch(db, later)
    assert await sql(OPEN) == []


async def test_restarts_that_a_rule_gave_fail_with_their_agents(db, fail, tenant, sql, empty):
    await fail(CommandType.RESTART_AGENT, 3, None, agent_id=str(tenant.id), reason="x")
    await service.watch(db, now())
    assert await sql(OPEN) == []
