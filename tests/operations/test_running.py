"""What workers do with commands: tries, leases, timeouts, progress, cancelling, and who looks after the rest."""

import asyncio
import dataclasses
from datetime import timedelta

import pytest

from alquimista.access import PLATFORM_TENANT
from alquimista.clock import frozen, now
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Conflict
from alquimista.i18n import N_
from alquimista.jobs import queries
from alquimista.operations import service
from alquimista.operations.models.commands import KEPT, LEASE, CommandStatus
from alquimista.operations.models.kinds import CommandType, HealthCheckParameters
from alquimista.operations.service import running
from alquimista.operations.service.effects.restart_agent import NotRestarted
from support.identity import eventually

HEALTH = CommandType.HEALTH_CHECK
JOBS = "SELECT entrypoint, dedupe_key FROM alquimista_platform.job_queue ORDER BY id"
AUDIT = "SELECT action FROM alquimista_platform.audit_logs WHERE resource_id = %s ORDER BY occurred_at, id"


class Refused(Conflict):
    code = "test_refused"
    message = N_("There is no integration with this id.")


async def audited(sql, command):
    return [action for (action,) in await sql(AUDIT, str(command.id))]


async def test_a_command_runs_and_tells_how_it_went(give, working, ended, sql, empty) -> None:
    command = await give(HEALTH)
    assert command.status is CommandStatus.PENDING
    async with working():
        done = await ended(command)
    assert (done.status, done.attempts, done.error_message) == ("SUCCESS", 1, None)
    assert done.output["probes"]["database"]["status"] == "healthy"
    assert done.created_at <= done.started_at <= done.completed_at
    assert (done.tenant_id, done.tenant_name) == (None, None)
    assert await audited(sql, command) == ["command.created"]


async def test_a_command_whose_transaction_fails_was_never_given(services, staff, db, sql, empty) -> None:
    wanted = service.Wanted(HEALTH, None, HealthCheckParameters())
    with pytest.raises(ZeroDivisionError):
        async with tenant_transaction(db, PLATFORM_TENANT) as conn:
            await service.give(conn, staff, wanted, services.settings, now())
            raise ZeroDivisionError
    assert await sql(JOBS) == []
    assert await sql("SELECT 1 FROM alquimista_platform.operational_commands") == []


async def test_what_fails_is_tried_again_and_the_last_reason_is_kept_masked(
    services, give, effect, line, at_once, working, ended, empty
) -> None:
    tries = []

    async def work(run):
        tries.append(run.command.attempts)
        raise ValueError("no route to maria.silva@empresa.com.br with password=hunter2")

    effect(HEALTH, work=work)
    command = await give(HEALTH)
    async with working():
        done = await ended(command)
    assert tries == [1, 2, 3]
    assert (done.status, done.attempts, done.output) == ("ERROR", 3, None)
    assert "ValueError" in done.error_message
    assert "maria" not in done.error_message
    assert "hunter2" not in done.error_message


async def test_what_is_tried_again_waits_longer_each_time(services, give, effect, line, sql, empty) -> None:
    async def work(_run):
        raise ValueError

    effect(HEALTH, work=work)
    command = await give(HEALTH)
    for attempt, seconds in ((1, 5), (2, 20)):
        await service.run(services, PLATFORM_TENANT, command.id)
        found = await line(command)
        assert (found.status, found.attempts) == ("PENDING", attempt)
        ((wait,),) = await sql(
            "SELECT extract(epoch FROM execute_after - now())::int FROM alquimista_platform.job_queue"
            " WHERE dedupe_key = %s",
            f"operations.health_check:{command.id}:{attempt}",
        )
        assert seconds - 3 <= wait <= seconds


async def test_a_refusal_by_design_is_final_and_told_in_words(services, give, effect, line, empty) -> None:
    async def work(_run):
        raise Refused

    effect(HEALTH, work=work)
    command = await give(HEALTH)
    await service.run(services, PLATFORM_TENANT, command.id)
    found = await line(command)
    assert (found.status, found.attempts) == ("ERROR", 1)
    assert found.error_message == "Não há integração com este identificador."
    assert (await line(command, "en")).error_message == "There is no integration with this id."


