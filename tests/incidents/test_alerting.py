"""Staff hear of customers' grave incidents: each once, in their language, where they chose to."""

from datetime import timedelta

import pytest

import factories
from alquimista.access import PLATFORM_TENANT, Role
from alquimista.clock import frozen, now
from alquimista.db.tenancy import login_transaction, tenant_transaction
from alquimista.identity.queries import users
from alquimista.incidents import service
from alquimista.incidents.models import RuleName, by_rule
from alquimista.notifications import service as notifications
from alquimista.notifications.models import Category, Choice, MailWhen, Owner

OFFLINE = by_rule(RuleName.AGENT_OFFLINE, source="fleet", subject="a1", params={"agent": "Vendas Ativas", "minutes": 5})
FAILING = by_rule(
    RuleName.INTEGRATION_FAILING, source="integrations", subject="i1", params={"integration": "CRM", "failures": 3}
)
DRIFT = by_rule(RuleName.USAGE_DRIFT, source="usage", subject="2026-11-21", params={"day": "2026-11-21"})
TOLD = """
SELECT title, data->>'link' FROM alquimista_platform.notifications
WHERE tenant_id = %s AND user_id = %s AND in_app ORDER BY created_at, id
"""
MAILS = "SELECT subject FROM alquimista_platform.mails WHERE tenant_id = %s AND recipient = %s"


@pytest.fixture
async def lia(db):
    """A supporter who reads English."""
    person = await factories.make_user(db, role=Role.INTERNAL_SUPPORT, name="Lia Fontes")
    async with login_transaction(db) as conn:
        await users.update_profile(conn, person.id, "Lia Fontes", "en", now())
    return person


@pytest.fixture
def heard(sql):
    """What one of the staff was told on the pages: title and link."""

    async def look(person):
        return await sql(TOLD, PLATFORM_TENANT, person.id)

    return look


async def see(db, tenant_id, new=OFFLINE):
    async with tenant_transaction(db, tenant_id) as conn:
        assert await service.open_incident(conn, tenant_id, new, now())


async def settle(db, tenant_id, key=OFFLINE.dedupe_key):
    async with tenant_transaction(db, tenant_id) as conn:
        await service.resolve(conn, tenant_id, key, now())


async def incident_of(sql, tenant_id):
    ((found,),) = await sql("SELECT id FROM alquimista_platform.incidents WHERE tenant_id = %s", tenant_id)
    return found


async def test_support_and_admins_hear_once_in_their_language(db, company, sql, work, lia, heard, support):
    tenant_id, *_, client = company
    boss = await factories.make_user(db)
    gone = await factories.make_user(db, role=Role.INTERNAL_SUPPORT, status="deactivated")
    await see(db, tenant_id)
    assert "incidents.alert" in await work(twice=True)
    incident_id = await incident_of(sql, tenant_id)
    ((title, link),) = await heard(lia)
    assert title == "Clínica Aurora: Vendas Ativas is offline"
    assert link.endswith(f"/app/company/incidents/{incident_id}")
    ((title, _),) = await heard(boss)
    assert title == "Clínica Aurora: Vendas Ativas está fora do ar"
    assert len(await sql(MAILS, PLATFORM_TENANT, lia.email)) == 1
    assert await heard(gone) == []
    shown = (await support.get(f"/internal/incidents/{incident_id}")).json()["timeline"]
    assert [one["details"].get("to") for one in shown if one["kind"] == "notified"].count("staff") == 1
    assert "staff" not in (await client.get(f"/tenant/incidents/{incident_id}")).text, "the company does not see that"
    await settle(db, tenant_id)
    await work()
    assert len(await heard(lia)) == 1, "its end is no alert"


async def test_where_one_hears_of_it_is_what_one_chose(db, company, sql, work, lia, heard):
    tenant_id, *_ = company
    async with tenant_transaction(db, PLATFORM_TENANT) as conn:
        wanted = {Category.INCIDENT: Choice(in_app=True, mail=MailWhen.OFF)}
        await notifications.choose(conn, Owner(PLATFORM_TENANT, lia.id), wanted, now())
    await see(db, tenant_id)
    await work()
    assert len(await heard(lia)) == 1
    assert await sql(MAILS, PLATFORM_TENANT, lia.email) == []


async def test_what_is_not_grave_or_over_already_is_no_alert_and_what_tells_no_customer_may_be(
    db, company, work, lia, heard
):
    tenant_id, *_ = company
    await see(db, tenant_id, FAILING)
    await see(db, tenant_id)
    await settle(db, tenant_id)
    await work()
    assert await heard(lia) == []
    await see(db, tenant_id, DRIFT)
    await work()
    assert [title for title, _ in await heard(lia)] == ["Clínica Aurora: Usage totals differ from the records"]


async def test_one_that_is_weighed_more_is_told_then(db, company, sql, work, lia, heard, support):
    tenant_id, *_ = company
    await see(db, tenant_id, FAILING)
    await work()
    incident_id = await incident_of(sql, tenant_id)
    for severity in ("error", "critical"):
        answer = await support.post(f"/internal/incidents/{incident_id}/severity", json={"severity": severity})
        assert answer.status_code == 200
        await work()
    assert [title for title, _ in await heard(lia)] == ["Clínica Aurora: CRM does not answer"]


async def test_who_opened_one_by_hand_is_not_told_and_one_of_several_customers_is_the_platforms(
    db, company, sql, work, lia, heard, process
):
    tenant_id, *_ = company
    opener = await factories.make_user(db)
    new = {"severity": "critical", "title": "Fora do ar", "description": "", "tenant_ids": [str(tenant_id)]}
    other = await factories.make_tenant(db)
    async with process.client(await process.token(opener.email, opener.password)) as client:
        assert (await client.post("/internal/incidents", json=new)).status_code == 201
        several = {**new, "tenant_ids": [str(tenant_id), str(other.id)]}
        assert (await client.post("/internal/incidents", json=several)).status_code == 201
    await work()
    assert [title for title, _ in await heard(lia)] == ["Clínica Aurora: Fora do ar"]
    assert await heard(opener) == []


async def test_a_condition_that_flaps_is_one_alert_an_hour(db, company, sql, work, lia, heard):
    tenant_id, *_ = company
    start = now()
    for minutes in (0, 5, 10):
        with frozen(start + timedelta(minutes=minutes)):
            await see(db, tenant_id)
            await work()
            await settle(db, tenant_id)
            await work()
    with frozen(start + timedelta(minutes=20)):
        await see(db, tenant_id)
        await work()
    assert len(await heard(lia)) == 1
    await sql("UPDATE alquimista_platform.job_queue SET execute_after = now() RETURNING 1")
    with frozen(start + timedelta(minutes=61)):
        await work()
    assert len(await heard(lia)) == 2, "what still holds after an hour is told again"
