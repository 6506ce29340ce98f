"""/app/dashboard/welcome: a company's first steps, and what the overview says is left of them."""

import re

import pytest

from alquimista import clock
from alquimista.db.tenancy import tenant_transaction
from alquimista.tenants import service
from alquimista.tenants.models import Goal, Onboarding, Size
from alquimista.web.pages.account.accounts import WELCOME
from factories import activate_agent, make_agent, make_tenant, make_user
from web.reading import send, sign_in, text_of

HERE = "/app/dashboard/welcome"


async def said(db, tenant_id):
    async with tenant_transaction(db, tenant_id) as conn:
        return await service.onboarding_of(conn, tenant_id)


@pytest.fixture
async def newcomer(site, db):
    tenant = await make_tenant(db)
    async with site.browser() as browser:
        await sign_in(browser, await make_user(db, tenant.id))
        browser.tenant = tenant
        yield browser


async def test_the_steps_keep_their_answers_and_lead_to_a_plan_with_the_agents(db, newcomer):
    first = (await newcomer.get(HERE)).text
    assert "What is your business closest to?" in text_of(first)
    industry = re.search(r'name="industry" value="([^"]+)"', first)[1]
    moved = await send(newcomer, HERE, HERE, step="industry", industry=industry)
    assert moved.headers["location"] == f"{HERE}?step=size"
    assert "How many people work in your company?" in text_of((await newcomer.get(HERE)).text)
    await send(newcomer, HERE, HERE, step="size", size="11-50")
    await send(newcomer, HERE, HERE, step="goals", goals="sell")
    agents = (await newcomer.get(HERE)).text
    suggested = agents.partition("All other agents")[0]
    agent = re.search(r'name="agents" value="([^"]+)"', suggested)[1]
    assert "a month, with a plan" in text_of(suggested)
    last = await send(newcomer, HERE, HERE, step="agents", agents=agent)
    assert last.status_code == 303, text_of(last.text)
    assert last.headers["location"] == f"{HERE}?step=plan"
    done = (await newcomer.get(HERE)).text
    assert "Chosen agents: 1." in text_of(done)
    assert f'href="/app/billing/plan?agents={agent}"' in done
    kept = await said(db, newcomer.tenant.id)
    assert (kept.industry, kept.size, kept.goals, len(kept.agents)) == (industry, Size.SMALL, [Goal.SELL], 1)
    assert kept.finished_at is not None
    again = (await newcomer.get(HERE, params={"step": "size"})).text
    assert 'value="11-50" checked' in again


@pytest.mark.parametrize(
    ("step", "sentence"),
    [("industry", "closest to."), ("size", "how many people work"), ("goals", "Choose one goal at least.")],
)
async def test_a_step_without_an_answer_says_so(db, newcomer, step, sentence):
    refused = await send(newcomer, f"{HERE}?step={step}", HERE, step=step)
    assert refused.status_code == 400
    assert sentence in text_of(refused.text)
    assert await said(db, newcomer.tenant.id) == Onboarding(tenant_id=newcomer.tenant.id)
    assert (await send(newcomer, HERE, HERE, step="industry", industry="nothing")).status_code == 400
    assert (await send(newcomer, HERE, HERE, step="size", size="many")).status_code == 400


async def test_the_overview_says_what_is_left_until_it_is_done_or_dismissed(site, db):
    tenant = await make_tenant(db)
    await activate_agent(db, tenant.id, (await make_agent(db)).id)
    person = await make_user(db, tenant.id)
    async with site.browser() as browser:
        await sign_in(browser, person)
        text = text_of((await browser.get("/app/dashboard")).text)
        assert "Finish setting up" in text
        assert "Done An agent is active" in text
        assert "To do An API key is made" in text
        assert (await send(browser, HERE, f"{HERE}/leave")).headers["location"] == "/app/dashboard"
        assert (await said(db, tenant.id)).dismissed_at is not None
        async with site.browser() as other:
            await sign_in(other, person)
            assert "Finish setting up" not in (await other.get("/app/dashboard", params={"period": "7d"})).text


async def test_only_administrators_of_the_company_are_asked(site, db):
    tenant = await make_tenant(db)
    async with site.browser() as browser:
        await sign_in(browser, await make_user(db, tenant.id, role="TENANT_USER"))
        assert (await browser.get(HERE)).status_code == 403
        assert "Finish setting up" not in (await browser.get("/app/dashboard")).text
    async with site.browser() as browser:
        await sign_in(browser, site.people["staff"])
        asked = await browser.get(HERE, params={"tenant_id": str(tenant.id)})
        assert "forbidden" in asked.headers["location"]


async def test_another_company_sees_nothing_of_it(db):
    mine, other = await make_tenant(db), await make_tenant(db)
    async with tenant_transaction(db, mine.id) as conn:
        await service.say_of_itself(conn, None, Onboarding(tenant_id=mine.id), clock.now())
    async with tenant_transaction(db, other.id) as conn:
        assert await service.onboarding_of(conn, mine.id) is None


async def test_who_has_confirmed_a_sign_up_comes_here_after_signing_in(site):
    async with site.browser() as browser:
        asked = await browser.get(f"/login?notice=joined&redirect={WELCOME}")
        assert asked.status_code == 200
        assert f'name="redirect" value="{HERE}"' in asked.text


@pytest.mark.parametrize("leaving", ["later", "leave", "finish"])
async def test_they_open_once_for_the_first_administrator_whoever_registered_the_company(site, db, leaving):
    tenant = await make_tenant(db)
    async with site.browser() as user:
        await sign_in(user, await make_user(db, tenant.id, role="TENANT_USER"))
        assert (await user.get("/app")).headers["location"] == "/app/dashboard"
    async with site.browser() as first:
        entered = await sign_in(first, await make_user(db, tenant.id))
        assert entered.headers["location"] == "/app"
        assert (await first.get("/app")).headers["location"] == HERE
        assert 'href="/app/dashboard"' in (await first.get(HERE)).text
        if leaving == "leave":
            await send(first, HERE, f"{HERE}/leave")
        if leaving == "finish":
            agent = (await first.get(f"{HERE}?step=agents")).text
            await send(first, HERE, HERE, step="agents", agents=re.search(r'name="agents" value="([^"]+)"', agent)[1])
        assert (await first.get("/app")).headers["location"] == "/app/dashboard"
    async with site.browser() as second:
        await sign_in(second, await make_user(db, tenant.id))
        assert (await second.get("/app")).headers["location"] == "/app/dashboard"


async def test_an_address_that_was_asked_for_comes_first(site, db):
    person = await make_user(db, (await make_tenant(db)).id)
    async with site.browser() as browser:
        entered = await send(
            browser, "/login", "/login", email=person.email, password=person.password, redirect="/app/billing"
        )
        assert entered.headers["location"] == "/app/billing"
        assert (await browser.get("/app")).headers["location"] == HERE


async def test_a_demonstration_is_not_asked(site, db):
    person = await make_user(db, (await make_tenant(db, demo=True)).id)
    async with site.browser() as browser:
        await sign_in(browser, person)
        assert (await browser.get("/app")).headers["location"] == "/app/dashboard"