async def test_a_failure_is_told_in_the_readers_language(services, give, effect, line, sql, empty) -> None:
    async def work(_run):
        raise NotRestarted(seconds=115, detail="one: expired ({x}) maria@example.com")

    effect(HEALTH, work=work)
    command = await give(HEALTH)
    await service.run(services, PLATFORM_TENANT, command.id)
    there, here = (await line(command, "en")).error_message, (await line(command)).error_message
    assert there.startswith("The agent did not start anew within 115 seconds. one: expired ({x})")
    assert here.startswith("O agente não reiniciou em 115 segundos.")
    assert "maria" not in there + here
    columns = "error_message, error_text->>'template' LIKE 'The agent did%%'"
    kept = await sql(f"SELECT {columns} FROM alquimista_platform.operational_commands WHERE id = %s", command.id)
    assert kept == [(here, True)], "who reads the table by other means reads the installation's language"


async def test_what_takes_too_long_is_ended_with_the_reason(
    services, give, effect, line, monkeypatch, sql, empty
) -> None:
    gone = asyncio.Event()

    async def work(_run):
        try:
            await asyncio.sleep(60)
        finally:
            gone.set()

    effect(HEALTH, work=work)
    kind = dataclasses.replace(running.KINDS[HEALTH], timeout_s=0.05)
    monkeypatch.setitem(running.KINDS, HEALTH, kind)
    command = await give(HEALTH)
    await service.run(services, PLATFORM_TENANT, command.id)
    found = await line(command)
    assert gone.is_set()
    assert (found.status, found.error_message) == ("PENDING", "Demorou mais de 0.05 segundos.")
    assert (await line(command, "en")).error_message == "It took longer than 0.05 seconds."
    await sql("UPDATE alquimista_platform.operational_commands SET error_text = NULL")
    assert (await line(command, "en")).error_message == "Demorou mais de 0.05 segundos.", "as rows of before read"


async def test_progress_is_seen_and_a_cancelled_command_ends_at_its_next_step(
    services, staff, give, effect, line, db, sql, empty
) -> None:
    told, go_on = asyncio.Event(), asyncio.Event()

    async def work(run):
        await run.progress(1, 3, "um")
        told.set()
        await go_on.wait()
        await run.progress(2, 3, "dois")
        raise AssertionError("must not come here")

    effect(HEALTH, work=work)
    command = await give(HEALTH)
    running_now = asyncio.create_task(service.run(services, PLATFORM_TENANT, command.id))
    await told.wait()
    found = await line(command)
    assert (found.status, found.progress.done, found.progress.total, found.progress.text) == ("RUNNING", 1, 3, "um")
    async with tenant_transaction(db, PLATFORM_TENANT) as conn:
        asked = await service.cancel(conn, staff, command, now())
    assert (asked.status, asked.completed_at) == ("RUNNING", None)
    go_on.set()
    await running_now
    found = await line(command)
    assert (found.status, found.output) == ("CANCELLED", None)
    assert await audited(sql, command) == ["command.created", "command.cancel_requested", "command.cancelled"]


async def test_a_try_that_lost_its_lease_writes_nothing(services, give, effect, line, empty) -> None:
    began, go_on, results = asyncio.Event(), asyncio.Event(), iter(["first", "second"])

    async def work(_run):
        mine = next(results)
        if mine == "first":
            began.set()
            await go_on.wait()
        return {"by": mine}

    effect(HEALTH, work=work)
    command = await give(HEALTH)
    first = asyncio.create_task(service.run(services, PLATFORM_TENANT, command.id))
    await began.wait()
    await service.run(services, PLATFORM_TENANT, command.id)  # Nothing: the lease holds.
    assert (await line(command)).attempts == 1
    with frozen(now() + 2 * LEASE):
        await service.run(services, PLATFORM_TENANT, command.id)
    go_on.set()
    await first
    found = await line(command)
    assert (found.status, found.attempts, found.output) == ("SUCCESS", 2, {"by": "second"})


