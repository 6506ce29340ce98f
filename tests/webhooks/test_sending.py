"""Messages arrive signed, are tried again by the schedule, and end."""

import asyncio
import re
from datetime import timedelta

import pytest

from alquimista import clock
from alquimista.db.tenancy import tenant_transaction
from alquimista.webhooks import service
from alquimista.webhooks.models.deliveries import MOST_TRIES, PAUSES, SendDelivery
from alquimista.webhooks.service.sending import Sending


async def emit(db, company, event_type="incident.opened", **data):
    """An event that the company is told about; its id."""
    event_id = clock.new_id()
    async with tenant_transaction(db, company.id) as conn:
        await service.emit(conn, company.id, event_id, event_type, data or {"a": 1}, clock.now())
    return event_id


async def test_a_message_is_signed_as_standard_webhooks_has_it(company, receiver, db, deliver):
    made = await company.webhook(receiver.url())
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", made["secret"])
    event_id = await emit(db, company, incident="Café ☕")
    await deliver(company.id)
    (message,) = receiver.got
    assert message.signed_by(made["secret"])
    assert not message.signed_by("whsec_" + "A" * 43 + "=")
    assert message.id == str(event_id)
    assert message.headers["content-type"] == "application/json"
    body = message.json
    assert body.pop("timestamp").endswith("Z")
    assert body == {"id": str(event_id), "type": "incident.opened", "data": {"incident": "Café ☕"}}
    (delivery,) = await company.deliveries(made["webhook"]["id"])
    assert (delivery["state"], delivery["last_status"], delivery["attempts"]) == ("delivered", 204, 1)


async def test_only_endpoints_that_ask_for_a_type_are_told_and_each_once(company, receiver, db, deliver):
    await company.webhook(receiver.url("/all"))
    await company.webhook(receiver.url("/incidents"), "incident.opened", "incident.resolved")
    await company.webhook(receiver.url("/leads"), "lead.recebido")
    off = await company.webhook(receiver.url("/off"))
    await company.admin.patch(f"/tenant/webhooks/{off['webhook']['id']}", json={"enabled": False})
    event_id = clock.new_id()
    for _ in range(2):
        async with tenant_transaction(db, company.id) as conn:
            await service.emit(conn, company.id, event_id, "incident.opened", {}, clock.now())
    await deliver(company.id)
    assert sorted(one.path for one in receiver.got) == ["/all", "/incidents"]


async def test_what_is_rolled_back_is_never_sent(company, receiver, db, deliver):
    await company.webhook(receiver.url())
    with pytest.raises(ZeroDivisionError):
        async with tenant_transaction(db, company.id) as conn:
            await service.emit(conn, company.id, clock.new_id(), "incident.opened", {}, clock.now())
            raise ZeroDivisionError
    await deliver(company.id)
    assert receiver.got == []


async def test_a_receiver_that_fails_is_tried_again_by_the_schedule_then_given_up(company, receiver, db, worker, sql):
    made = await company.webhook(receiver.url())
    webhook_id = made["webhook"]["id"]
    receiver.answers = [400] * MOST_TRIES
    await emit(db, company)
    moment = clock.now()
    for step in range(MOST_TRIES):
        (delivery,) = await company.deliveries(webhook_id)
        assert (delivery["state"], delivery["attempts"]) == ("pending", step)
        with clock.frozen(moment):
            one = SendDelivery(delivery["id"], webhook_id)
            await service.deliver(worker, company.id, one)
            await service.deliver(worker, company.id, one)  # Too early: nothing is sent.
        assert len(receiver.got) == step + 1
        rows = await sql(
            "SELECT next_attempt_at FROM alquimista_platform.webhook_deliveries WHERE id = %s", delivery["id"]
        )
        if step < len(PAUSES):
            assert PAUSES[step] <= rows[0][0] - moment <= PAUSES[step] * 1.11
            moment = rows[0][0]
    (delivery,) = await company.deliveries(webhook_id)
    assert (delivery["state"], delivery["last_status"], delivery["last_failure"]) == ("failed", 400, "status")
    assert len({one.id for one in receiver.got}) == 1
    attempts = await company.attempts(webhook_id, delivery["id"])
    assert [one["number"] for one in attempts] == list(range(MOST_TRIES, 0, -1))


async def test_an_endpoint_that_fails_for_days_is_disabled_and_the_administrators_told(
    company, receiver, db, worker, sql
):
    made = await company.webhook(receiver.url())
    webhook_id = made["webhook"]["id"]
    receiver.answers = [400, 400]
    first = await emit(db, company)
    waiting = {one["event_id"]: one["id"] for one in await company.deliveries(webhook_id)}
    await service.deliver(worker, company.id, SendDelivery(waiting[str(first)], webhook_id))
    second = await emit(db, company)
    waiting |= {one["event_id"]: one["id"] for one in await company.deliveries(webhook_id)}
    with clock.frozen(clock.now() + timedelta(days=3, seconds=1)):
        await service.deliver(worker, company.id, SendDelivery(waiting[str(second)], webhook_id))
        await service.deliver(worker, company.id, SendDelivery(waiting[str(first)], webhook_id))
    found = (await company.admin.get(f"/tenant/webhooks/{webhook_id}")).json()
    assert (found["status"], found["disabled_reason"]) == ("disabled", "failing")
    assert {(one["state"], one["last_failure"]) for one in await company.deliveries(webhook_id)} == {
        ("failed", "status"),
        ("failed", "disabled"),
    }
    mails = await sql("SELECT subject FROM alquimista_platform.mails WHERE recipient = %s", company.email)
    assert len(mails) == 1
    answer = await company.admin.post(f"/tenant/webhooks/{webhook_id}/test")
    assert (answer.status_code, answer.json()["error"]) == (409, "webhook_disabled")
    again = await company.admin.patch(f"/tenant/webhooks/{webhook_id}", json={"enabled": True})
    assert (again.json()["status"], again.json()["failing_since"]) == ("enabled", None)


