"""The proof that events, rollups and invoices agree: what it shows, and that it finds what is wrong."""

from datetime import date, timedelta

import msgspec
import psycopg
import pytest

from alquimista import clock
from alquimista.billing import jobs
from alquimista.billing.models.proofs import Finding, around, explained
from alquimista.billing.service import reconciling
from alquimista.incidents import service as incidents
from alquimista.jobs import queries as queue
from alquimista.wiring import Services
from support.billing import START, Customer
from support.metered import use


@pytest.fixture
async def sql(migrated):
    """Ask the module's database as its superuser."""
    async with await psycopg.AsyncConnection.connect(migrated.admin_url, autocommit=True) as conn:
        yield conn.execute


async def findings(one: Customer) -> list[tuple[date, str, int | None, int | None, int]]:
    """What a comparison finds now: first day, finding, events, rollup, billed."""
    found = await reconciling.reconcile(one.db, one.tenant.id, one.now)
    stored, _ = await reconciling.page(one.db.staff(), 100, 0)
    mine = {proof.id: proof for proof in stored if proof.tenant_id == one.tenant.id}
    for proof in found:
        assert msgspec.structs.replace(mine[proof.id], updated_at=proof.updated_at) == proof
    return [(p.from_on, p.finding.value, p.raw_requests, p.rollup_requests, p.requests) for p in found]


async def open_incidents(one: Customer) -> list[str]:
    page, _ = await incidents.page(one.db.tenant(one.tenant.id), one.tenant.id, 100, 0)
    return [incident.title for incident in page if incident.resolved_at is None]


async def test_a_period_runs_matches_waits_for_late_events_and_matches_again(payer):
    january, february = date(2026, 1, 15), date(2026, 2, 15)
    await use(payer, 10_500)
    assert await findings(payer) == [(january, "running", 10_500, 10_500, 0)]
    await payer.pass_days(32, paying_all=True)
    assert await findings(payer) == [
        (january, "matches", 10_500, 10_500, 10_500),
        (february, "running", 0, 0, 0),
    ]
    await use(payer, 700, at=payer.now - timedelta(days=10))
    assert (await findings(payer))[0] == (january, "late", 11_200, 11_200, 10_500)
    assert await open_incidents(payer) == []
    await payer.pass_days(30, paying_all=True)
    assert (await findings(payer))[0] == (january, "matches", 11_200, 11_200, 11_200)
    assert await open_incidents(payer) == []


async def test_a_rollup_that_drifts_opens_one_incident_which_ends_with_it(payer, sql):
    await use(payer, 20)
    change = "UPDATE alquimista_platform.tenant_usage_daily SET requests = requests + %s WHERE tenant_id = %s"
    await sql(change, [3, payer.tenant.id])
    for _ in range(2):
        assert [one[1:4] for one in await findings(payer)] == [("differs", 20, 23)]
        assert await open_incidents(payer) == ["O uso cobrado diverge dos registros"]
    await sql(change, [-3, payer.tenant.id])
    assert [one[1] for one in await findings(payer)] == ["running"]
    assert await open_incidents(payer) == []


async def test_what_was_billed_wrongly_without_late_events_is_told(payer, sql):
    await use(payer, 20)
    await payer.pass_days(32, paying_all=True)
    change = (
        "UPDATE alquimista_platform.usage_periods SET requests = requests + %s"
        " WHERE tenant_id = %s AND status = 'billed'"
    )
    await sql(change, [1, payer.tenant.id])
    assert (await findings(payer))[0][1] == "differs"
    assert len(await open_incidents(payer)) == 1
    await sql(change, [-1, payer.tenant.id])
    assert (await findings(payer))[0][1] == "matches"
    assert await open_incidents(payer) == []


async def test_a_difference_that_no_late_event_explains_is_told_though_its_lines_agree(payer, sql):
    await use(payer, 20)
    await payer.pass_days(32, paying_all=True)
    both = (
        "UPDATE alquimista_platform.tenant_usage_daily SET requests = requests - 5 WHERE tenant_id = %s",
        (
            "UPDATE alquimista_platform.agent_requests SET requests = 0 WHERE (tenant_id, occurred_at, id) IN "
            "(SELECT tenant_id, occurred_at, id FROM alquimista_platform.agent_requests WHERE tenant_id = %s LIMIT 5)"
        ),
    )
    for statement in both:
        await sql(statement, [payer.tenant.id])
    assert (await findings(payer))[0][1:4] == ("differs", 15, 15)


async def test_periods_whose_events_are_gone_are_shown_as_such(payer, sql):
    await use(payer, 20)
    await payer.pass_days(32, paying_all=True)
    await sql(
        "UPDATE alquimista_platform.usage_periods SET from_on = '2025-11-15'"
        " WHERE tenant_id = %s AND status = 'billed'",
        [payer.tenant.id],
    )
    found = (await findings(payer))[0]
    assert found[1:4] == ("raw_gone", None, 20)
    assert await open_incidents(payer) == []


async def test_what_changes_meanwhile_is_left_for_the_next_time(payer, monkeypatch):
    await use(payer, 20)
    before = reconciling.usage.evidence

    async def slowly(*args):
        found = await before(*args)
        async with await psycopg.AsyncConnection.connect(migrated_url, autocommit=True) as conn:
            await conn.execute(
                "UPDATE alquimista_platform.usage_periods SET updated_at = updated_at + interval '1 second'"
                " WHERE tenant_id = %s",
                [payer.tenant.id],
            )
        return found

    migrated_url = payer.db.settings.database_url
    monkeypatch.setattr(reconciling.usage, "evidence", slowly)
    assert await reconciling.reconcile(payer.db, payer.tenant.id, payer.now) == []
    assert await open_incidents(payer) == []


def test_what_came_while_an_invoice_was_written_explains_either_way():
    assert explained(5, (5, 5)) == 5
    assert explained(4, (5, 3)) == 4
    assert explained(6, (5, 3)) == 5
    assert explained(-2, (0, 0)) == 0
    assert explained(-2, (-3, 0)) == -2


def test_moments_around_an_invoice():
    assert around(START) == (START - timedelta(minutes=10), START + timedelta(minutes=10))


async def test_the_daily_job_takes_tenants_with_something_to_compare(payer):
    assert payer.tenant.id in await reconciling.tenants_to_compare(payer.db.staff(), payer.now)
    services = Services(payer.db.settings, payer.db)
    with clock.frozen(payer.now):
        await jobs.reconcile_all(services, None, None)
        assert any(depth.name == "billing.reconcile" for depth in await queue.depths(payer.db.staff()))
        await jobs.reconcile(services, payer.tenant.id, None)
    (proof,) = [p for p in (await reconciling.page(payer.db.staff(), 100, 0))[0] if p.tenant_id == payer.tenant.id]
    assert proof.finding is Finding.RUNNING
    await payer.pass_days(60)
    assert Finding.UNCHECKED in {p.finding for p in (await reconciling.page(payer.db.staff(), 100, 0))[0]}
