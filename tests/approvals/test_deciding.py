"""The life of a request: who may decide, what closes it, and what is refused then."""

import asyncio
from datetime import timedelta

import pytest

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, Permission
from alquimista.approvals import service
from alquimista.approvals.models import Audience, Verdict
from alquimista.audit import service as audit
from alquimista.audit.models import Wanted
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Problem

ENDS = {"approval.approved", "approval.rejected", "approval.cancelled", "approval.expired"}
APPROVE, REJECT = {"decision": "approve"}, {"decision": "reject", "comment": "Agora não."}


async def trail(scene, approval):
    wanted = Wanted(resource_type="approval", resource_id=str(approval.id))
    rows = await audit.entries(scene.db.tenant(scene.tenant), scene.tenant, wanted, 20)
    return [(row.action, row.actor_email) for row in reversed(rows)]


async def decide(scene, name, approval, body=APPROVE):
    return await scene.clients[name].post(f"/approvals/{approval.id}/decide", json=body)


async def test_one_other_person_approves(scene):
    approval = await scene.ask("ana")
    answer = await decide(scene, "bia", approval, {"decision": "approve", "comment": "Pode."})
    body = answer.json()
    assert (answer.status_code, body["status"], body["requested_by_name"]) == (200, "approved", "ana")
    assert [(one["decision"], one["comment"]) for one in body["decisions"]] == [("approve", "Pode.")]
    assert body["closed_at"] is not None
    ana, bia = scene.people["ana"].email, scene.people["bia"].email
    assert await trail(scene, approval) == [
        ("approval.created", ana),
        ("approval.decision_recorded", bia),
        ("approval.approved", bia),
    ]


async def test_two_are_needed_and_each_counts_once(scene):
    approval = await scene.ask("ana", required_approvals=2)
    assert (await decide(scene, "bia", approval)).json()["status"] == "pending"
    again = await decide(scene, "bia", approval)
    assert (again.status_code, again.json()["error"]) == (409, "approval_already_decided")
    assert (await decide(scene, "caio", approval)).json()["status"] == "approved"


async def test_one_refusal_closes(scene):
    approval = await scene.ask("ana", required_approvals=2)
    assert (await decide(scene, "bia", approval)).json()["status"] == "pending"
    assert (await decide(scene, "caio", approval, REJECT)).json()["status"] == "rejected"
    late = await decide(scene, "bia", approval)
    assert (late.status_code, late.json()["error"]) == (409, "approval_closed")
    assert (await trail(scene, approval))[-1][0] == "approval.rejected"


async def test_nobody_decides_on_their_own(scene):
    approval = await scene.ask("ana")
    answer = await decide(scene, "ana", approval)
    assert (answer.status_code, answer.json()["error"]) == (403, "approval_own_request")


async def test_only_the_requester_takes_it_back(scene):
    approval = await scene.ask("ana")
    path = f"/approvals/{approval.id}/cancel"
    refused = await scene.clients["bia"].post(path)
    assert (refused.status_code, refused.json()["error"]) == (403, "approval_not_requester")
    assert (await scene.clients["ana"].post(path)).json()["status"] == "cancelled"
    again = await scene.clients["ana"].post(path)
    assert (again.status_code, again.json()["error"]) == (409, "approval_closed")
    assert (await decide(scene, "bia", approval)).status_code == 409
    assert (await trail(scene, approval))[-1] == ("approval.cancelled", scene.people["ana"].email)


async def test_after_a_day_nothing_can_be_decided_before_the_job_comes_and_after(scene, work):
    approval = await scene.ask("ana", now=clock.now() - timedelta(hours=24, seconds=1))
    for _ in range(2):
        for answer in (
            await decide(scene, "bia", approval),
            await scene.clients["ana"].post(f"/approvals/{approval.id}/cancel"),
        ):
            assert (answer.status_code, answer.json()["error"]) == (410, "approval_expired")
        await work()
    found = (await scene.clients["ana"].get(f"/approvals/{approval.id}")).json()
    assert (found["status"], found["decisions"]) == ("expired", [])
    assert (await trail(scene, approval))[-1][0] == "approval.expired"


async def test_the_roles(scene):
    approval = await scene.ask("ana")
    for name, status in (("davi", 403), ("outsider", 404)):
        assert (await decide(scene, name, approval)).status_code == status
        assert (await scene.clients[name].get(f"/approvals/{approval.id}")).status_code == status
        assert (await scene.clients[name].post(f"/approvals/{approval.id}/cancel")).status_code == status
    chief = await scene.clients["chief"].post(
        f"/approvals/{approval.id}/decide", params={"tenant_id": str(scene.tenant)}, json=APPROVE
    )
    assert (chief.status_code, chief.json()["error"]) == (403, "approval_not_yours")
    assert (await scene.clients["ana"].get(f"/approvals/{approval.id}")).json()["status"] == "pending"


