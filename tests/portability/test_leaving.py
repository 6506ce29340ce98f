"""Companies that leave: out at once, deleted after the wait, audit and invoices kept, and nobody else's touched."""

import asyncio
from datetime import timedelta

import psycopg
import pytest

from alquimista import clock
from alquimista.access import Actor, ActorKind, Role
from alquimista.audit import service as audit
from alquimista.db.bootstrap import role_url
from alquimista.portability import queries
from alquimista.portability.models import OUTLIVES, LeavingAlready, NotLeaving
from alquimista.portability.service.offboard import delete, due, keep, offboard
from alquimista.tenants import service as tenants
from alquimista.tenants.models import TenantStatus
from factories import add_member, make_tenant, make_user
from support.audit import found


@pytest.fixture
async def left(here, companies, tmp_path):
    one, _ = companies
    return await offboard(here.db, None, one.tenant_id, "Encerrou as atividades", tmp_path / "one.zip", days=30)


def counts(here, one):
    return {t: here.count(t, one.tenant_id) for t, row in one.made.items() if "tenant_id" in row}


async def test_who_leaves_is_out_at_once_and_has_an_export(left, here, companies, tmp_path):
    one, _ = companies
    assert (await tenants.get(here.db.staff(), one.tenant_id)).status is TenantStatus.INACTIVE
    assert (tmp_path / "one.zip").exists()
    with pytest.raises(LeavingAlready):
        await offboard(here.db, None, one.tenant_id, "x", tmp_path / "two.zip")


async def test_nothing_is_deleted_before_the_wait_is_over(left, here, companies):
    one, _ = companies
    before = counts(here, one)
    assert await due(here.db) == []
    assert await delete(here.db, one.tenant_id) == 0
    assert counts(here, one) == before


async def test_then_everything_goes_but_audit_and_invoices_and_another_company_keeps_all(left, here, companies):
    one, other = companies
    kept_before, others_before = counts(here, one), counts(here, other)
    with clock.frozen(left.delete_after + timedelta(seconds=1)):
        assert await due(here.db) == [one.tenant_id]
        assert await delete(here.db, one.tenant_id) > 20
        assert await delete(here.db, one.tenant_id) == 0, "once"
        assert await due(here.db) == []
    after = counts(here, one)
    for table, count in after.items():
        if table == "alquimista_platform.audit_unsealed":
            continue  # What waited to be sealed was, before anybody's names were taken out of it.
        if OUTLIVES.match(table):
            assert count >= kept_before[table], table
        else:
            assert count == 0, table
    assert counts(here, other) == others_before
    actions = [row["action"] for row in here.rows("alquimista_platform.audit_logs", one.tenant_id)]
    assert {"tenant.offboarding_requested", "tenant.exported", "tenant.deleted"} <= set(actions)


async def test_people_of_no_other_company_are_forgotten_and_those_of_another_stay(left, here, companies):
    one, other = companies
    mine, theirs = one.made["alquimista_platform.users"], other.made["alquimista_platform.users"]
    with clock.frozen(left.delete_after + timedelta(seconds=1)):
        await delete(here.db, one.tenant_id)
    names = dict(here.execute("SELECT id, email FROM alquimista_platform.users"))
    assert "example.com" not in names[mine["id"]]
    assert names[theirs["id"]] == theirs["email"]


async def test_who_stays_after_all_is_as_before(left, here, companies):
    one, _ = companies
    await keep(here.db, None, one.tenant_id)
    assert (await tenants.get(here.db.staff(), one.tenant_id)).status is TenantStatus.ACTIVE
    with pytest.raises(NotLeaving):
        await keep(here.db, None, one.tenant_id)
    with clock.frozen(left.delete_after + timedelta(days=1)):
        assert await delete(here.db, one.tenant_id) == 0


async def test_of_staying_and_deletion_at_once_one_happens(left, here, companies):
    one, _ = companies
    with clock.frozen(left.delete_after + timedelta(seconds=1)):
        outcomes = await asyncio.gather(
            keep(here.db, None, one.tenant_id), delete(here.db, one.tenant_id), return_exceptions=True
        )
    kept, deleted = not isinstance(outcomes[0], NotLeaving), outcomes[1]
    assert isinstance(deleted, int), outcomes
    assert kept != bool(deleted)
    assert bool(here.count("alquimista_platform.tenant_agents", one.tenant_id)) == kept


async def test_append_only_tables_still_refuse_everybody_else(here, companies):
    one, _ = companies
    owner = here.db.settings

    with psycopg.connect(role_url(owner, "owner"), autocommit=True) as conn:
        conn.execute("SELECT set_config('app.tenant_id', %s, false)", [str(one.tenant_id)])
        for table in ("approval_decisions", "audit_logs"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(f"DELETE FROM alquimista_platform.{table}")
        conn.execute("SELECT set_config('app.forgetting', %s, false)", [str(one.tenant_id)])
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute("DELETE FROM alquimista_platform.audit_logs")
    with psycopg.connect(role_url(owner, "app"), autocommit=True) as conn:
        conn.execute("SELECT set_config('app.tenant_id', %s, false)", [str(one.tenant_id)])
        conn.execute("SELECT set_config('app.forgetting', %s, false)", [str(one.tenant_id)])
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute("DELETE FROM alquimista_platform.approval_decisions")


async def test_the_audit_forgets_who_left_for_good_and_is_proved_all_the_same(here, tmp_path):
    tenant, other = (await make_tenant(here.db)).id, (await make_tenant(here.db)).id
    gone = await make_user(here.db, tenant, name="Zuleica Prado")
    stays = await make_user(here.db, tenant, name="Otavio Lins")
    await add_member(here.db, other, stays.id, Role.TENANT_USER)
    conn = here.db.tenant(tenant)
    for person, name in ((gone, "Zuleica Prado"), (stays, "Otavio Lins")):
        actor = Actor(ActorKind.SESSION, frozenset(), person.role, person.id, tenant, person.email, name)
        await audit.record(conn, actor, "agent.configured", category="agent", details={"by": person.email})
    leaving = await offboard(here.db, None, tenant, "Encerrou", tmp_path / "audit.zip", days=30)
    with clock.frozen(leaving.delete_after + timedelta(seconds=1)):
        assert await delete(here.db, tenant) > 0
        assert await delete(here.db, tenant) == 0
        await audit.seal(here.db, tenant)
        report = await audit.verify(here.db, here.db.settings, tenant)
    assert (found(report), report.erased) == ([], 1)
    tables = ("alquimista_platform.audit_logs", "alquimista_platform.audit_personal")
    kept = str([here.rows(table, tenant) for table in tables])
    assert (gone.email in kept, "Zuleica Prado" in kept) == (False, False)
    assert (stays.email in kept, "Otavio Lins" in kept) == (True, True)
    assert kept.count("'agent.configured'") == 2


async def test_whose_deletion_has_begun_cannot_stay_any_more(left, here, companies):
    one, _ = companies
    with clock.frozen(left.delete_after + timedelta(seconds=1)):
        assert await queries.begin_deletion(here.db.tenant(one.tenant_id), one.tenant_id, clock.now())
        with pytest.raises(NotLeaving):
            await keep(here.db, None, one.tenant_id)
        assert await delete(here.db, one.tenant_id) > 0, "what was begun is finished"
