"""Loading the catalogue: safe to repeat, a change is a new version, and staff's own changes stay."""

import asyncio
import shutil
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from psycopg.errors import InsufficientPrivilege

import factories
from alquimista import clock
from alquimista.access import PLATFORM_TENANT, Actor, ActorKind
from alquimista.agents import service as agents
from alquimista.agents.models.agents import Source, VersionTaken
from alquimista.audit import service as audit
from alquimista.audit.models import Wanted
from alquimista.billing.service import catalogue as billing
from alquimista.catalogue import files
from alquimista.catalogue.load import load
from alquimista.config import ConfigError
from alquimista.db.statement import NoRow, Statement
from alquimista.db.tenancy import tenant_transaction

STAFF = Actor(kind=ActorKind.SESSION, permissions=frozenset())


@pytest.fixture
def folder(tmp_path):
    for name in ("plans.toml", "subnucleos.toml"):
        shutil.copy(files.SHIPPED / name, tmp_path)
    shutil.copytree(files.SHIPPED / "agents", tmp_path / "agents")
    return tmp_path


@pytest.fixture
async def loaded(db, folder):
    """The shipped catalogue, whatever an earlier test has made of it."""
    await load(db, files.read(folder), clock.now(), replace=True)
    return folder


def change(folder, name, old, new):
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1))


async def test_loading_twice_changes_nothing(db, loaded):
    again = await load(db, files.read(loaded), clock.now())
    assert (again.written, again.kept) == ((), ())
    conn = db.staff()
    stored = {agent.slug: agent for agent in await agents.catalogue(conn) if agent.number}
    for sheet in files.read(loaded).agents:
        assert stored[sheet.slug].definition == sheet.definition
        assert (stored[sheet.slug].number, stored[sheet.slug].tags) == (sheet.number, sheet.tags)
    found = {one.name: one for one in await billing.subnucleos(conn)}
    assert all(found[one.name].says(one) for one in files.read(loaded).subnucleos)


async def test_a_new_price_is_a_new_version_and_the_old_one_ends_where_it_begins(db, loaded):
    before = {plan.name: plan for plan in await billing.plans(db.staff(), clock.now())}
    change(loaded, "plans.toml", "price_monthly_cents = 69_700", "price_monthly_cents = 74_900")
    moment = clock.now()
    done = await load(db, files.read(loaded), moment)
    assert done.written == ("profissional",)
    after = {plan.name: plan for plan in await billing.plans(db.staff(), moment)}
    assert after["profissional"].version == before["profissional"].version + 1
    assert after["profissional"].price_monthly_cents == 74_900
    assert after["starter"] == before["starter"]
    earlier = {plan.name: plan for plan in await billing.plans(db.staff(), moment - timedelta(microseconds=1))}
    assert earlier["profissional"].id == before["profissional"].id
    assert earlier["profissional"].valid_to == after["profissional"].valid_from == moment


async def test_what_staff_wrote_stays_until_it_is_replaced(db, loaded):
    plan = next(one for one in await billing.plans(db.staff(), clock.now()) if one.name == "expert")
    dearer = msgspec.structs.replace(plan.terms, price_monthly_cents=150_000)
    async with tenant_transaction(db, PLATFORM_TENANT) as conn:
        await billing.sell_plan(conn, STAFF, dearer, clock.now(), clock.now())
    kept = await load(db, files.read(loaded), clock.now())
    assert (kept.written, kept.kept) == ((), ("expert",))
    replaced = await load(db, files.read(loaded), clock.now(), replace=True)
    assert (replaced.written, replaced.kept) == (("expert",), ())
    now_on_sale = {one.name: one for one in await billing.plans(db.staff(), clock.now())}
    assert (now_on_sale["expert"].price_monthly_cents, now_on_sale["expert"].source) == (149_700, Source.FILE)


async def test_rules_change_only_with_their_version(db, loaded):
    change(loaded, "agents/retencao.toml", "[limits]\noffers = 1", "[limits]\noffers = 2")
    with pytest.raises(VersionTaken):
        await load(db, files.read(loaded), clock.now())
    change(loaded, "agents/retencao.toml", 'version = "1.0.0"', 'version = "1.1.0"')
    assert (await load(db, files.read(loaded), clock.now())).written == ("retencao",)
    stored = {agent.slug: agent for agent in await agents.catalogue(db.staff())}
    assert stored["retencao"].version == "1.1.0"
    assert stored["retencao"].definition.limits.offers == 2