async def test_what_is_asked_of_staff_is_theirs_alone(scene):
    approval = await scene.ask("ops", Audience.STAFF)
    for name in ("ana", "outsider"):
        client = scene.clients[name]
        assert (await client.get(f"/approvals/{approval.id}")).status_code == 404
        assert (await client.post(f"/approvals/{approval.id}/decide", json=APPROVE)).status_code == 404
        assert str(approval.id) not in (await client.get("/approvals")).text
        assert (await client.get(f"/internal/approvals/{approval.id}")).status_code == 403
    path = f"/internal/approvals/{approval.id}"
    assert (await scene.clients["ops"].post(f"{path}/decide", json=APPROVE)).json()["error"] == "approval_own_request"
    listed = (await scene.clients["helper"].get("/internal/approvals", params={"status": "pending"})).json()
    mine = next(one for one in listed["approvals"] if one["id"] == str(approval.id))
    assert (mine["tenant_id"], mine["requested_by_name"]) == (str(scene.tenant), "ops")
    assert (await scene.clients["helper"].post(f"{path}/decide", json=APPROVE)).json()["status"] == "approved"


async def test_who_may_not_do_it_may_not_approve_it(scene):
    approval = await scene.ask("ops", Audience.STAFF, permission=Permission.USAGE_RECOMPUTE)
    path = f"/internal/approvals/{approval.id}/decide"
    helper = await scene.clients["helper"].post(path, json=APPROVE)
    assert (helper.status_code, helper.json()["error"]) == (403, "approval_not_yours")
    assert (await scene.clients["chief"].post(path, json=APPROVE)).json()["status"] == "approved"


async def test_staff_who_read_leave_a_trace(scene):
    approval = await scene.ask("ops", Audience.STAFF)
    path = f"/internal/approvals/{approval.id}"
    assert (await scene.clients["helper"].get(path)).status_code == 200
    assert (await scene.clients["helper"].get("/internal/approvals")).status_code == 200
    for tenant, read in ((scene.tenant, path), (PLATFORM_TENANT, "/internal/approvals")):
        rows = await audit.entries(scene.db.tenant(tenant), tenant, Wanted(resource_id=read), 5)
        assert {row.actor_email for row in rows} == {scene.people["helper"].email}


async def test_people_ask_for_themselves(scene):
    body = {"action_type": "manual.campaign", "resource_type": "campaign", "resource_id": "março"}
    answer = await scene.clients["ana"].post("/approvals", json=body | {"action_details": {"text": "Olá!"}})
    assert (answer.status_code, answer.json()["status"], answer.json()["audience"]) == (201, "pending", "tenant")
    page = (await scene.clients["bia"].get("/approvals", params={"limit": 1})).json()
    assert [one["id"] for one in page["approvals"]] == [answer.json()["id"]]
    assert page["total"] > 1
    assert (await scene.clients["davi"].post("/approvals", json=body)).status_code == 403
    for wrong in (
        {"action_type": "command.RESTART_AGENT"},  # What a room waits for cannot be made up.
        {"action_type": "manual.x\n"},
        {"required_approvals": 3},
        {"required_approvals": 0},
        {"resource_id": ""},
        {"resource_id": "a\x00b"},
        {"action_details": {"text": "a\x00b"}},
        {"action_details": {"text": {"deep": 1}}},
        {"audience": "staff"},
        {"requested_by": str(scene.people["bia"].id)},
    ):
        refused = await scene.clients["ana"].post("/approvals", json=body | wrong)
        assert refused.status_code == 400, wrong


@pytest.mark.parametrize("body", [{}, {"decision": "maybe"}, {"decision": "approve", "comment": "x" * 2001}])
async def test_a_decision_that_is_none(scene, body):
    approval = await scene.ask("ana")
    assert (await decide(scene, "bia", approval, body)).status_code == 400


async def test_of_many_at_once_exactly_one_end(scene, sql):
    """Deciders for and against, the requester who takes it back: one closes it, all others are told."""
    for _ in range(10):
        approval = await scene.ask("ana")
        answers = await asyncio.gather(
            decide(scene, "bia", approval),
            decide(scene, "caio", approval, REJECT),
            scene.clients["ana"].post(f"/approvals/{approval.id}/cancel"),
        )
        closed = [answer.json()["status"] for answer in answers if answer.status_code == 200]
        assert len(closed) == 1
        assert {answer.status_code for answer in answers} == {200, 409}
        assert (await scene.clients["bia"].get(f"/approvals/{approval.id}")).json()["status"] == closed[0]
        acts = [action for action, _ in await trail(scene, approval)]
        assert [act for act in acts if act in ENDS] == [f"approval.{closed[0]}"]


async def test_a_decision_against_an_expiry_ends_in_one_state(scene):
    """The last decision comes in the moment in which the job finds the time over."""
    moment = clock.now()
    for _ in range(10):
        approval = await scene.ask("ana", now=moment - timedelta(hours=23, minutes=59))

        async def act(deciding, approval=approval):
            try:
                async with tenant_transaction(scene.db, scene.tenant) as conn:
                    if deciding:
                        return await service.decide(
                            conn, scene.actor("bia"), scene.tenant, approval.id, Verdict.APPROVE, "", moment
                        )
                    return await service.expire(conn, scene.tenant, approval.id, moment + timedelta(minutes=2))
            except Problem as problem:
                return problem

        results = await asyncio.gather(*(act(deciding) for deciding in (True, False)))
        decided, expired = results
        found = (await scene.clients["bia"].get(f"/approvals/{approval.id}")).json()
        if expired is None:
            assert (found["status"], decided.status.value) == ("approved", "approved")
        else:
            assert (found["status"], decided.status) == ("expired", 410)
            assert found["decisions"] == []
