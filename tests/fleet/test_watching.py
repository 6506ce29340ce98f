"""Agents that are missed: an incident begins and ends, and the platform's own outages open none."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import factories
from alquimista.access import PLATFORM_TENANT
from alquimista.agents.models.definitions import EXAMPLE
from alquimista.clock import frozen, new_id, now
from alquimista.db.tenancy import tenant_transaction
from alquimista.fleet import jobs, service
from alquimista.fleet.models.watching import GRACE, MANY, Silent, Watch, judge
from alquimista.incidents import service as incidents
from alquimista.wiring import Services
from support.published import published, types

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
CALM = Watch(NOW - timedelta(minutes=1), NOW - timedelta(hours=1))


def silent(count, seconds, tenant_id=None):
    return [Silent(tenant_id or new_id(), new_id(), NOW - timedelta(seconds=seconds)) for _ in range(count)]


def test_one_agent_is_missed_after_90_seconds():
    assert judge(CALM, silent(1, 100), NOW - timedelta(seconds=100), NOW).missed_before == NOW - timedelta(seconds=90)


@pytest.mark.parametrize("before", [None, Watch(NOW - timedelta(minutes=4), NOW - timedelta(hours=1))])
def test_nobody_is_missed_for_a_while_after_the_watch_itself_was_away(before):
    verdict = judge(before, silent(3, 4_000), NOW, NOW)
    assert (verdict.missed_before, verdict.quiet_until) == (None, NOW + GRACE)
    later = NOW + timedelta(minutes=1)
    assert judge(Watch(NOW, verdict.quiet_until), silent(3, 4_000), later, later).missed_before is None
    over = NOW + GRACE
    last = Watch(over - timedelta(minutes=1), verdict.quiet_until)
    assert judge(last, silent(3, 4_000), over, over).missed_before is not None


def test_when_nobody_at_all_is_heard_the_doors_are_suspected():
    verdict = judge(CALM, silent(MANY, 100), NOW - timedelta(seconds=100), NOW)
    assert (verdict.blackout, verdict.missed_before, verdict.quiet_until) == (True, None, NOW + GRACE)


def test_many_that_fall_silent_together_have_five_minutes_to_come_back_and_nobody_else_has():
    company, other = new_id(), new_id()
    verdict = judge(CALM, silent(MANY, 100, company) + silent(MANY - 1, 100, other), NOW, NOW)
    assert not verdict.blackout
    assert verdict.before(company) == NOW - timedelta(minutes=5)
    assert verdict.before(other) == NOW - timedelta(seconds=90), "what one company does delays no other's"


def test_of_many_companies_each_has_five_minutes():
    many = silent(MANY, 100)
    verdict = judge(CALM, many, NOW, NOW)
    assert {verdict.before(one.tenant_id) for one in many} == {NOW - timedelta(minutes=5)}


@given(
    st.none() | st.tuples(st.integers(0, 600), st.integers(-600, 600)),
    st.lists(st.integers(91, 10_000), max_size=30),
    st.none() | st.integers(0, 10_000),
)
def test_nobody_is_missed_before_90_seconds_nor_while_it_is_quiet(before, silences, newest):
    watch = before and Watch(NOW - timedelta(seconds=before[0]), NOW + timedelta(seconds=before[1]))
    found = [Silent(new_id(), new_id(), NOW - timedelta(seconds=seconds)) for seconds in silences]
    verdict = judge(watch, found, None if newest is None else NOW - timedelta(seconds=newest), NOW)
    if verdict.missed_before is None:
        assert verdict.quiet_until > NOW
    else:
        assert verdict.missed_before <= NOW - timedelta(seconds=90)
        assert verdict.quiet_until <= NOW
        assert not verdict.blackout


@pytest.fixture
def look(db, settings, sql):
    """Run the watch at a moment, and the jobs that it asks for."""

    async def at(moment):
        with frozen(moment):
            verdict, tenants = await service.watch(db, moment)
            for tenant in tenants:
                await jobs.settle(Services(settings, db), tenant, jobs.Settle(verdict.before(tenant)))
        return verdict

    return at


@pytest.fixture
async def begun(look, sql):
    """A moment at which the watch has run for a while, on an installation without other agents."""
    await sql("DELETE FROM alquimista_platform.fleet_watches")
    await sql("DELETE FROM alquimista_platform.agent_instances")
    moment = now()
    await look(moment - timedelta(minutes=5))
    for minutes in (4, 3, 2, 1):
        await look(moment - timedelta(minutes=minutes))
    return moment


async def open_incidents(company):
    found, _ = await incidents.page(company.db.tenant(company.id), company.id, 50, 0)
    return [one for one in found if one.resolved_at is None]


async def test_a_silent_agent_has_an_incident_until_it_is_heard_again(company, look, begun):
    await company.beat()
    await look(begun + timedelta(seconds=60))
    assert await open_incidents(company) == []
    for seconds in (120, 180, 240):
        await look(begun + timedelta(seconds=seconds))
    (incident,) = await open_incidents(company)
    assert (incident.severity, company.agent.name in incident.title) == ("error", True)
    with frozen(begun + timedelta(seconds=250)):
        await company.beat()
    assert await open_incidents(company) == [], "the first sign of life ends it"
    for seconds in (300, 360, 420, 480):
        await look(begun + timedelta(seconds=seconds))
    assert len(await open_incidents(company)) == 1, "and a new outage is a new incident"
    told = await published(company.db, company.id, "agent.o")
    assert [one.event_type for one in told] == ["agent.offline", "agent.online", "agent.offline"]
    assert {one.detail["agent"] for one in told} == {company.agent.slug}


async def test_a_company_that_stops_many_agents_delays_nobody_elses_incident(company, found_company, look, begun):
    busy = await found_company()
    for _ in range(MANY):
        agent = await factories.make_agent(busy.db, definition=EXAMPLE)
        await factories.activate_agent(busy.db, busy.id, agent.id)
        await busy.beat(slug=agent.slug)
    await company.beat()
    heard = await found_company()
    with frozen(begun + timedelta(seconds=90)):
        await heard.beat()
    for seconds in (60, 120):
        await look(begun + timedelta(seconds=seconds))
    assert len(await open_incidents(company)) == 1, "90 seconds have passed"
    assert await open_incidents(busy) == [], "a deploy, as it looks"
    for seconds in (180, 240, 300, 301):
        with frozen(begun + timedelta(seconds=seconds)):
            await heard.beat()
        await look(begun + timedelta(seconds=seconds))
    assert len(await open_incidents(busy)) == MANY


async def test_while_one_process_answers_the_agent_is_not_missed(company, look, begun):
    await company.beat("one")
    with frozen(begun + timedelta(seconds=110)):
        await company.beat("two")
    await look(begun + timedelta(seconds=120))
    assert await open_incidents(company) == []


async def test_agents_that_are_paused_suspended_or_never_connected_are_not_missed(company, found_company, look, begun):
    suspended, strange = await found_company(), await found_company()
    await company.beat()
    await suspended.beat()
    async with tenant_transaction(company.db, company.id) as conn:
        await service.pause(conn, company.actor, company.id, company.agent.id, "", begun)
    await suspended.suspend()
    await look(begun + timedelta(seconds=60))
    await look(begun + timedelta(seconds=120))
    for one in (company, suspended, strange):
        assert await open_incidents(one) == []


async def test_an_incident_ends_when_nobody_expects_the_agent_any_more(company, look, begun):
    await company.beat()
    for seconds in (60, 120):
        await look(begun + timedelta(seconds=seconds))
    assert len(await open_incidents(company)) == 1
    await company.suspend()
    await look(begun + timedelta(seconds=180))
    assert await open_incidents(company) == []
    assert await types(company.db, company.id, "agent.o") == ["agent.offline"], "it is not back"


async def test_after_an_outage_of_the_platform_nobody_is_missed_before_the_grace_is_over(company, look, begun):
    await company.beat()
    back = begun + timedelta(minutes=30)
    await look(back)
    assert await open_incidents(company) == []
    await look(back + timedelta(minutes=2))
    assert await open_incidents(company) == []
    await look(back + timedelta(minutes=4))
    assert len(await open_incidents(company)) == 1


async def of_staff(db):
    """What staff see of the platform's own incidents."""
    found = await incidents.staff_page(db.staff(), 50, 0, tenant_id=PLATFORM_TENANT)
    return [line.incident for line in found.items]


