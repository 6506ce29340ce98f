"""A critical incident that nobody takes up is told once more, to staff's administrators."""

from datetime import timedelta

import pytest

import factories
from alquimista.access import PLATFORM_TENANT, Role
from alquimista.clock import frozen, now
from alquimista.db.tenancy import tenant_transaction
from alquimista.incidents import service
from alquimista.incidents.models import NewIncident, RuleName, Severity, by_rule

DOWN = NewIncident(
    severity=Severity.CRITICAL, title="Fora do ar", description="", source="test", dedupe_key="test.down"
)
LAG = by_rule(RuleName.QUEUE_LAG, source="jobs", params={"job": "x", "minutes": 20, "waiting": 3})
ESCALATED = """
SELECT title FROM alquimista_platform.notifications
WHERE tenant_id = %s AND user_id = %s AND type = 'incident_escalated' ORDER BY created_at, id
"""


@pytest.fixture
async def boss(db):
    return await factories.make_user(db)


@pytest.fixture
def escalated(sql):
    async def look(person):
        return [title for (title,) in await sql(ESCALATED, PLATFORM_TENANT, person.id)]

    return look


@pytest.fixture
def after(db, work):
    """Let so many minutes pass since a moment, and the clock's job and what follows from it run."""

    async def go(start, minutes):
        with frozen(start + timedelta(minutes=minutes)):
            await service.look_for_unheard(db, start + timedelta(minutes=minutes))
            await work(twice=True)

    return go


async def see(db, sql, tenant_id, new=DOWN):
    async with tenant_transaction(db, tenant_id) as conn:
        assert await service.open_incident(conn, tenant_id, new, now())
    ((found,),) = await sql(
        "SELECT id FROM alquimista_platform.incidents WHERE tenant_id = %s AND dedupe_key = %s AND resolved_at IS NULL",
        tenant_id,
        new.dedupe_key,
    )
    return found


@pytest.fixture(autouse=True)
async def _nothing_open(sql):
    await sql("UPDATE alquimista_platform.incidents SET resolved_at = now() WHERE resolved_at IS NULL RETURNING 1")


async def test_administrators_hear_once_after_fifteen_minutes_and_the_timeline_says_so(
    db, company, sql, boss, escalated, after, support
):
    tenant_id, *_, client = company
    lia = await factories.make_user(db, role=Role.INTERNAL_SUPPORT)
    start = now()
    incident_id = await see(db, sql, tenant_id)
    await after(start, 14)
    assert await escalated(boss) == []
    for minutes in (16, 17, 60):
        await after(start, minutes)
        assert await escalated(boss) == ["Ninguém assumiu: Clínica Aurora: Fora do ar"]
    assert await escalated(lia) == []
    shown = (await support.get(f"/internal/incidents/{incident_id}")).json()["timeline"]
    assert [one["details"].get("to") for one in shown].count("escalation") == 1
    assert "escalation" not in (await client.get(f"/tenant/incidents/{incident_id}")).text


async def test_what_is_taken_up_over_or_less_grave_is_not_escalated(db, company, sql, boss, escalated, after, support):
    start = now()
    tenant_id, *_ = company
    taken = await see(db, sql, tenant_id)
    assert (await support.post(f"/internal/incidents/{taken}/acknowledge")).status_code == 200
    for name, change in (("over", "resolve"), ("less", "severity")):
        new = NewIncident(severity=Severity.CRITICAL, title="T", description="", source="test", dedupe_key=name)
        incident_id = await see(db, sql, tenant_id, new)
        body = {"json": {"severity": "error"}} if change == "severity" else {}
        assert (await support.post(f"/internal/incidents/{incident_id}/{change}", **body)).status_code == 200
    await after(start, 20)
    assert await escalated(boss) == []


async def test_one_that_is_taken_up_before_its_job_ran_is_not_escalated(
    db, company, sql, boss, escalated, work, support
):
    tenant_id, *_ = company
    incident_id = await see(db, sql, tenant_id)
    await service.look_for_unheard(db, now() + timedelta(minutes=16))
    assert (await support.post(f"/internal/incidents/{incident_id}/acknowledge")).status_code == 200
    assert "incidents.escalate" in await work()
    assert await escalated(boss) == []


async def test_the_platforms_own_is_escalated_too(db, sql, boss, escalated, after):
    start = now()
    await see(db, sql, PLATFORM_TENANT, LAG)
    await after(start, 16)
    assert len(await escalated(boss)) == 1


async def test_one_that_becomes_critical_has_its_minutes_from_then_on(
    db, company, sql, boss, escalated, after, support
):
    tenant_id, *_ = company
    with frozen(now() - timedelta(hours=1)):
        incident_id = await see(
            db,
            sql,
            tenant_id,
            NewIncident(severity=Severity.WARNING, title="T", description="", source="test", dedupe_key="test.weighed"),
        )
    start = now()
    answer = await support.post(f"/internal/incidents/{incident_id}/severity", json={"severity": "critical"})
    assert answer.status_code == 200
    await after(start, 14)
    assert await escalated(boss) == []
    await after(start, 16)
    assert len(await escalated(boss)) == 1
