"""Connecting, testing, reconnecting and disconnecting through the API, by everybody who might; secrets stay inside."""

import asyncio
import json
import logging
from uuid import UUID

import pytest

from alquimista.clock import new_id, now
from alquimista.db.crypto import Sealer
from alquimista.db.tenancy import tenant_transaction
from alquimista.integrations import service
from alquimista.integrations.models.connections import DEMO, PROVIDERS
from alquimista.integrations.models.integrations import MOST, Integration, IntegrationStatus
from support.connections import API_KEY, ASAAS_KEY, SIGNING, STRIPE_KEY, TOKEN, bodies

URL = "/tenant/integrations"
SECRETS = (TOKEN, API_KEY, STRIPE_KEY, ASAAS_KEY, SIGNING, "/agenda.ics", "/hook")


def body_of(fake, provider, name="Caixa"):
    return {"name": name, "connection": {"provider": provider, **bodies(fake)[provider]}}


async def audited(sql, company, action):
    query = (
        "SELECT a.result, p.details FROM alquimista_platform.audit_logs AS a"
        " JOIN alquimista_platform.audit_personal AS p ON p.tenant_id = a.tenant_id AND p.entry_id = a.id"
        " WHERE a.tenant_id = %s AND a.action = %s ORDER BY a.id"
    )
    return await sql(query, company.id, action)


async def listed(company):
    return (await company.owner.get(URL)).json()["integrations"]


@pytest.mark.parametrize("provider", ["cloud_api", "evolution", "ics", "webhook", "stripe", "asaas"])
async def test_what_works_is_stored_and_shown_without_its_secret(company, fake, sql, provider):
    made = await company.owner.post(URL, json=body_of(fake, provider))
    assert made.status_code == 201, made.text
    shown = made.json()
    assert (shown["type"], shown["provider"], shown["status"]) == (PROVIDERS[provider].kind, provider, "active")
    assert (shown["sync_count"], shown["error_count"], shown["last_error"]) == (1, 0, None)
    one = await company.owner.get(f"{URL}/{shown['id']}")
    assert one.json() == shown
    (line,) = await listed(company)
    assert (line["id"], line["type"], line["status"]) == (shown["id"], shown["type"], "active")
    (entry,) = await audited(sql, company, "integration.connected")
    assert entry == ("success", {"kind": shown["type"], "provider": provider})
    assert not any(secret in made.text + one.text for secret in SECRETS)


async def test_what_does_not_work_is_told_and_leaves_only_a_line_in_the_audit(company, fake, sql):
    fake.refused = 401
    answer = await company.owner.post(URL, json=body_of(fake, "stripe"))
    assert (answer.status_code, answer.json()["error"]) == (400, "integration_test_failed")
    assert "does not accept the credentials" in answer.json()["detail"]
    portuguese = await company.owner.post(URL, json=body_of(fake, "stripe"), headers={"accept-language": "pt-BR"})
    assert "não aceita as credenciais" in portuguese.json()["detail"]
    assert STRIPE_KEY not in answer.text
    assert await listed(company) == []
    first, _second = await audited(sql, company, "integration.connected")
    assert first == ("failure", {"kind": "payment", "provider": "stripe", "reason": "credentials"})


async def test_no_transaction_is_held_while_a_service_is_called(company, fake, sql):
    fake.faulty.next("slow")
    asking = asyncio.create_task(company.owner.post(URL, json=body_of(fake, "stripe")))
    while not fake.faulty.seen or fake.faulty.seen[-1] != "GET /v1/account":  # noqa: ASYNC110 - Another's socket.
        await asyncio.sleep(0.01)
    open_ones = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND starts_with(state, 'idle in')"
    )
    assert await sql(open_ones) == [(0,)]
    assert (await asking).status_code == 400
    fake.faulty.seen.clear()