async def test_one_that_is_gone_is_told_no_more(company, receiver, db, deliver):
    made = await company.webhook(receiver.url())
    receiver.answers = [410]
    await emit(db, company)
    await deliver(company.id)
    found = (await company.admin.get(f"/tenant/webhooks/{made['webhook']['id']}")).json()
    assert (found["status"], found["disabled_reason"]) == ("disabled", "gone")


async def test_two_workers_that_are_woken_up_for_one_message_send_it_once(company, receiver, db, worker):
    made = await company.webhook(receiver.url())
    await emit(db, company)
    (delivery,) = await company.deliveries(made["webhook"]["id"])
    one = SendDelivery(delivery["id"], made["webhook"]["id"])
    await asyncio.gather(*(service.deliver(worker, company.id, one) for _ in range(4)))
    assert len(receiver.got) == 1


async def test_a_worker_that_dies_while_it_sends_leads_to_another_try(company, receiver, db, worker, sql):
    made = await company.webhook(receiver.url())
    webhook_id = made["webhook"]["id"]
    await emit(db, company)
    (delivery,) = await company.deliveries(webhook_id)
    one = SendDelivery(delivery["id"], webhook_id)
    receiver.hold = asyncio.Event()
    dying = asyncio.create_task(service.deliver(worker, company.id, one))
    await receiver.arrived.wait()
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    receiver.hold.set()
    await service.deliver(worker, company.id, one)  # Its lease is not over.
    assert len(receiver.got) == 1
    with clock.frozen(clock.now() + timedelta(minutes=3)):
        assert company.id in await service.tenants_due(db.staff(), clock.now())
        await sql("DELETE FROM alquimista_platform.job_queue")
        await service.sweep(worker, company.id)
        assert await sql(
            "SELECT count(*) FROM alquimista_platform.job_queue WHERE entrypoint = %s", service.DELIVER
        ) == [(1,)]
        await service.deliver(worker, company.id, one)
    assert len(receiver.got) == 2
    assert (await company.deliveries(webhook_id))[0]["state"] == "delivered"


async def test_a_broken_endpoint_is_left_alone_for_a_while_and_loses_nothing(
    company, receiver, db, deliver, worker, sql
):
    made = await company.webhook(receiver.url())
    receiver.answers = [500] * 5
    for _ in range(7):
        await emit(db, company)
    await deliver(company.id)
    assert len(receiver.got) == 5
    waiting = [one for one in await company.deliveries(made["webhook"]["id"]) if one["attempts"] == 0]
    assert [one["state"] for one in waiting] == ["pending"] * 2
    later = await sql(
        "SELECT count(*) FROM alquimista_platform.job_queue WHERE entrypoint = %s AND execute_after > now() + '20 s'",
        service.DELIVER,
    )
    assert later == [(1,)], "one job looks whether it is back, however many messages wait"
    sending = worker.get(Sending)
    sending.breakers = type(sending.breakers)()  # A while later.
    with clock.frozen(clock.now() + timedelta(minutes=2)):
        await deliver(company.id)
    assert {one["state"] for one in await company.deliveries(made["webhook"]["id"])} == {"delivered"}


async def test_both_secrets_sign_for_a_day_after_a_rotation(company, receiver, db, deliver, worker, sql):
    made = await company.webhook(receiver.url())
    webhook_id, old = made["webhook"]["id"], made["secret"]
    new = (await company.admin.post(f"/tenant/webhooks/{webhook_id}/rotate-secret")).json()["secret"]
    await emit(db, company)
    await deliver(company.id)
    assert receiver.got[0].signed_by(old)
    assert receiver.got[0].signed_by(new)
    with clock.frozen(clock.now() + timedelta(hours=24, seconds=1)):
        await emit(db, company)
        await deliver(company.id)
        assert not receiver.got[1].signed_by(old)
        assert receiver.got[1].signed_by(new)
        assert company.id in await service.tenants_due(db.staff(), clock.now())
        await service.sweep(worker, company.id)
    rows = await sql("SELECT previous_ciphertext FROM alquimista_platform.webhook_endpoints WHERE id = %s", webhook_id)
    assert rows == [(None,)]


async def test_old_messages_are_forgotten_with_their_tries(company, receiver, db, deliver, worker, sql):
    made = await company.webhook(receiver.url())
    await emit(db, company)
    await deliver(company.id)
    with clock.frozen(clock.now() + timedelta(days=31)):
        assert company.id in await service.tenants_due(db.staff(), clock.now())
        await service.sweep(worker, company.id)
    assert await company.deliveries(made["webhook"]["id"]) == []
    assert await sql("SELECT 1 FROM alquimista_platform.webhook_attempts WHERE tenant_id = %s", company.id) == []