async def test_when_all_agents_fall_silent_staff_are_told_and_companies_are_not(db, found_company, look, begun):
    fleet = [await found_company() for _ in range(MANY)]
    for one in fleet:
        await one.beat()
    for seconds in (60, 120, 180):
        await look(begun + timedelta(seconds=seconds))
    assert [await open_incidents(one) for one in fleet] == [[]] * MANY
    assert [one.title for one in await of_staff(db) if one.resolved_at is None] == ["Nenhum agente dá sinal de vida"]
    with frozen(begun + timedelta(seconds=200)):
        for one in fleet[1:]:
            await one.beat()
    await look(begun + timedelta(seconds=240))
    assert all(one.resolved_at for one in await of_staff(db))
    assert await open_incidents(fleet[0]) == [], "the grace period"


async def test_the_watch_enqueues_one_job_for_each_tenant_that_needs_it(company, db, settings, sql, begun):
    await company.beat()
    with frozen(begun + timedelta(seconds=60)):
        await service.watch(db, begun + timedelta(seconds=60))
    with frozen(begun + timedelta(seconds=120)):
        for _ in range(2):
            await jobs.watch(Services(settings, db), None, None)
    rows = await sql("SELECT count(*) FROM alquimista_platform.job_queue WHERE entrypoint = 'fleet.settle'")
    assert rows == [(1,)]
    await sql("DELETE FROM alquimista_platform.job_queue")