async def test_the_test_button_writes_down_what_it_finds(company, fake, sql):
    one = await company.connected(fake)
    good = (await company.owner.post(f"{URL}/{one}/test")).json()
    assert (good["ok"], good["reason"], good["integration"]["sync_count"]) == (True, None, 2)
    fake.refused = 500
    bad = (await company.owner.post(f"{URL}/{one}/test")).json()
    assert (bad["ok"], bad["failure"]) == (False, "server_error")
    assert bad["reason"] == "The service has a failure of its own. (500)"
    assert bad["integration"]["status"] == "active"
    assert bad["integration"]["last_error"] == "O serviço está com uma falha própria. (500)"
    assert (bad["integration"]["sync_count"], bad["integration"]["error_count"]) == (2, 1)
    found = await audited(sql, company, "integration.tested")
    assert [result for result, _ in found] == ["success", "failure"]


async def test_reconnecting_replaces_the_credentials_only_if_the_new_ones_work(company, fake, db, settings):
    one = await company.connected(fake)
    wrong = {"connection": {"provider": "stripe", "credentials": {"api_key": "sk_test_wrong0000000"}}}
    answer = await company.owner.post(f"{URL}/{one}/reconnect", json=wrong)
    assert (answer.status_code, answer.json()["error"]) == (400, "integration_test_failed")
    assert (await company.owner.post(f"{URL}/{one}/test")).json()["ok"]
    other = {"connection": body_of(fake, "asaas")["connection"]}
    refused = await company.owner.post(f"{URL}/{one}/reconnect", json=other)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "connection.provider")
    right = {"connection": body_of(fake, "stripe")["connection"]}
    again = await company.owner.post(f"{URL}/{one}/reconnect", json=right)
    assert (again.status_code, again.json()["id"], again.json()["sync_count"]) == (200, one, 3)


async def test_disconnecting_destroys_the_credentials_and_keeps_the_history(company, fake, sql):
    one = await company.connected(fake)
    for _ in range(2):
        gone = await company.owner.post(f"{URL}/{one}/disconnect")
        assert (gone.status_code, gone.json()["status"], gone.json()["sync_count"]) == (200, "inactive", 1)
    row = await sql(
        "SELECT credentials_ciphertext, credentials_key_id, next_check_at, generation"
        " FROM alquimista_platform.tenant_integrations WHERE id = %s",
        one,
    )
    assert row == [(None, None, None, 1)]
    assert len(await audited(sql, company, "integration.disconnected")) == 1
    told = await company.owner.post(f"{URL}/{one}/test")
    assert (told.status_code, told.json()["error"]) == (409, "integration_not_connected")
    back = await company.owner.post(
        f"{URL}/{one}/reconnect", json={"connection": body_of(fake, "stripe")["connection"]}
    )
    assert (back.status_code, back.json()["status"]) == (200, "active")


async def test_reset_destroys_the_credentials_and_waits_for_somebody(company, fake, db, sql):
    one = await company.connected(fake)
    fake.refused = 401
    await company.owner.post(f"{URL}/{one}/test")
    for _ in range(2):
        async with tenant_transaction(db, company.id) as conn:
            found = await service.reset(conn, None, company.id, UUID(one), now())
        assert (found.status, found.last_error) == (IntegrationStatus.PENDING, None)
    row = await sql(
        "SELECT credentials_ciphertext, credentials_key_id, next_check_at"
        " FROM alquimista_platform.tenant_integrations WHERE id = %s",
        one,
    )
    assert row == [(None, None, None)]
    assert len(await audited(sql, company, "integration.reset")) == 1
    assert (await company.owner.post(f"{URL}/{one}/test")).status_code == 409


