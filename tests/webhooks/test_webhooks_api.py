"""Webhooks as a company's administrators keep them."""

import asyncio
import dataclasses

import pytest

from alquimista import clock
from alquimista.audit import service as audit
from alquimista.audit.models import Wanted
from alquimista.db.crypto import Sealer
from alquimista.db.tenancy import tenant_transaction
from alquimista.webhooks import service
from alquimista.webhooks.models.deliveries import SendDelivery
from alquimista.webhooks.models.endpoints import MOST_ENDPOINTS
from alquimista.wiring import Services

BAD_URLS = [
    "ftp://example.com/",
    "https://",
    "https://user:secret@example.com/",
    "https://example.com/#part",
    "https://exa mple.com/",
    "https://example.com/\nx",
    "https://example.com:99999/",
    "http://169.254.169.254/latest/meta-data/",
    "https://[fe80::1]/",
    "https://224.0.0.1/",
    "https://[::ffff:169.254.169.254]/",
]


async def test_a_secret_is_shown_once_and_kept_nowhere_in_clear(company, sql):
    made = await company.webhook("https://example.com/hook", "lead.recebido", "incident.opened", "lead.recebido")
    assert made["webhook"]["event_types"] == ["incident.opened", "lead.recebido"]
    webhook_id = made["webhook"]["id"]
    for path in ("/tenant/webhooks", f"/tenant/webhooks/{webhook_id}"):
        answer = await company.admin.get(path)
        assert answer.status_code == 200
        assert "secret" not in answer.text
    rows = await sql(
        "SELECT e::text || (SELECT string_agg(a::text, '') FROM alquimista_platform.audit_logs a"
        " WHERE a.tenant_id = e.tenant_id) FROM alquimista_platform.webhook_endpoints e WHERE id = %s",
        webhook_id,
    )
    key = made["secret"].removeprefix("whsec_")
    assert key not in rows[0][0]
    assert "webhook.created" in rows[0][0]


@pytest.mark.parametrize("url", BAD_URLS)
async def test_bad_addresses_are_refused(company, url):
    answer = await company.admin.post("/tenant/webhooks", json={"url": url, "event_types": ["*"]})
    assert answer.status_code == 400, answer.text
    assert answer.json()["errors"][0]["field"] == "url"


@pytest.mark.parametrize("types", [[], ["nothing"], ["intencao.detectada"], [""]])
async def test_types_that_nobody_is_told_about_are_refused(company, types):
    answer = await company.admin.post("/tenant/webhooks", json={"url": "https://example.com/", "event_types": types})
    assert answer.status_code == 400


async def test_others_see_and_touch_nothing(company, receiver, db):
    made = await company.webhook(receiver.url())
    own = f"/tenant/webhooks/{made['webhook']['id']}"
    test = await company.admin.post(f"{own}/test")
    assert test.status_code == 202
    delivery = f"{own}/deliveries/{test.json()['id']}"
    calls = [
        ("GET", own, None),
        ("PATCH", own, {"enabled": False}),
        ("DELETE", own, None),
        ("POST", f"{own}/rotate-secret", None),
        ("POST", f"{own}/test", None),
        ("GET", f"{own}/deliveries", None),
        ("GET", delivery, None),
        ("POST", f"{delivery}/replay", None),
    ]
    for client, status in ((company.outsider, 404), (company.teammate, 403), (company.support, 403)):
        for method, path, body in calls:
            query = {"tenant_id": str(company.id)} if client is company.support else {}
            answer = await client.request(method, path, json=body, params=query)
            reads = client is company.support and method == "GET"
            assert answer.status_code == (200 if reads else status), (method, path, answer.text)
    assert (await company.outsider.get("/tenant/webhooks")).json() == {"webhooks": []}
    assert (await company.admin.get(own)).json()["status"] == "enabled"


async def test_support_reads_what_was_told_and_the_company_is_told_of_it(company, receiver, db, deliver):
    made = await company.webhook(receiver.url())
    own = f"/tenant/webhooks/{made['webhook']['id']}"
    sent = (await company.admin.post(f"{own}/test")).json()["id"]
    await deliver(company.id)
    query = {"tenant_id": str(company.id)}
    read = [
        await company.support.get(path, params=query)
        for path in ("/tenant/webhooks", own, f"{own}/deliveries", f"{own}/deliveries/{sent}")
    ]
    assert [answer.status_code for answer in read] == [200] * 4
    assert not any(made["secret"] in answer.text for answer in read)
    assert [one["id"] for one in read[2].json()["deliveries"]] == [sent]
    assert [one["number"] for one in read[3].json()["attempts"]] == [1]
    rows = await audit.entries(db.tenant(company.id), company.id, Wanted(action="tenant.read"), 50)
    assert [(row.actor_role, row.resource_id) for row in rows][:4][::-1] == [
        ("INTERNAL_SUPPORT", str(answer.request.url.path)) for answer in read
    ]


async def test_there_are_at_most_twenty_however_fast_one_asks(company):
    async def ask():
        body = {"url": "https://example.com/", "event_types": ["*"]}
        return (await company.admin.post("/tenant/webhooks", json=body)).status_code

    statuses = await asyncio.gather(*(ask() for _ in range(MOST_ENDPOINTS + 5)))
    assert sorted(statuses) == [201] * MOST_ENDPOINTS + [409] * 5


