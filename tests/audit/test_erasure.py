"""A person's data can leave the audit, and the chain stays valid (LGPD)."""

from dataclasses import replace
from types import SimpleNamespace
from uuid import uuid4

import psycopg
import pytest

from alquimista.audit import service
from alquimista.audit.models import Erased, Wanted
from alquimista.audit.models.exporting import verify_lines
from alquimista.db.roles import connection_info
from alquimista.db.tenancy import tenant_transaction
from factories import make_tenant
from support.audit import found

STORED = (
    "SELECT concat_ws(' ', a, p) FROM alquimista_platform.audit_logs a JOIN alquimista_platform.audit_personal p"
    " ON p.entry_id = a.id WHERE a.tenant_id = %s"
)


@pytest.fixture
def boss(ana):
    """Another administrator."""
    return replace(ana, user_id=uuid4(), email="boss@example.com", name="Bruno Reis")


@pytest.fixture
async def told(db, tenant, ana, boss, write):
    """Entries by Ana, about Ana, naming Ana, and of a sign-in that tried her address."""
    await write(3)
    conn = db.tenant(tenant)
    about = {"category": "user", "resource_type": "user", "resource_id": str(ana.user_id)}
    await service.record(conn, boss, "user.changed", before={"phone": "+5511987654321"}, **about)
    await service.record(conn, boss, "user.invited", category="user", details={"email": "Ana@example.com"})
    await service.record(conn, boss, "agent.granted", category="agent", after={"to": str(ana.user_id)})
    tried = replace(ana, user_id=None, name="")
    await service.record(conn, tried, "auth.login", category="auth", result="failure")
    await service.record(conn, boss, "agent.other", category="agent", details={"who": "nobody"})


async def erase(db, tenant, actor, person):
    async with tenant_transaction(db, tenant) as conn:
        return await service.erase(conn, actor, tenant, person.user_id, emails=[person.email.upper()])


async def test_an_erasure_leaves_nothing_of_the_person_and_a_valid_chain(
    db, tenant, ana, boss, told, verified, migrated
):
    assert await erase(db, tenant, boss, ana) == Erased(actors=4, contents=3)
    report = await verified()
    assert (found(report), report.erased) == ([], 7)
    async with await psycopg.AsyncConnection.connect(migrated.admin_url) as conn:
        stored = str(await (await conn.execute(STORED, [tenant])).fetchall())
    for trace in ("ana@", "Ana", "+5511987654321"):
        assert trace not in stored
    assert "203.0.113.7" not in stored
    assert "boss@example.com" in stored
    assert "nobody" in stored
    # Nothing is left by which a guess could be checked: the salts went with the data.
    rows = await service.entries(db.tenant(tenant), tenant, Wanted(actor_id=ana.user_id), 10)
    assert [(one.actor_erased, one.content_erased, one.details["text"]) for one in rows] == [
        (True, False, "ação “n” 😀")
    ] * 3


async def test_an_erasure_is_an_entry_and_names_nobody(db, tenant, ana, boss, told):
    await erase(db, tenant, boss, ana)
    (entry,) = await service.entries(db.tenant(tenant), tenant, Wanted(action="audit.erase"), 10)
    assert (entry.actor_id, entry.resource_id) == (boss.user_id, str(ana.user_id))
    assert entry.seq is not None


async def test_an_erasure_is_safe_to_repeat_and_takes_what_came_since(db, tenant, ana, boss, told, write, verified):
    await erase(db, tenant, boss, ana)
    assert await erase(db, tenant, boss, ana) == Erased(0, 0)
    await write(2, seal=False)
    assert await erase(db, tenant, boss, ana) == Erased(2, 0)
    assert found(await verified()) == []


async def test_who_erases_themselves_leaves_no_name_in_doing_so(db, tenant, ana, told, verified, monkeypatch):
    monkeypatch.setattr(
        "alquimista.audit.service.recording.current",
        SimpleNamespace(get=lambda: SimpleNamespace(client_ip="203.0.113.7", headers={b"user-agent": b"Ana's"})),
    )
    await erase(db, tenant, ana, ana)
    (entry,) = await service.entries(db.tenant(tenant), tenant, Wanted(action="audit.erase"), 10)
    assert (entry.actor_id, entry.actor_email, entry.actor_name) == (ana.user_id, "", "")
    assert (entry.ip, entry.user_agent) == (None, "")
    assert found(await verified()) == []


async def test_an_erasure_touches_no_other_company(db, tenant, ana, boss, told):
    other = (await make_tenant(db)).id
    await service.record(
        db.tenant(other), replace(ana, tenant_id=other), "agent.configured", category="agent", tenant_id=other
    )
    await erase(db, tenant, boss, ana)
    (entry,) = await service.entries(db.tenant(other), other, Wanted(actor_id=ana.user_id), 10)
    assert entry.actor_email == "ana@example.com"


async def test_an_erasure_that_is_undone_erases_nothing(db, tenant, ana, boss, told, verified):
    async def undone():
        async with tenant_transaction(db, tenant) as conn:
            await service.erase(conn, boss, tenant, ana.user_id)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await undone()
    report = await verified()
    assert (found(report), report.erased) == ([], 0)


async def test_an_export_after_an_erasure_verifies_and_holds_nothing_of_the_person(
    db, anchored, tenant, ana, boss, told
):
    await erase(db, tenant, boss, ana)
    data = b"".join([piece async for piece in service.export(db, anchored, tenant)])
    assert b"ana@example.com" not in data.lower()
    report, _ = verify_lines(data.splitlines())
    assert (found(report), report.erased) == ([], 7)


@pytest.mark.parametrize("role", ["app", "superuser"])
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE {} SET details = '{{\"other\": 1}}'",
        "UPDATE {} SET actor_email = ''",
        "UPDATE {} SET actor_salt = decode(repeat('ab', 16), 'hex')",
        "UPDATE {} SET entry_id = gen_random_uuid()",
        "UPDATE {} SET actor_erased_by = gen_random_uuid(), actor_salt = NULL",
        "DELETE FROM {}",
    ],
)
async def test_personal_data_may_be_emptied_and_never_changed(db, settings, migrated, tenant, write, role, change):
    await write(1)
    url = migrated.admin_url if role == "superuser" else connection_info(settings, role)
    async with await psycopg.AsyncConnection.connect(url) as conn:
        await conn.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant)])
        with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.CheckViolation)):
            await conn.execute(change.format("alquimista_platform.audit_personal"))


async def test_what_was_erased_cannot_be_filled_in_again(db, settings, tenant, ana, boss, told):
    await erase(db, tenant, boss, ana)
    async with await psycopg.AsyncConnection.connect(connection_info(settings, "app")) as conn:
        await conn.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant)])
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="never changed otherwise"):
            await conn.execute(
                "UPDATE alquimista_platform.audit_personal SET actor_erased_by = NULL, actor_email = 'eva@example.com',"
                " actor_salt = decode(repeat('ab', 16), 'hex') WHERE actor_erased_by IS NOT NULL"
            )
