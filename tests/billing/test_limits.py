"""Use against the plan: notices once each at 80, 95 and 100 %, and a hard limit where the installation sets one."""

import pytest

from alquimista import clock
from alquimista.access import PLATFORM_TENANT
from alquimista.agents import service as agents
from alquimista.agents.models.agents import AgentLimitReached
from alquimista.billing.service import catalogue
from alquimista.billing.service.limits import tell_of_use
from alquimista.cache.bus import Bus
from alquimista.catalogue import files
from alquimista.catalogue.load import load
from alquimista.db.statement import Statement
from alquimista.db.tenancy import tenant_transaction
from alquimista.http.limits import Limiter
from alquimista.usage import service as usage
from alquimista.usage.service import Ingest
from support.billing import Customer, customer
from support.senders import Sender
from support.usage import Count, fold_everything

TOLD = Statement(
    """
    SELECT count(*) AS count FROM alquimista_platform.notifications
    WHERE tenant_id = %(tenant_id)s AND type = %(type)s
    """,
    Count,
)


@pytest.fixture(scope="module")
async def sold(db, settings):
    """The shipped catalogue, whose plans sell nothing beyond their requests."""
    await load(db, files.read(), clock.now())
    await usage.make_partitions(db, clock.now())
    return db


@pytest.fixture
async def one(sold) -> Customer:
    made = await customer(sold)
    made.now = clock.now()
    await made.pay(await made.subscribe())
    return made


@pytest.fixture
async def ingest(sold, settings):
    way_in = Ingest(sold, Bus(settings), Limiter(sold))
    yield way_in
    await way_in.close()


async def use(one: Customer, ingest: Ingest, requests: int) -> None:
    held = await agents.list_agents(one.db.tenant(one.tenant.id), one.tenant.id)
    sender = Sender(one.tenant.id, tuple(a.agent_id for a in held))
    while requests:
        batch = min(requests, 500)
        assert (await ingest.submit(one.tenant.id, [sender.event() for _ in range(batch)])).accepted == batch
        requests -= batch
    await fold_everything(one.db, sender)


async def told(one: Customer, kind: str) -> int:
    found = await one.db.tenant(one.tenant.id).fetch_one(TOLD, tenant_id=one.tenant.id, type=kind)
    assert found is not None
    return found.count


async def look(one: Customer) -> int:
    async with one.book() as book:
        return await tell_of_use(book)


async def test_people_are_told_once_at_each_threshold(one, ingest):
    await use(one, ingest, 7_900)
    assert await look(one) == 0
    await use(one, ingest, 100)
    assert [await look(one), await look(one)] == [80, 0]
    await use(one, ingest, 2_000)
    assert [await look(one), await look(one)] == [100, 0]
    assert await told(one, "usage_threshold") == 2
    assert await one.active_agents() == ["active"] * 2, "without a hard limit they go on"


async def test_at_the_hard_limit_agents_stop_until_a_larger_plan_or_the_next_month(one, ingest):
    hard = one.with_rules(hard_percent=100)
    await use(one, ingest, 10_000)
    await look(hard)
    assert (await hard.active_agents(), await told(one, "usage_stopped")) == (["suspended"] * 2, 1)
    await look(hard)
    assert await told(one, "usage_stopped") == 1
    await hard.subscribe(agents_of=3)
    assert await hard.active_agents() == ["suspended"] * 3, "another choice of the same plan brings nothing back"
    await hard.pay(await hard.subscribe("profissional", agents_of=3))
    assert await hard.active_agents() == ["active"] * 3


async def test_the_next_month_brings_them_back(one, ingest):
    hard = one.with_rules(hard_percent=100)
    await use(one, ingest, 10_000)
    await look(hard)
    await hard.pass_days(32, paying_all=True)
    assert await hard.active_agents() == ["active"] * 2


async def test_a_plans_limit_of_agents_holds(one, sold):
    known = [a.id for a in await agents.catalogue(sold.staff())]
    async with tenant_transaction(sold, one.tenant.id) as conn:
        for agent in known[2:8]:
            await agents.activate(conn, None, one.tenant.id, agent, one.now)
        with pytest.raises(AgentLimitReached):
            await agents.activate(conn, None, one.tenant.id, known[8], one.now)


async def test_single_agents_are_bought_beside_the_plan(sold):
    two = await customer(sold)
    two.now = clock.now()
    invoice = await two.subscribe("starter", agents_of=10)
    addon = next(iter(await catalogue.addons(sold.tenant(PLATFORM_TENANT), two.now)))
    assert invoice.total_cents == 29_700 + 2 * addon.price_monthly_cents
    await two.pay(invoice)
    assert await two.active_agents() == ["active"] * 10
