"""A request's end reaches the room that waits for it and the people concerned, once each."""

from datetime import timedelta

import pytest

from alquimista import clock
from alquimista.access import PLATFORM_TENANT
from alquimista.approvals import service
from alquimista.approvals.models import ApprovalStatus, Audience, Told
from alquimista.audit import service as audit
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Conflict
from alquimista.i18n import Text

TOLD = """
SELECT u.full_name, n.type FROM alquimista_platform.notifications n
JOIN alquimista_platform.users u ON u.id = n.user_id
WHERE n.data->>'link' LIKE %s ORDER BY n.created_at, u.full_name
"""


class Refused(Conflict):
    code = "refused"


async def page_of_its_own(scene, name, audience, **changes):
    page = f"/app/{clock.new_id()}"
    return await scene.ask(name, audience, page=page, **changes), f"%{page}"


async def test_a_reaction_shares_the_transaction(scene, sql):
    """What it writes is committed with the end; when it refuses, the request stays open and nothing is written."""
    reactions, refusing = service.Reactions(), [True]

    async def react(conn, actor, approval, _now):
        assert approval.status is ApprovalStatus.CANCELLED
        await audit.record(
            conn, actor, "command.released", category="command", resource_id=str(approval.id), tenant_id=scene.tenant
        )
        if refusing:
            raise Refused

    reactions.on("command.", react, lambda one: Text(f"What {one.action_type} is"))
    approval = await scene.ask("ana")

    async def cancel():
        async with tenant_transaction(scene.db, scene.tenant) as conn:
            closed = await service.cancel(conn, scene.actor("ana"), scene.tenant, approval.id, clock.now())
            await reactions.closed(conn, scene.actor("ana"), closed, clock.now())

    with pytest.raises(Refused):
        await cancel()
    refusing.clear()
    await cancel()
    query = "SELECT count(*) FROM alquimista_platform.audit_logs WHERE action = 'command.released' AND resource_id = %s"
    assert await sql(query, str(approval.id)) == [(1,)]


async def test_an_expiry_is_reacted_to_and_other_prefixes_are_left_alone(scene, work):
    heard = []

    async def react(_conn, actor, approval, _now):
        heard.append((approval.id, approval.status.value, actor))

    reactions = service.Reactions()
    reactions.on("command.", react, lambda one: Text(f"What {one.action_type} is"))
    over = clock.now() - timedelta(hours=25)
    ours = await scene.ask("ana", now=over)
    await scene.ask("ana", action_type="campaign.send", now=over)
    await work(reactions)
    await work(reactions)
    assert heard == [(ours.id, "expired", None)]


async def test_people_are_told_a_name_and_not_the_codes(scene, sql, work):
    reactions = service.Reactions()
    reactions.on("command.", lambda *_: None, lambda _one: Text("Recount usage"))
    _, link = await page_of_its_own(scene, "chief", Audience.STAFF)
    _, other = await page_of_its_own(scene, "ana", Audience.TENANT, action_type="manual.campaign_text")
    await work(reactions)
    titles = "SELECT DISTINCT title FROM alquimista_platform.notifications WHERE data->>'link' LIKE %s"
    assert await sql(titles, link) == [("Pedem a sua decisão: Recount usage",)]
    assert await sql(titles, other) == [("Pedem a sua decisão: Campaign text",)]


async def test_the_companys_deciders_and_then_the_requester_are_told(scene, sql, work):
    approval, page = await page_of_its_own(scene, "ana", Audience.TENANT)
    await work()
    wanted = [("bia", "approval_wanted"), ("caio", "approval_wanted")]
    assert await sql(TOLD, page) == wanted
    answer = await scene.clients["bia"].post(f"/approvals/{approval.id}/decide", json={"decision": "reject"})
    assert answer.status_code == 200
    await work()
    assert await sql(TOLD, page) == [*wanted, ("ana", "approval_rejected")]


async def test_staff_are_told_as_staff_and_a_repeated_job_tells_nobody_twice(scene, sql, work):
    approval, page = await page_of_its_own(scene, "ops", Audience.STAFF)
    await work()
    wanted = [("chief", "approval_wanted"), ("helper", "approval_wanted")]
    assert await sql(TOLD, page) == wanted
    await service.tell(
        scene.db, service.Reactions(), scene.tenant, Told(approval.id, ApprovalStatus.PENDING), clock.now()
    )
    assert await sql(TOLD, page) == wanted
    decided = await scene.clients["chief"].post(
        f"/internal/approvals/{approval.id}/decide", json={"decision": "approve"}
    )
    assert decided.json()["status"] == "approved"
    await work()
    assert await sql(TOLD, page) == [*wanted, ("ops", "approval_approved")]
    query = "SELECT DISTINCT tenant_id FROM alquimista_platform.notifications WHERE data->>'link' LIKE %s"
    assert await sql(query, page) == [(PLATFORM_TENANT,)]


async def test_whoever_takes_it_back_is_not_told(scene, sql, work):
    approval, page = await page_of_its_own(scene, "ana", Audience.TENANT)
    assert (await scene.clients["ana"].post(f"/approvals/{approval.id}/cancel")).status_code == 200
    await work()
    assert await sql(TOLD, page) == []