async def test_everybody_reads_administrators_manage_and_only_they_see_errors(company, fake):
    one = await company.connected(fake)
    fake.refused = 401
    await company.owner.post(f"{URL}/{one}/test")
    query = {"tenant_id": str(company.id)}
    for reader, named, sees in (
        (company.owner, {}, True),
        (company.staff, query, True),
        (company.support, query, True),
        (company.teammate, {}, False),
        (company.key, {}, False),
    ):
        answer = await reader.get(f"{URL}/{one}", params=named)
        assert (answer.status_code, "last_error" in answer.json()) == (200, sees)
    again = {"connection": body_of(fake, "stripe")["connection"]}
    for stranger, named in ((company.teammate, {}), (company.key, {}), (company.support, query)):
        for path, sent in (
            (URL, body_of(fake, "stripe", "B")),
            (f"{URL}/{one}/test", None),
            (f"{URL}/{one}/reconnect", again),
            (f"{URL}/{one}/disconnect", None),
        ):
            answer = await stranger.post(path, params=named, json=sent)
            assert answer.status_code == 403, (path, answer.text)


async def test_another_company_s_integration_is_nothing_here(company, fake):
    one = await company.connected(fake)
    again = {"connection": body_of(fake, "stripe")["connection"]}
    assert (await company.outsider.get(f"{URL}/{one}")).status_code == 404
    for path, sent in (("test", None), ("reconnect", again), ("disconnect", None)):
        assert (await company.outsider.post(f"{URL}/{one}/{path}", json=sent)).status_code == 404, path
    assert (await company.owner.get(f"{URL}/{one}")).json()["status"] == "active"


async def test_staff_who_look_leave_a_trace(company, fake, sql):
    one = await company.connected(fake)
    await company.support.get(f"{URL}/{one}", params={"tenant_id": str(company.id)})
    query = "SELECT resource_id FROM alquimista_platform.audit_logs WHERE tenant_id = %s AND action = 'tenant.read'"
    assert await sql(query, company.id) == [(f"{URL}/{one}",)]


async def test_a_name_is_there_once_even_when_two_connect_at_once(company, fake):
    answers = await asyncio.gather(*(company.owner.post(URL, json=body_of(fake, "stripe")) for _ in range(3)))
    assert sorted(one.status_code for one in answers) == [201, 409, 409]
    assert {one.json().get("error") for one in answers if one.status_code == 409} == {"integration_name_taken"}


async def test_two_reconnections_at_once_end_in_one(company, fake):
    one = await company.connected(fake)
    again = {"connection": body_of(fake, "stripe")["connection"]}
    answers = await asyncio.gather(*(company.owner.post(f"{URL}/{one}/reconnect", json=again) for _ in range(4)))
    codes = [answer.status_code for answer in answers]
    assert set(codes) <= {200, 409}
    assert codes.count(200) >= 1
    shown = (await company.owner.get(f"{URL}/{one}")).json()
    assert shown["sync_count"] == 1 + codes.count(200)


async def test_there_is_a_limit(company, fake, db, settings):
    async with tenant_transaction(db, company.id) as conn:
        for number in range(MOST):
            one = Integration(new_id(), "crm", f"CRM {number}", IntegrationStatus.PENDING, None, None, "webhook")
            await service.store(conn, None, company.id, one, None, Sealer(settings), now())
    answer = await company.owner.post(URL, json=body_of(fake, "stripe"))
    assert (answer.status_code, answer.json()["error"]) == (409, "too_many_integrations")


async def test_demonstration_data_is_shown_but_leads_nowhere(company, fake, db, settings):
    one = Integration(new_id(), "crm", "HubSpot", IntegrationStatus.ACTIVE, now(), None, DEMO)
    async with tenant_transaction(db, company.id) as conn:
        await service.store(conn, None, company.id, one, None, Sealer(settings), now())
    shown = (await company.owner.get(f"{URL}/{one.id}")).json()
    assert (shown["provider"], shown["status"]) == ("demo", "active")
    again = {"connection": body_of(fake, "webhook")["connection"]}
    for path, sent in (("test", None), ("reconnect", again)):
        answer = await company.owner.post(f"{URL}/{one.id}/{path}", json=sent)
        assert (answer.status_code, answer.json()["error"]) == (409, "integration_demonstration")
    assert (await company.owner.post(f"{URL}/{one.id}/disconnect")).json()["status"] == "inactive"