async def test_a_long_one_keeps_its_lease(services, give, effect, line, monkeypatch, empty) -> None:
    monkeypatch.setattr(running, "BEAT_S", 0.01)
    go_on = asyncio.Event()

    async def work(_run):
        await go_on.wait()
        return {}

    effect(HEALTH, work=work)
    command = await give(HEALTH)
    running_now = asyncio.create_task(service.run(services, PLATFORM_TENANT, command.id))

    async def started():
        return (await line(command)).status == "RUNNING"

    await eventually(started)
    before = (await line(command)).updated_at

    async def beaten():
        return (await line(command)).updated_at > before

    await eventually(beaten)
    go_on.set()
    await running_now
    assert (await line(command)).status == "SUCCESS"


async def test_what_a_dead_worker_left_is_tried_again_or_ended(services, give, effect, line, sql, empty) -> None:
    async def work(_run):
        await asyncio.sleep(60)

    effect(HEALTH, work=work)
    command = await give(HEALTH)
    moment = now()
    for attempt in (1, 2, 3):
        with frozen(moment):
            dying = asyncio.create_task(service.run(services, PLATFORM_TENANT, command.id))

            async def runs(attempt=attempt):
                found = await line(command)
                return found.status == "RUNNING" and found.attempts == attempt

            await eventually(runs)
            running_only = await service.reap(services, moment + LEASE / 2)
            assert running_only == 0
            moment += 2 * LEASE
            assert await service.reap(services, moment) == 1
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
    found = await line(command)
    assert (found.status, found.attempts) == ("ERROR", 3)
    assert found.error_message.startswith("O worker morreu")
    keys = {key for _, key in await sql(JOBS)}
    assert keys == {f"operations.health_check:{command.id}:{attempt}" for attempt in (0, 1, 2)}


async def test_a_worker_that_is_stopped_gives_its_command_back(services, give, effect, line, empty) -> None:
    began = asyncio.Event()

    async def work(_run):
        began.set()
        await asyncio.sleep(60)

    effect(HEALTH, work=work)
    command = await give(HEALTH)
    running_now = asyncio.create_task(service.run(services, PLATFORM_TENANT, command.id))
    await began.wait()
    running_now.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running_now
    assert (await line(command)).status == "PENDING"


async def test_a_command_whose_job_was_lost_gets_another(services, give, sql, line, empty) -> None:
    command = await give(HEALTH)
    await sql("DELETE FROM alquimista_platform.job_queue")
    assert await service.reap(services, now()) == 0  # It may only just have been given.
    assert await service.reap(services, now() + timedelta(minutes=2)) == 1
    assert await service.reap(services, now() + timedelta(minutes=2)) == 0
    assert await sql(JOBS) == [("operations.health_check", f"operations.health_check:{command.id}:0")]


async def test_what_commits_with_its_end_does_so_or_not_at_all(
    services, give, effect, line, tenant, sql, empty
) -> None:
    count = "SELECT count(*) FROM alquimista_platform.failed_jobs"
    outcomes = iter([ValueError("half-way"), None])

    async def commit(conn, run):
        await queries.remember_failed(conn, run.tenant, run.command.attempts, "x", "x", now())
        if error := next(outcomes):
            raise error
        return {}

    effect(HEALTH, commit=commit)
    command = await give(HEALTH, tenant.id)
    await service.run(services, tenant.id, command.id)
    assert ((await line(command)).status, await sql(count)) == ("PENDING", [(0,)])
    await service.run(services, tenant.id, command.id)
    assert ((await line(command)).status, await sql(count)) == ("SUCCESS", [(1,)])


async def test_old_commands_are_forgotten_and_open_ones_stay(services, give, line, sql, empty) -> None:
    with frozen(now() - KEPT - timedelta(days=1)):
        old, open_one = await give(HEALTH), await give(HEALTH)
        await service.run(services, PLATFORM_TENANT, old.id)
    recent = await give(HEALTH)
    await service.run(services, PLATFORM_TENANT, recent.id)
    await service.purge(services, now())
    left = {found for (found,) in await sql("SELECT id FROM alquimista_platform.operational_commands")}
    assert left == {open_one.id, recent.id}
