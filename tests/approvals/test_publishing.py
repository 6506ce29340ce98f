"""What a company's own requests for approval come to is published; what is asked of staff is not."""

from datetime import timedelta

import pytest

from alquimista import clock
from alquimista.approvals import service
from alquimista.approvals.models import Audience
from alquimista.db.tenancy import tenant_transaction
from support.published import published


async def of(scene, approval):
    found = await published(scene.db, scene.tenant)
    return [one.event_type for one in found if one.detail.get("approval_id") == str(approval.id)]


async def decide(scene, name, approval, **body):
    return await scene.clients[name].post(f"/approvals/{approval.id}/decide", json=body)


async def test_each_end_is_published_once_and_single_decisions_are_not(scene):
    approved = await scene.ask("ana", required_approvals=2, action_details={"secret": "of the deciders"})
    assert (await decide(scene, "bia", approved, decision="approve")).status_code == 200
    assert await of(scene, approved) == ["approval.requested"]
    assert (await decide(scene, "caio", approved, decision="approve")).status_code == 200
    assert await of(scene, approved) == ["approval.requested", "approval.approved"]
    rejected = await scene.ask("ana")
    await decide(scene, "bia", rejected, decision="reject", comment="Agora não.")
    await decide(scene, "caio", rejected, decision="reject", comment="Tarde.")
    assert await of(scene, rejected) == ["approval.requested", "approval.rejected"]
    cancelled, expired = await scene.ask("ana"), await scene.ask("ana")
    later = clock.now() + timedelta(hours=25)
    async with tenant_transaction(scene.db, scene.tenant) as conn:
        await service.cancel(conn, scene.actor("ana"), scene.tenant, cancelled.id, clock.now())
        for _ in range(2):
            await service.expire(conn, scene.tenant, expired.id, later)
    assert await of(scene, cancelled) == ["approval.requested", "approval.cancelled"]
    assert await of(scene, expired) == ["approval.requested", "approval.expired"]
    told = str(await published(scene.db, scene.tenant))
    assert "secret" not in told
    assert "Agora" not in told
    assert scene.people["ana"].email not in told


async def test_a_request_that_is_rolled_back_was_never_published(scene):
    before = await published(scene.db, scene.tenant)
    approval = await scene.ask("ana")
    with pytest.raises(ZeroDivisionError):
        async with tenant_transaction(scene.db, scene.tenant) as conn:
            await service.cancel(conn, scene.actor("ana"), scene.tenant, approval.id, clock.now())
            raise ZeroDivisionError
    assert len(await published(scene.db, scene.tenant)) == len(before) + 1


async def test_what_is_asked_of_staff_is_the_vendor_s_own(scene):
    approval = await scene.ask("ops", Audience.STAFF)
    answer = await scene.clients["chief"].post(
        f"/internal/approvals/{approval.id}/decide", json={"decision": "approve"}
    )
    assert (answer.status_code, answer.json()["status"]) == (200, "approved")
    assert await of(scene, approval) == []