BAD = [
    {},
    {"name": "A", "connection": {"provider": "telegram", "credentials": {"token": "x"}}},
    {"name": "", "connection": {"provider": "stripe", "credentials": {"api_key": STRIPE_KEY}}},
    {"name": " \t ", "connection": {"provider": "stripe", "credentials": {"api_key": STRIPE_KEY}}},
    {"name": "A\u0000B", "connection": {"provider": "stripe", "credentials": {"api_key": STRIPE_KEY}}},
    {"name": "A", "connection": {"provider": "stripe", "credentials": {"api_key": f"{STRIPE_KEY}\n"}}},
    {"name": "A", "connection": {"provider": "stripe", "credentials": {"api_key": "pk_live_0000000000"}}},
    {"name": "A", "connection": {"provider": "ics", "credentials": {"url": "file:///etc/passwd"}}},
    {"name": "A", "connection": {"provider": "google", "credentials": {}}},
    {
        "name": "A",
        "connection": {
            "provider": "smtp",
            "config": {"host": "a b", "sender": "a@b.com"},
            "credentials": {"username": "a", "password": "b"},
        },
    },
    {
        "name": "A",
        "connection": {
            "provider": "evolution",
            "config": {"base_url": "https://a.example", "instance": "../../admin"},
            "credentials": {"api_key": "12345678"},
        },
    },
]


@pytest.mark.parametrize("body", BAD)
async def test_what_is_no_connection_is_refused_without_a_call(company, fake, body):
    before = len(fake.hosts)
    answer = await company.owner.post(URL, json=body)
    assert (answer.status_code, answer.json()["error"]) == (400, "validation_error"), answer.text
    assert STRIPE_KEY not in answer.text
    assert len(fake.hosts) == before


async def test_the_kinds_describe_their_forms(company):
    found = {one["provider"]: one for one in (await company.teammate.get(f"{URL}/kinds")).json()["providers"]}
    assert set(found) == set(PROVIDERS)
    assert {name for name, one in found.items() if one["consent"]} == {"google"}
    smtp = found["smtp"]["config_schema"]["$defs"]["SmtpConfig"]
    assert smtp["required"] == ["host", "sender"]
    password = found["smtp"]["credentials_schema"]["$defs"]["MailboxCredentials"]["properties"]["password"]
    assert password["writeOnly"] is True


async def test_no_secret_is_anywhere_but_sealed(company, fake, sql, caplog, migrated):
    caplog.set_level(logging.DEBUG)
    seen = []
    for provider in ("cloud_api", "evolution", "ics", "webhook", "stripe", "asaas"):
        one = await company.connected(fake, provider, provider)
        fake.refused = 401
        seen += [(await company.owner.post(f"{URL}/{one}/test")).text for _ in range(3 if provider == "asaas" else 1)]
        again = {"connection": body_of(fake, provider)["connection"]}
        seen.append((await company.owner.post(f"{URL}/{one}/reconnect", json=again)).text)
        fake.refused = None
        seen.append((await company.owner.get(f"{URL}/{one}")).text)
    seen.append((await company.owner.get(URL)).text)
    rows = await sql(
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind = 'r' AND n.nspname IN ('alquimista_platform', 'public', 'fibonacci_core')"
    )
    for (table,) in rows:
        seen += [row or "" for (row,) in await sql(f"SELECT t::text FROM {table} t")]
    seen.append(caplog.text)
    whole = "\n".join(seen)
    assert "integration_test_failed" in whole, "the answers are there"
    assert "integration.failing:" in whole, "the database is there"
    for secret in SECRETS:
        assert secret not in whole, secret
        assert secret.encode().hex() not in whole, secret
        assert json.dumps(secret)[1:-1] not in whole
