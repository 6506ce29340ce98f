"""/plans: everybody sees what is on sale, in their language, and it is true at once."""

import msgspec

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, Actor, ActorKind
from alquimista.billing.service import catalogue
from alquimista.db.tenancy import tenant_transaction
from support.identity import eventually

STAFF = Actor(kind=ActorKind.SESSION, permissions=frozenset())


async def test_strangers_read_plans_by_the_month_and_by_the_year(site):
    async with site.browser() as browser:
        monthly = (await browser.get("/plans")).text
        assert "R$297.00" in monthly
        assert "16% less by the year" in monthly
        assert "32 agents in 7 SubNúcleos" in monthly
        assert 'href="/login"' in monthly
        yearly = (await browser.get("/plans", params={"cycle": "yearly"})).text
        assert "R$2,970.00" in yearly
        assert "R$247.50 a month, 16% less" in yearly
        portuguese = (await browser.get("/plans", headers={"accept-language": "pt-BR"})).text
        assert "R$\u00a0297,00" in portuguese
        assert (await browser.get("/plans", params={"cycle": "weekly"})).status_code == 400


async def test_prices_beyond_the_plan_are_said(site):
    async with site.browser() as browser:
        page = (await browser.get("/plans")).text
    assert "Beyond, up to 10,000 more: R$24.90 for each 1,000 begun" in page
    assert "After that: R$19.90 for each 1,000 begun" in page
    assert "Beyond them: R$5.90 for each 1,000 begun" in page


async def test_a_new_price_and_hostile_texts_are_shown_as_they_are(site, db):
    plan = next(one for one in await catalogue.plans(db.staff(), clock.now()) if one.name == "expert")
    changed = msgspec.structs.replace(plan.terms, price_monthly_cents=155_500, description="<script>x</script>")
    async with site.browser() as browser:
        await browser.get("/plans")
        async with tenant_transaction(db, PLATFORM_TENANT) as conn:
            await catalogue.sell_plan(conn, STAFF, changed, clock.now(), clock.now())

        async def seen() -> int:
            return (await browser.get("/plans")).text.count("R$1,555.00")

        await eventually(seen, 1)
        assert "<script>x" not in (await browser.get("/plans")).text
