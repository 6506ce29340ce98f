"""Administrators hear of an incident and of its end, in their company's language, and are not flooded."""

from datetime import timedelta

import factories
from alquimista.access import Role
from alquimista.clock import frozen, now
from alquimista.db.tenancy import tenant_transaction
from alquimista.incidents import service
from alquimista.incidents.models import NewIncident, RuleName, Severity, Visibility, by_rule
from support import queued

OFFLINE = by_rule(RuleName.AGENT_OFFLINE, source="fleet", subject="a1", params={"agent": "Vendas Ativas", "minutes": 5})
MAILS = "SELECT subject FROM alquimista_platform.mails WHERE tenant_id = %s ORDER BY created_at, id"


async def see(db, tenant_id, new=OFFLINE):
    async with tenant_transaction(db, tenant_id) as conn:
        return await service.open_incident(conn, tenant_id, new, now())


async def settle(db, tenant_id, key=OFFLINE.dedupe_key):
    async with tenant_transaction(db, tenant_id) as conn:
        return await service.resolve(conn, tenant_id, key, now())


async def test_administrators_are_told_once_of_the_beginning_and_of_the_end(db, company, sql, work):
    tenant_id, person, client = company
    await factories.make_user(db, tenant_id, role=Role.TENANT_USER)
    await see(db, tenant_id)
    await work(twice=True)
    await settle(db, tenant_id)
    await work(twice=True)
    assert await sql(MAILS, tenant_id) == [
        ("Clínica Aurora: Vendas Ativas está fora do ar",),
        ("Encerrado: Vendas Ativas está fora do ar",),
    ]
    notes = await sql(
        "SELECT user_id, type FROM alquimista_platform.notifications WHERE tenant_id = %s ORDER BY id", tenant_id
    )
    assert notes == [(person.id, "incident_opened"), (person.id, "incident_resolved")]
    incident_id = (await client.get("/tenant/incidents")).json()["incidents"][0]["id"]
    shown = (await client.get(f"/tenant/incidents/{incident_id}")).json()
    assert [one["kind"] for one in shown["timeline"]] == ["opened", "notified", "resolved", "notified"]
    assert (shown["title"], shown["status"]) == ("Vendas Ativas is offline", "resolved")
    links = await sql("SELECT data->>'link' FROM alquimista_platform.notifications WHERE tenant_id = %s", tenant_id)
    assert {link.partition("/app/")[2] for (link,) in links} == {f"dashboard/support/incidents/{incident_id}"}


async def test_a_condition_that_flaps_is_told_once_an_hour(db, company, sql, work, migrated):
    tenant_id, *_ = company
    start = now()
    for minutes in (0, 5, 10, 15):
        with frozen(start + timedelta(minutes=minutes)):
            await see(db, tenant_id)
            await work()
            await settle(db, tenant_id)
            await work()
    assert len(await sql(MAILS, tenant_id)) == 2, "the first beginning, and its end"
    with frozen(start + timedelta(minutes=20)):
        await see(db, tenant_id)
        await work()
    assert len(await sql(MAILS, tenant_id)) == 2
    ((whose, _, seconds), *more) = (await queued.waiting(migrated.admin_url, "incidents.tell"))[-1:]
    assert (whose, more) == (tenant_id, [])
    assert 39 * 60 < seconds <= 40 * 60, "what still holds an hour after it was told is told again"
    await sql("UPDATE alquimista_platform.job_queue SET execute_after = now() RETURNING 1")
    with frozen(start + timedelta(minutes=61)):
        await work()
        assert len(await sql(MAILS, tenant_id)) == 3
        await settle(db, tenant_id)
        await work()
    assert len(await sql(MAILS, tenant_id)) == 4


async def test_what_is_over_before_it_could_be_told_is_not_told(db, company, sql, work):
    tenant_id, *_ = company
    await see(db, tenant_id)
    await settle(db, tenant_id)
    await work()
    assert await sql(MAILS, tenant_id) == []


async def test_an_internal_incident_and_one_whose_rule_tells_nobody_are_not_told(db, company, sql, work):
    tenant_id, *_ = company
    quiet = NewIncident(severity=Severity.ERROR, title="T", description="", source="test", dedupe_key="test.quiet")
    hidden = NewIncident(
        severity=Severity.ERROR,
        title="T",
        description="",
        source="test",
        dedupe_key="agent.offline:hidden",
        visibility=Visibility.INTERNAL,
    )
    for new in (quiet, hidden):
        assert await see(db, tenant_id, new)
        await settle(db, tenant_id, new.dedupe_key)
    assert "incidents.tell" not in await work()
    assert await sql(MAILS, tenant_id) == []
