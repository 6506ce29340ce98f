"""Two at once: of workers, of deciders, of a cancel and a start, of one key."""

import asyncio

import pytest

from alquimista.access import PLATFORM_TENANT
from alquimista.approvals.models import ApprovalClosed
from alquimista.clock import new_id, now
from alquimista.db.tenancy import tenant_transaction
from alquimista.operations import service
from alquimista.operations.models.commands import LEASE, CommandEnded, NotAwaitingApproval
from alquimista.operations.models.kinds import CommandType
from alquimista.operations.queries import running

HEALTH = CommandType.HEALTH_CHECK
RECOUNT = CommandType.RECOMPUTE_USAGE
DAY = {"first_day": "2026-03-01", "last_day": "2026-03-01"}
ROUNDS = range(15)


async def deciding(db, tenant_id, verb, *args):
    """What became of it: the command's state, or the refusal's class."""
    try:
        async with tenant_transaction(db, tenant_id) as conn:
            return (await verb(conn, *args)).status
    except (CommandEnded, NotAwaitingApproval, ApprovalClosed) as refusal:
        return type(refusal)


async def test_of_many_workers_one_begins(db, give, empty) -> None:
    command = await give(HEALTH)
    at = now()
    claims = [
        running.claim(db.tenant(PLATFORM_TENANT), PLATFORM_TENANT, command.id, new_id(), "w", at, at + LEASE)
        for _ in range(10)
    ]
    begun = [one for one in await asyncio.gather(*claims) if one is not None]
    assert len(begun) == 1
    assert begun[0].attempts == 1


@pytest.mark.parametrize("_round", ROUNDS)
async def test_a_cancel_against_a_start(services, db, staff, give, line, effect, _round) -> None:
    done = []

    async def work(run):
        await run.progress(0, 1, "")
        done.append(run.command.id)
        return {}

    effect(HEALTH, work=work)
    command = await give(HEALTH)
    cancelled, _ = await asyncio.gather(
        deciding(db, PLATFORM_TENANT, service.cancel, staff, command, now()),
        service.run(services, PLATFORM_TENANT, command.id),
    )
    found = await line(command)
    assert found.completed_at is not None
    # What was cancelled at once has no effect; what was asked to end may have got ahead of the question.
    assert (found.status == "SUCCESS") == (done == [command.id])
    assert cancelled == "CANCELLED" or cancelled in {"RUNNING", CommandEnded}
    if cancelled == "CANCELLED":
        assert done == []


@pytest.mark.parametrize("_round", ROUNDS)
@pytest.mark.parametrize("other", ["reject", "cancel", "approve"])
async def test_an_approval_against_another_decision(db, staff, second, give, line, tenant, sql, other, _round) -> None:
    command = await give(RECOUNT, tenant.id, **DAY)
    against = {
        "reject": (service.reject, second, command, "no", now()),
        "cancel": (service.cancel, staff, command, now()),
        "approve": (service.approve, second, command, now()),
    }[other]
    results = await asyncio.gather(
        deciding(db, tenant.id, service.approve, second, command, now()), deciding(db, tenant.id, *against)
    )
    found = await line(command)
    jobs = await sql(
        "SELECT 1 FROM alquimista_platform.job_queue WHERE dedupe_key LIKE %s", f"operations.%:{command.id}:%"
    )
    if other == "cancel":  # It may be approved first, and cancelled then.
        assert found.status == "CANCELLED"
    else:
        assert sorted(isinstance(one, type) for one in results) == [False, True]
        assert found.status == next(one for one in results if not isinstance(one, type))
        assert len(jobs) == (found.status == "PENDING")


async def test_the_same_key_many_times_at_once_is_one_command(give, sql, empty) -> None:
    made = await asyncio.gather(*(give(HEALTH, key="the same") for _ in range(4)))
    made += await asyncio.gather(*(give(HEALTH, key="the same") for _ in range(4)))
    assert len({one.id for one in made}) == 1
    assert await sql("SELECT count(*) FROM alquimista_platform.job_queue") == [(1,)]
    assert await sql("SELECT count(*) FROM alquimista_platform.audit_logs WHERE resource_id = %s", str(made[0].id)) == [
        (1,)
    ]


async def test_limits_hold_over_all_workers(give, working, ended, effect, empty) -> None:
    running_now, most = 0, 0

    async def work(_run):
        nonlocal running_now, most
        running_now += 1
        most = max(most, running_now)
        await asyncio.sleep(0.02)
        running_now -= 1
        return {}

    effect(HEALTH, work=work)
    made = [await give(HEALTH) for _ in range(60)]
    async with working(), working(), working():
        for one in made:
            assert (await ended(one)).status == "SUCCESS"
    assert 1 < most <= 20
