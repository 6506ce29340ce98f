import math
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest
import structlog

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, Actor, ActorKind, Role
from alquimista.audit import service
from alquimista.audit.models import Wanted, harmless
from alquimista.db.roles import connection_info
from alquimista.db.tenancy import login_transaction, tenant_transaction
from factories import make_tenant


async def test_an_entry_tells_who_did_what_from_where(db) -> None:
    tenant = await make_tenant(db)
    actor = Actor(ActorKind.SESSION, frozenset(), user_id=uuid4(), tenant_id=tenant.id, email="ana@example.com")
    with structlog.contextvars.bound_contextvars(trace_id="0af7651916cd43dd8448eb211c80319c"):
        async with tenant_transaction(db, tenant.id) as conn:
            await service.record(
                conn,
                actor,
                "agent.activate",
                category="agent",
                resource_type="agent",
                resource_id="42",
                details={"from": "inactive"},
                ip="203.0.113.7",
                user_agent="x" * 600,
            )
    (entry,) = await service.entries(db.tenant(tenant.id), tenant.id, Wanted(action="agent.activate"), 10)
    assert (entry.actor_kind, entry.actor_id, entry.actor_email) == ("session", actor.user_id, "ana@example.com")
    assert (entry.resource_type, entry.resource_id, entry.result) == ("agent", "42", "success")
    assert entry.details == {"from": "inactive"}
    assert entry.ip == "203.0.113.7"
    assert len(entry.user_agent) == 512
    assert entry.trace_id == "0af7651916cd43dd8448eb211c80319c"


async def test_an_entry_tells_in_which_role_and_session_and_what_it_was_before(db) -> None:
    tenant = await make_tenant(db)
    actor = Actor(
        ActorKind.TOKEN,
        frozenset(),
        role=Role.INTERNAL_SUPPORT,
        user_id=uuid4(),
        name="Sílvia" * 100,
        session_id=uuid4(),
    )
    entry_id = await service.record(
        db.tenant(tenant.id),
        actor,
        "agent.configured",
        category="agent",
        before={"limit": 1, "api_key": "abc"},
        after={"limit": 2, "nested": {"password": "x"}},
        tenant_id=tenant.id,
    )
    (entry,) = await service.entries(db.tenant(tenant.id), tenant.id, Wanted(action="agent.configured"), 10)
    assert (entry.id, entry.session_id, entry.by_staff) == (entry_id, actor.session_id, True)
    assert (entry.before, entry.after) == ({"limit": 1}, {"limit": 2, "nested": {}})
    assert len(entry.actor_name) == 200
    assert (entry.seq, entry.hash) == (None, None)


async def test_an_act_that_is_undone_leaves_no_entry(db) -> None:
    tenant = await make_tenant(db)

    async def undone():
        async with tenant_transaction(db, tenant.id) as conn:
            await service.record(conn, None, "tenant.undone", category="tenant", tenant_id=tenant.id)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await undone()
    assert await service.entries(db.tenant(tenant.id), tenant.id, Wanted(action="tenant.undone"), 10) == []


async def test_the_failure_of_an_unknown_account_belongs_to_the_platform(db) -> None:
    email = f"{uuid4().hex}@example.com"
    async with login_transaction(db) as conn:
        await service.record(
            conn, None, "auth.login", category="auth", result="failure", resource_id=email, ip="2001:db8::1"
        )
    wanted = Wanted(category="auth", result="failure")
    (entry,) = await service.entries(db.staff(), PLATFORM_TENANT, wanted, 10)
    assert entry.actor_kind == "anonymous"
    assert (entry.resource_id, entry.details) == ("", {"resource": email})  # The chain itself names nobody.
    assert entry.ip == "2001:db8::1"


async def test_entries_are_filtered_and_paged_newest_first(db) -> None:
    tenant = await make_tenant(db)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for hour in range(5):
        with clock.frozen(start + timedelta(hours=hour)):
            async with tenant_transaction(db, tenant.id) as conn:
                await service.record(conn, None, f"user.act{hour}", category="user", tenant_id=tenant.id)
    conn = db.tenant(tenant.id)

    async def actions(limit=10, **wanted):
        found = await service.entries(conn, tenant.id, Wanted(category="user", **wanted), limit)
        return [entry.action[-1] for entry in found]

    assert await actions() == ["4", "3", "2", "1", "0"]
    assert await actions(since=start + timedelta(hours=1), until=start + timedelta(hours=3)) == ["2", "1"]
    first = await service.entries(conn, tenant.id, Wanted(category="user"), 2)
    assert await actions(before=first[-1], limit=2) == ["2", "1"]
    assert await actions(actor_id=uuid4()) == []


async def test_a_tenant_neither_reads_nor_writes_another_ones_trail(db) -> None:
    mine, other = await make_tenant(db), await make_tenant(db)
    assert await service.entries(db.tenant(mine.id), other.id, Wanted(), 10) == []
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with tenant_transaction(db, mine.id) as conn:
            await service.record(conn, None, "tenant.forged", category="tenant", tenant_id=other.id)


@pytest.mark.parametrize("role", ["app", "internal", "login", "owner", "superuser"])
@pytest.mark.parametrize(
    "statement",
    ["UPDATE {} SET action = 'tenant.rewritten'", "DELETE FROM {}", "TRUNCATE {} CASCADE"],
)
async def test_the_trail_is_append_only_for_everybody(db, settings, migrated, role, statement) -> None:
    tenant = await make_tenant(db)
    async with tenant_transaction(db, tenant.id) as conn:
        await service.record(conn, None, "tenant.made", category="tenant", tenant_id=tenant.id)
    url = migrated.admin_url if role == "superuser" else connection_info(settings, role)
    refused = (psycopg.errors.InsufficientPrivilege, psycopg.errors.RaiseException)
    async with await psycopg.AsyncConnection.connect(url) as conn:
        await conn.execute(f"SELECT set_config('app.tenant_id', '{tenant.id}', true)")
        with pytest.raises(refused):
            await conn.execute(statement.format("alquimista_platform.audit_logs"))


def test_what_speaks_of_a_secret_is_left_out_at_any_depth() -> None:
    details = {
        "password": "a",
        "new_Senha": "b",
        "api_key": "c",
        "key": "d",
        "key_id": "k1",
        "nested": {"refresh_token": "e", "list": [{"secret": "f", "name": "g"}]},
        "input_tokens": 7,
    }
    assert harmless(details) == {"key_id": "k1", "nested": {"list": [{"name": "g"}]}, "input_tokens": 7}


def test_details_become_bounded_plain_json() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    clean = harmless({"at": moment, "nan": math.nan, "nul": "a\x00b", "long": "x" * 900, "many": list(range(90))})
    assert clean == {
        "at": str(moment),
        "nan": "nan",
        "nul": "ab",
        "long": "x" * 500,
        "many": list(range(50)),
    }
    assert harmless({"a": {"b": {"c": {"d": {"e": 1}}}}}) == {"a": {"b": {"c": {"d": {}}}}}
