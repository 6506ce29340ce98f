"""Switching agents on and off: within what the subscription chose, and kept through whatever it does."""

import asyncio

import msgspec
import pytest

import factories
from alquimista import clock
from alquimista.access import Actor, ActorKind, Role
from alquimista.agents import service as agents
from alquimista.agents.models.agents import AgentSuspended, UnknownAgent
from alquimista.billing.models.subscriptions import AgentNotIncluded, NotFromHere
from alquimista.billing.queries import usage as periods
from alquimista.billing.service import catalogue, subscribing, switching
from alquimista.clock import new_id
from alquimista.db.statement import Statement
from alquimista.db.tenancy import tenant_transaction
from support.billing import customer
from support.whole import whole

ADMIN = Actor(kind=ActorKind.TOKEN, permissions=frozenset(), role=Role.TENANT_ADMIN)


class Row(msgspec.Struct, frozen=True):
    action: str


ACTIONS = Statement(
    """
    SELECT action FROM alquimista_platform.audit_logs
    WHERE tenant_id = %(tenant_id)s AND action IN ('agent.activated', 'agent.deactivated') ORDER BY occurred_at, id
    """,
    Row,
)


async def switch_on(one, agent):
    with clock.frozen(one.now):
        async with tenant_transaction(one.db, one.tenant.id) as conn:
            return await switching.switch_on(conn, ADMIN, one.tenant.id, agent, one.rules, one.now)


async def switch_off(one, agent):
    with clock.frozen(one.now):
        async with tenant_transaction(one.db, one.tenant.id) as conn:
            await agents.deactivate(conn, ADMIN, one.tenant.id, agent, one.now)


async def states(one):
    return {
        line.agent_id: line.status.value
        for line in await agents.list_agents(one.db.tenant(one.tenant.id), one.tenant.id)
    }


async def chosen(one):
    return list((await one.subscription()).selected_agents)


async def not_chosen(one):
    """An agent of the catalogue beside the choice."""
    had = await chosen(one)
    return next(agent.id for agent in await agents.catalogue(one.db.staff()) if agent.id not in had)


async def test_off_and_on_again_changes_neither_the_choice_nor_the_price(payer):
    first, second = before = await chosen(payer)
    subscription = await payer.subscription()
    await switch_off(payer, first)
    await switch_off(payer, first)
    assert await states(payer) == {first: "inactive", second: "active"}
    found = await switch_on(payer, first)
    assert (found.status, found.deactivated_at) == ("active", None)
    await switch_on(payer, first)
    assert await states(payer) == {first: "active", second: "active"}
    assert await chosen(payer) == before
    after = await payer.subscription()
    assert (after.total_cents, after.mrr_cents) == (subscription.total_cents, subscription.mrr_cents)
    rows = await payer.db.tenant(payer.tenant.id).fetch(ACTIONS, tenant_id=payer.tenant.id)
    assert [row.action for row in rows] == ["agent.deactivated", "agent.activated"]


async def test_an_agent_that_was_not_chosen_is_refused_and_one_that_there_is_not_is_not_found(payer):
    stranger = await not_chosen(payer)
    with pytest.raises(AgentNotIncluded):
        await switch_on(payer, stranger)
    with pytest.raises(UnknownAgent):
        await switch_on(payer, new_id())
    assert stranger not in await states(payer)


async def test_without_a_running_subscription_nothing_is_switched_on(metered_db):
    one = await customer(metered_db)
    agent = (await agents.catalogue(metered_db.staff()))[0].id
    with pytest.raises(AgentNotIncluded):
        await switch_on(one, agent)
    await one.subscribe()  # Not paid yet.
    with pytest.raises(NotFromHere):
        await switch_on(one, (await chosen(one))[0])
    assert await states(one) == {}


async def test_what_is_off_stays_off_through_renewals_suspension_and_payment(payer):
    first, second = await chosen(payer)
    await switch_off(payer, first)
    await payer.pass_days(40, paying_all=True)
    assert await states(payer) == {first: "inactive", second: "active"}, "renewed"
    for _ in range(60):
        await payer.pass_days(1)
        if await payer.state() == "suspended":
            break
    assert await states(payer) == {first: "inactive", second: "suspended"}
    for agent in (first, second):
        with pytest.raises((NotFromHere, AgentSuspended)):
            await switch_on(payer, agent)
    for invoice in await payer.invoices():
        if invoice.status == "open":
            await payer.pay(invoice)
    assert await states(payer) == {first: "inactive", second: "active"}, "an old debt brings back what was on"
    await switch_on(payer, first)
    assert await states(payer) == {first: "active", second: "active"}


