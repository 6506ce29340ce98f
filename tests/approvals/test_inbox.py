"""What waits for somebody, what is theirs, and everything that they may see."""

from datetime import timedelta

from alquimista import clock
from alquimista.access import Permission
from alquimista.approvals import service
from alquimista.approvals.models import ApprovalStatus, Audience, Verdict, Whose
from alquimista.db.tenancy import tenant_transaction


async def look(scene, name, whose, audience=Audience.TENANT, now=None, **more):
    tenant_id, conn = scene.tenant, scene.db.tenant(scene.tenant)
    if audience is Audience.STAFF:
        tenant_id, conn = None, scene.db.staff()
    at = now or clock.now()
    return await service.inbox(conn, scene.actor(name), tenant_id, audience, whose, at, 500, 0, **more)


def ids(inbox):
    return {one.id for one in inbox.approvals}


async def decide(scene, name, asked, verdict):
    async with tenant_transaction(scene.db, scene.tenant) as conn:
        return await service.decide(conn, scene.actor(name), scene.tenant, asked.id, verdict, "Pode.", clock.now())


async def test_it_waits_for_others_until_they_have_decided(scene):
    asked = await scene.ask("ana", required_approvals=2)
    assert asked.id not in ids(await look(scene, "ana", Whose.WAITING))
    assert asked.id in ids(await look(scene, "ana", Whose.MINE))
    waiting = await look(scene, "bia", Whose.WAITING)
    assert asked.id in ids(waiting)
    assert (waiting.total, waiting.waiting) == (len(waiting.approvals), len(waiting.approvals))
    assert asked.id not in ids(await look(scene, "bia", Whose.MINE))
    await decide(scene, "bia", asked, Verdict.APPROVE)
    assert asked.id not in ids(await look(scene, "bia", Whose.WAITING))
    assert asked.id in ids(await look(scene, "caio", Whose.WAITING))
    after = await decide(scene, "caio", asked, Verdict.APPROVE)
    assert all(one.approver_name for one in after.decisions)
    every = await look(scene, "caio", Whose.ALL, status=ApprovalStatus.APPROVED)
    assert asked.id in ids(every)
    assert {one.status for one in every.approvals} == {ApprovalStatus.APPROVED}
    assert all(one.tenant_name for one in every.approvals)


async def test_what_is_over_waits_for_nobody(scene):
    asked = await scene.ask("ana", now=clock.now() - timedelta(hours=25))
    assert asked.id not in ids(await look(scene, "bia", Whose.WAITING))
    assert asked.id in ids(await look(scene, "bia", Whose.ALL))


async def test_what_takes_more_waits_for_who_has_it(scene):
    asked = await scene.ask("ops", Audience.STAFF, permission=Permission.USAGE_RECOMPUTE, action_type="command.X")
    assert asked.id in ids(await look(scene, "chief", Whose.WAITING, Audience.STAFF))
    assert asked.id not in ids(await look(scene, "helper", Whose.WAITING, Audience.STAFF))
    assert asked.id in ids(await look(scene, "helper", Whose.ALL, Audience.STAFF))
    assert asked.id not in ids(await look(scene, "ana", Whose.ALL))
    assert asked.id in ids(await look(scene, "chief", Whose.ALL, Audience.STAFF, prefix="command."))
    assert asked.id not in ids(await look(scene, "chief", Whose.ALL, Audience.STAFF, prefix="manual."))


async def test_nothing_waits_for_who_may_decide_nothing(scene):
    asked = await scene.ask("ana")
    for name in ("davi", "ops"):
        waiting = await look(scene, name, Whose.WAITING)
        assert (waiting.approvals, waiting.total, waiting.waiting) == ([], 0, 0)
        every = await look(scene, name, Whose.ALL)
        assert asked.id in ids(every)
        assert every.waiting == 0