async def test_a_load_that_fails_leaves_nothing(db, loaded):
    change(loaded, "agents/agendamento.toml", 'description = "', 'description = "Novo: ')
    change(loaded, "agents/retencao.toml", "[limits]\noffers = 1", "[limits]\noffers = 3")
    with pytest.raises(VersionTaken):
        await load(db, files.read(loaded), clock.now())
    stored = {agent.slug: agent for agent in await agents.catalogue(db.staff())}
    assert not stored["agendamento"].description.startswith("Novo")


async def test_loaders_at_the_same_time_take_turns(db, loaded):
    change(loaded, "agents/agendamento.toml", 'description = "', 'description = "Novo: ')
    change(loaded, "plans.toml", "max_users = 25", "max_users = 26")
    found = files.read(loaded)
    backwards = msgspec.structs.replace(found, agents=found.agents[::-1], plans=found.plans[::-1])
    done = await asyncio.gather(*(load(db, one, clock.now()) for one in (found, backwards, found)))
    assert sorted(len(one.written) for one in done) == [0, 0, 2]


async def test_every_change_is_in_the_platforms_audit(db, loaded):
    change(loaded, "plans.toml", "max_users = 10", "max_users = 11")
    await load(db, files.read(loaded), clock.now())
    found = await audit.entries(db.staff(), PLATFORM_TENANT, Wanted(action="catalogue.prices_changed"), 1)
    assert found[0].details == {"changed": ["profissional"]}


async def test_a_tenants_transaction_cannot_touch_the_catalogue(db, loaded):
    tenant = await factories.make_tenant(db)
    ends = Statement("UPDATE public.subscription_plans SET valid_to = %(moment)s WHERE valid_to IS NULL", NoRow)
    renames = Statement("UPDATE alquimista_platform.agents SET name = 'x'", NoRow)
    async with tenant_transaction(db, tenant.id) as conn:
        assert await conn.execute(ends, moment=clock.now() + timedelta(days=1)) == 0
        assert await conn.execute(renames) == 0


@pytest.mark.parametrize("tenant_id", [PLATFORM_TENANT, UUID(int=1)])
async def test_nobody_changes_a_version_that_was_sold(db, loaded, tenant_id):
    cheaper = Statement("UPDATE public.subscription_plans SET price_monthly_cents = 1", NoRow)
    with pytest.raises(InsufficientPrivilege):
        async with tenant_transaction(db, tenant_id) as conn:
            await conn.execute(cheaper)


async def test_a_change_that_is_yet_to_begin_is_left_to_staff(db, loaded):
    plan = next(one for one in await billing.plans(db.staff(), clock.now()) if one.name == "starter")
    dearer = msgspec.structs.replace(plan.terms, price_monthly_cents=33_300)
    later = clock.now() + timedelta(days=30)
    async with tenant_transaction(db, PLATFORM_TENANT) as conn:
        await billing.sell_plan(conn, STAFF, dearer, later, clock.now())
    done = await load(db, files.read(loaded), clock.now(), replace=True)
    assert (done.written, done.kept) == ((), ("starter",))
    then = next(one for one in await billing.plans(db.staff(), later) if one.name == "starter")
    assert then.price_monthly_cents == 33_300


async def test_a_file_says_from_when_and_until_when(db, loaded):
    now = clock.now()
    later, end = now + timedelta(days=30), now + timedelta(days=60)
    change(
        loaded,
        "plans.toml",
        "price_monthly_cents = 149_700\n",
        f"price_monthly_cents = 159_700\nvalid_from = {later.isoformat()}\n",
    )
    change(
        loaded,
        "plans.toml",
        "price_monthly_cents = 299_700\n",
        f"price_monthly_cents = 299_700\nvalid_to = {end.isoformat()}\n",
    )
    for written in (("expert", "enterprise"), ()):
        assert (await load(db, files.read(loaded), now)).written == written

    async def prices(moment):
        return {one.name: one.price_monthly_cents for one in await billing.plans(db.staff(), moment)}

    assert (await prices(now))["expert"] == 149_700
    assert (await prices(later))["expert"] == 159_700
    assert (await prices(now))["enterprise"] == 299_700
    assert "enterprise" not in await prices(end)
    change(loaded, "plans.toml", f"valid_to = {end.isoformat()}\n", "")
    assert (await load(db, files.read(loaded), end + timedelta(days=1))).written == ("enterprise",)
    assert "enterprise" not in await prices(end)
    assert (await prices(end + timedelta(days=2)))["enterprise"] == 299_700


@pytest.mark.parametrize("wrong", ["2027-01-01", '"2027-01-01"', "2027-01-01T00:00:00", "7"])
def test_a_date_that_leaves_room_for_doubt_is_refused(folder, wrong):
    change(folder, "plans.toml", "sort_order = 1\n", f"sort_order = 1\nvalid_to = {wrong}\n")
    with pytest.raises(ConfigError, match="valid_to"):
        files.read(folder)