async def test_a_test_message_reaches_an_endpoint_whatever_it_asks_for(company, receiver, deliver):
    made = await company.webhook(receiver.url(), "lead.recebido")
    answer = await company.admin.post(f"/tenant/webhooks/{made['webhook']['id']}/test")
    assert (answer.status_code, answer.json()["event_type"]) == (202, "webhook.test")
    await deliver(company.id)
    assert receiver.got[0].json["type"] == "webhook.test"
    assert receiver.got[0].signed_by(made["secret"])


async def test_a_replay_sends_the_same_message_again(company, receiver, deliver):
    made = await company.webhook(receiver.url())
    own = f"/tenant/webhooks/{made['webhook']['id']}"
    delivery = (await company.admin.post(f"{own}/test")).json()
    receiver.answers = [400]
    await deliver(company.id)
    answer = await company.admin.post(f"{own}/deliveries/{delivery['id']}/replay")
    assert (answer.status_code, answer.json()["state"]) == (202, "pending")
    await deliver(company.id)
    assert (await company.deliveries(made["webhook"]["id"]))[0]["state"] == "delivered"
    assert receiver.got[0].id == receiver.got[1].id
    assert receiver.got[0].body == receiver.got[1].body
    # What was delivered may be sent again, too.
    await company.admin.post(f"{own}/deliveries/{delivery['id']}/replay")
    await deliver(company.id)
    assert len(receiver.got) == 3


async def test_a_replay_waits_for_the_try_that_is_on_its_way(company, receiver, worker):
    made = await company.webhook(receiver.url())
    own = f"/tenant/webhooks/{made['webhook']['id']}"
    delivery = (await company.admin.post(f"{own}/test")).json()
    receiver.hold = asyncio.Event()
    one = SendDelivery(delivery["id"], made["webhook"]["id"])
    trying = asyncio.create_task(service.deliver(worker, company.id, one))
    await receiver.arrived.wait()
    answer = await company.admin.post(f"{own}/deliveries/{delivery['id']}/replay")
    assert (answer.status_code, answer.json()["error"]) == (409, "webhook_delivery_in_flight")
    receiver.hold.set()
    await trying
    assert len(receiver.got) == 1


async def test_what_waits_for_a_removed_endpoint_is_not_sent_and_one_on_its_way_ends_quietly(
    company, receiver, worker, sql
):
    made = await company.webhook(receiver.url())
    own = f"/tenant/webhooks/{made['webhook']['id']}"
    first, second = [(await company.admin.post(f"{own}/test")).json()["id"] for _ in range(2)]
    receiver.hold = asyncio.Event()
    trying = asyncio.create_task(service.deliver(worker, company.id, SendDelivery(first, made["webhook"]["id"])))
    await receiver.arrived.wait()
    assert (await company.admin.delete(own)).status_code == 204
    receiver.hold.set()
    await trying
    await service.deliver(worker, company.id, SendDelivery(second, made["webhook"]["id"]))
    assert len(receiver.got) == 1
    assert (await company.admin.get(own)).status_code == 404
    assert await sql("SELECT 1 FROM alquimista_platform.webhook_deliveries WHERE tenant_id = %s", company.id) == []


async def test_secrets_are_sealed_anew_when_the_key_changes(company, receiver, db, settings, sql):
    made = await company.webhook(receiver.url())
    own = f"/tenant/webhooks/{made['webhook']['id']}"
    new = (await company.admin.post(f"{own}/rotate-secret")).json()["secret"]
    rotated = dataclasses.replace(settings, encryption_keys=(("next", b"n" * 32),))
    for changed in (1, 0):
        async with tenant_transaction(db, company.id) as conn:
            assert await service.reseal(conn, company.id, Sealer(rotated), clock.now()) == changed
    rows = await sql("SELECT secret_key_id, previous_key_id FROM alquimista_platform.webhook_endpoints")
    assert ("next", "next") in rows
    services = Services(rotated, db)
    sending = service.install(services)
    delivery = (await company.admin.post(f"{own}/test")).json()
    await service.deliver(services, company.id, SendDelivery(delivery["id"], made["webhook"]["id"]))
    await sending.close()
    assert receiver.got[0].signed_by(made["secret"])
    assert receiver.got[0].signed_by(new)


async def test_unknown_ids_and_filters(company, receiver):
    made = await company.webhook(receiver.url())
    own = f"/tenant/webhooks/{made['webhook']['id']}"
    for method, path in (
        ("GET", f"{own}/deliveries/{clock.new_id()}"),
        ("POST", f"{own}/deliveries/{clock.new_id()}/replay"),
    ):
        answer = await company.admin.request(method, path)
        assert (answer.status_code, answer.json()["error"]) == (404, "webhook_delivery_not_found")
    await company.admin.post(f"{own}/test")
    for state, total in (("pending", 1), ("delivered", 0)):
        assert (await company.admin.get(f"{own}/deliveries", params={"state": state})).json()["total"] == total
    assert (await company.admin.get(f"{own}/deliveries", params={"state": "lost"})).status_code == 400
