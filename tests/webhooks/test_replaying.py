"""Sending the messages of some time again: those that were given up, or all, never what is on its way."""

from datetime import timedelta

import pytest

from alquimista import clock
from alquimista.access import Actor, ActorKind
from alquimista.db.tenancy import tenant_transaction
from alquimista.webhooks import service
from alquimista.webhooks.models.deliveries import DeliveryState
from alquimista.webhooks.models.endpoints import EndpointDisabled, UnknownEndpoint

SYSTEM = Actor(ActorKind.SYSTEM, frozenset())
SET = "UPDATE alquimista_platform.webhook_deliveries SET state = %s, next_attempt_at = NULL WHERE tenant_id = %s"


async def told(db, company, count):
    async with tenant_transaction(db, company.id) as conn:
        for number in range(count):
            await service.emit(conn, company.id, clock.new_id(), "incident.opened", {"n": number}, clock.now())


async def again(db, company, made, since=timedelta(hours=1), **more):
    now = clock.now()
    async with tenant_transaction(db, company.id) as conn:
        return await service.replay_range(
            conn, SYSTEM, company.id, made["webhook"]["id"], now - since, now + timedelta(minutes=1), now, **more
        )


async def states(company, made):
    return [one["state"] for one in await company.deliveries(made["webhook"]["id"])]


async def test_what_was_given_up_is_sent_again_once_and_with_its_own_id(company, receiver, db, deliver, sql):
    made = await company.webhook(receiver.url())
    other = await company.webhook(receiver.url("/other"))
    await told(db, company, 3)
    await sql(SET, "failed", company.id)
    before = {one["event_id"] for one in await company.deliveries(made["webhook"]["id"])}
    assert await again(db, company, made) == 3
    assert await again(db, company, made) == 0
    assert await states(company, other) == ["failed"] * 3
    await deliver(company.id)
    assert {one.id for one in receiver.got} == before
    assert await states(company, made) == ["delivered"] * 3
    assert await again(db, company, made) == 0
    assert await again(db, company, made, delivered=True) == 3
    kept = "SELECT count(*) FROM alquimista_platform.audit_logs WHERE tenant_id = %s AND action = %s"
    assert await sql(kept, company.id, "webhook.range_replayed") == [(4,)]


async def test_the_time_has_a_beginning_and_what_is_on_its_way_is_left_alone(company, receiver, db, sql):
    made = await company.webhook(receiver.url())
    await told(db, company, 2)
    assert await again(db, company, made, delivered=True) == 0
    await sql(SET, "failed", company.id)
    assert await again(db, company, made, since=-timedelta(seconds=30)) == 0
    assert await again(db, company, made) == 2


async def test_so_many_at_once(company, receiver, db, sql, monkeypatch):
    monkeypatch.setattr("alquimista.webhooks.service.deliveries.MOST_REPLAYED", 2)
    made = await company.webhook(receiver.url())
    await told(db, company, 3)
    await sql(SET, "failed", company.id)
    assert [await again(db, company, made) for _ in range(3)] == [2, 1, 0]
    assert await states(company, made) == [DeliveryState.PENDING] * 3


async def test_an_endpoint_that_takes_nothing_gets_nothing_again(company, receiver, db):
    made = await company.webhook(receiver.url())
    await company.admin.patch(f"/tenant/webhooks/{made['webhook']['id']}", json={"enabled": False})
    with pytest.raises(EndpointDisabled):
        await again(db, company, made)
    with pytest.raises(UnknownEndpoint):
        await again(db, company, {"webhook": {"id": str(clock.new_id())}})