async def test_what_is_off_may_be_chosen_no_more_and_works_when_it_is_chosen_again(payer):
    first, second = await chosen(payer)
    await switch_off(payer, first)
    only_second = msgspec.structs.replace(await payer.wants(), agents=(second,))
    async with payer.book() as book:
        await subscribing.subscribe(book, only_second)
    with pytest.raises(AgentNotIncluded):
        await switch_on(payer, first)
    async with payer.book() as book:
        await subscribing.subscribe(book, msgspec.structs.replace(only_second, agents=(first, second)))
    assert await states(payer) == {first: "active", second: "active"}


async def test_at_the_hard_limit_an_agent_that_is_off_does_not_come_back(payer):
    first, _ = await chosen(payer)
    await switch_off(payer, first)
    async with payer.book() as book:
        (period,) = await periods.open_periods(book.conn, book.tenant.id)
        await agents.suspend_all(book.conn, book.tenant.id, book.now)
        await periods.save(book.conn, book.tenant.id, msgspec.structs.replace(period, stopped_at=book.now), book.now)
    with pytest.raises(AgentSuspended):
        await switch_on(payer, first)


async def test_switching_and_paying_at_once_end_in_one_state(payer):
    first, second = await chosen(payer)
    for _ in range(4):
        await switch_off(payer, first)
        done = await asyncio.gather(
            switch_on(payer, first),
            switch_on(payer, first),
            payer.subscribe("profissional", agents_of=2),
            return_exceptions=True,
        )
        assert not [one for one in done if isinstance(one, Exception) and "deadlock" in str(one)], done
    assert await states(payer) == {first: "active", second: "active"}


@pytest.fixture(scope="module")
async def process(metered_db, settings):
    async with whole(settings) as running:
        yield running


async def test_over_http_ten_times_a_minute_and_by_administrators_only(metered_db, process):
    one = await customer(metered_db)
    one.now = clock.now()
    await one.pay(await one.subscribe())
    agent = (await chosen(one))[0]
    path = f"/tenant/agents/{agent}"
    roles = (Role.TENANT_ADMIN, Role.TENANT_USER)
    people = [await factories.make_user(metered_db, one.tenant.id, role=role) for role in roles]
    admin, user = [process.client(await process.token(who.email, who.password)) for who in people]
    async with admin, user:
        assert (await user.post(f"{path}/activate")).status_code == 403
        assert (await user.post(f"{path}/deactivate")).status_code == 403
        off, on = await admin.post(f"{path}/deactivate"), await admin.post(f"{path}/activate")
        assert (off.json()["status"], on.json()["status"]) == ("inactive", "active")
        refused = await admin.post(f"/tenant/agents/{await not_chosen(one)}/activate")
        assert (refused.status_code, refused.json()["error"]) == (409, "agent_not_included")
        assert (await admin.post("/tenant/agents/none/activate")).status_code == 400
        statuses = [(await admin.post(f"{path}/activate")).status_code for _ in range(12)]
        assert statuses[-1] == 429
        assert 200 in statuses


async def test_how_the_subscription_stands_to_an_agent_follows_it(metered_db):
    one = await customer(metered_db)

    async def stands(agent):
        return await switching.inclusion(metered_db.tenant(one.tenant.id), one.tenant.id, agent)

    assert await stands(new_id()) == "no_subscription"
    invoice = await one.subscribe()
    agent = (await chosen(one))[0]
    assert await stands(agent) == "not_running"
    await one.pay(invoice)
    assert (await stands(agent), await stands(new_id())) == ("included", "not_chosen")


async def test_a_company_sees_which_subnucleos_it_has(metered_db):
    one = await customer(metered_db)
    conn, tenant = metered_db.tenant(one.tenant.id), one.tenant.id
    before = await catalogue.held_subnucleos(conn, tenant)
    assert [held.held_since for held in before] == [None] * len(before)
    events = next(held for held in before if held.name == "eventos")
    assert [member.slug for member in events.members if member.required] == ["agendamento"]
    await one.pay(await one.subscribe(subnucleos=(events.id,)))
    after = {held.name: held.held_since for held in await catalogue.held_subnucleos(conn, tenant)}
    assert [name for name, since in after.items() if since] == ["eventos"]
    assert after["eventos"] == one.now
