"""operational_events has the founding columns and values, and shows each reader what its tables do."""

from uuid import uuid4

import psycopg
import pytest
from psycopg.rows import dict_row

import factories
from alquimista.access import Actor, ActorKind, Role
from alquimista.audit.service import record
from alquimista.db.tenancy import tenant_transaction

FOUNDING = {
    "event_type", "event_category", "tenant_id", "user_id", "user_email", "resource_type", "resource_id",
    "action", "status", "details", "ip", "user_agent", "created_at",
}  # fmt: skip
INCIDENT = """
    INSERT INTO alquimista_platform.incidents
      (tenant_id, id, severity, title, source, dedupe_key, created_at, visibility, resolved_at)
    VALUES (%s, gen_random_uuid(), %s, %s, 'fleet', %s, now(), %s, CASE WHEN %s THEN now() END)
"""
EVENTS = "SELECT * FROM alquimista_platform.operational_events WHERE tenant_id = ANY (%s) ORDER BY created_at, id"


@pytest.fixture
def events(migrated):
    """`events(ids)`: those companies' events as staff see them, or as a company does with its id as `of`."""

    def ask(*ids, of=None):
        role = "alquimista_app" if of else "alquimista_internal"
        with psycopg.connect(migrated.admin_url, row_factory=dict_row) as conn:
            conn.execute(f"SET ROLE {role}")
            if of:
                conn.execute("SELECT set_config('app.tenant_id', %s, true)", [str(of)])
            return conn.execute(EVENTS, [list(ids)]).fetchall()

    return ask


@pytest.fixture
async def tenants(db, migrated):
    """Two companies, each with an act of each category, one that failed, and incidents of all kinds."""
    made = []
    for n in range(2):
        tenant = await factories.make_tenant(db)
        ana = Actor(
            ActorKind.SESSION,
            frozenset(),
            role=Role.TENANT_ADMIN,
            user_id=uuid4(),
            tenant_id=tenant.id,
            email=f"ana{n}@example.com",
        )
        async with tenant_transaction(db, tenant.id) as conn:
            await record(
                conn, ana, "agent.activated", category="agent", resource_type="agent", resource_id="a", ip="10.0.0.9"
            )
            await record(conn, ana, "user.invited", category="user", details={"role": "TENANT_USER"})
            await record(conn, None, "usage.stopped", category="usage", result="failure", tenant_id=tenant.id)
        with psycopg.connect(migrated.admin_url) as conn:
            conn.execute(INCIDENT, [tenant.id, "error", "Offline", "agent.offline:1", "tenant", False])
            conn.execute(INCIDENT, [tenant.id, "warning", "Slow", "queue.lag", "tenant", True])
            conn.execute(INCIDENT, [tenant.id, "critical", "Ours", "worker.lost", "internal", False])
        made.append((tenant.id, ana))
    return made


async def test_the_founding_columns_hold_founding_values(tenants, events):
    (first, ana), _ = tenants
    found = events(first)
    assert set(found[0]) >= FOUNDING
    assert {one["event_category"] for one in found} <= {"auth", "tenant", "agent", "integration", "command", "system"}
    assert {one["status"] for one in found} == {"success", "failure", "pending"}
    kinds = {
        one["event_type"]: (one["event_category"], one["action"], one["status"])
        for one in found
        if one["event_type"] != "incident.opened"
    }
    assert (
        kinds.items()
        >= {
            "agent.activated": ("agent", "activated", "success"),
            "user.invited": ("auth", "invited", "success"),
            "usage.stopped": ("tenant", "stopped", "failure"),
        }.items()
    )
    (act,) = [one for one in found if one["event_type"] == "agent.activated"]
    told = {name: act[name] for name in ("tenant_id", "user_id", "user_email", "resource_type", "resource_id")}
    assert told == {
        "tenant_id": first,
        "user_id": ana.user_id,
        "user_email": ana.email,
        "resource_type": "agent",
        "resource_id": "a",
    }
    assert str(act["ip"]) == "10.0.0.9"


async def test_incidents_are_events_of_the_system(tenants, events):
    (first, _), _ = tenants
    found = {
        one["resource_id"]: (one["event_category"], one["action"], one["status"], one["severity"])
        for one in events(first)
        if one["event_type"] == "incident.opened"
    }
    assert found == {
        "agent.offline:1": ("system", "opened", "pending", "error"),
        "queue.lag": ("system", "opened", "success", "warning"),
        "worker.lost": ("system", "opened", "pending", "critical"),
    }


async def test_a_company_sees_its_own_events_but_not_internal_incidents(tenants, events):
    (first, _), (second, _) = tenants
    own = events(first, second, of=first)
    assert {one["tenant_id"] for one in own} == {first}
    everything = {one["id"] for one in events(first)}
    hidden = everything - {one["id"] for one in own}
    assert [one["resource_id"] for one in events(first) if one["id"] in hidden] == ["worker.lost"]
    assert {one["tenant_id"] for one in events(first, second)} == {first, second}
