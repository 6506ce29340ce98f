"""The API of subscriptions as a company's administrator, a member, another company, staff and a provider meet it."""

from typing import Any

import pytest

import factories
from alquimista import clock
from alquimista.access import Role
from alquimista.agents import service as agents
from alquimista.billing.service import catalogue
from alquimista.catalogue import files
from alquimista.catalogue.load import load
from support.whole import whole


@pytest.fixture(scope="module")
async def process(db, settings):
    await load(db, files.read(), clock.now())
    async with whole(settings) as running:
        yield running


@pytest.fixture(scope="module")
async def staff(db, process):
    person = await factories.make_user(db)
    async with process.client(await process.token(person.email, person.password)) as client:
        yield client


async def company(db, process) -> tuple[Any, Any]:
    tenant = await factories.make_tenant(db)
    person = await factories.make_user(db, tenant.id)
    return tenant, process.client(await process.token(person.email, person.password))


@pytest.fixture
async def choice(db) -> dict[str, Any]:
    """A body that chooses the first plan and two agents."""
    plan = next(one for one in await catalogue.plans(db.staff(), clock.now()) if one.name == "starter")
    known = [str(one.id) for one in await agents.catalogue(db.staff())]
    return {"planId": str(plan.id), "cycle": "monthly", "agents": known[:2]}


async def test_from_a_choice_to_active_agents_by_hand(db, process, staff, choice):
    tenant, client = await company(db, process)
    async with client:
        assert (await client.get("/api/billing/subscription")).json()["error"] == "subscription_not_found"
        answer = await client.post("/api/billing/create-checkout-session", json={"choice": choice})
        assert answer.status_code == 200, answer.text
        session = answer.json()
        assert session["checkoutUrl"].endswith(f"/billing/pay/{session['sessionId']}")
        summary = (await client.get("/api/billing/subscription")).json()
        assert (summary["status"], summary["pricing"]["total"], summary["plan"]["name"]) == (
            "pending",
            29_700,
            "starter",
        )
        (invoice,) = summary["openInvoices"]
        base = f"/internal/billing/tenants/{tenant.id}/invoices/{invoice}"
        less = await staff.post(f"{base}/received", json={"amount_cents": 1})
        assert (less.status_code, less.json()["errors"][0]["field"]) == (400, "amount_cents")
        paid = await staff.post(f"{base}/received", json={"amount_cents": 29_700})
        assert (paid.status_code, paid.json()["status"]) == (200, "paid")
        again = await staff.post(f"{base}/received", json={"amount_cents": 29_700})
        assert (again.status_code, again.json()["error"]) == (409, "invoice_closed")
        summary = (await client.get("/api/billing/subscription")).json()
        assert (summary["status"], summary["openInvoices"]) == ("active", [])
        assert len((await client.get("/tenant/agents")).json()["agents"]) == 2


async def test_subnucleos_beyond_the_plan_go_to_sales(db, process, choice):
    _, client = await company(db, process)
    bundles = [str(one.id) for one in await catalogue.subnucleos(db.staff())]
    async with client:
        answer = await client.post(
            "/api/billing/create-checkout-session", json={"choice": choice | {"subnucleos": bundles[:2]}}
        )
        assert (answer.status_code, answer.json()["error"]) == (409, "subnucleos_by_quote")
        assert "/api/commercial/contact" in answer.json()["detail"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"planId": "01890a5d-ac96-774b-bcce-b302099a8057"},
        {"agents": ["01890a5d-ac96-774b-bcce-b302099a8057"]},
        {"subnucleos": ["01890a5d-ac96-774b-bcce-b302099a8057"]},
        {"planId": "starter"},
        {"cycle": "weekly"},
        {"tenantId": "01890a5d-ac96-774b-bcce-b302099a8057"},
        {"agents": ["01890a5d-ac96-774b-bcce-b302099a8057"] * 101},
    ],
    ids=str,
)
async def test_what_the_catalogue_has_not_is_refused(db, process, choice, wrong):
    _, client = await company(db, process)
    async with client:
        answer = await client.post("/api/billing/subscription", json=choice | wrong)
        assert answer.status_code in {400, 404}
        assert (await client.get("/api/billing/subscription")).status_code == 404


async def test_another_companys_invoice_is_nothing_here(db, process, staff, choice):
    _, first = await company(db, process)
    stranger, second = await company(db, process)
    async with first, second:
        await first.post("/api/billing/subscription", json=choice)
        (invoice,) = (await first.get("/api/billing/subscription")).json()["openInvoices"]
        await second.post("/api/billing/subscription", json=choice)
        answer = await second.post("/api/billing/create-checkout-session", json={"invoiceId": invoice})
        assert (answer.status_code, answer.json()["error"]) == (404, "invoice_not_found")
        path = f"/internal/billing/tenants/{stranger.id}/invoices/{invoice}/received"
        assert (await staff.post(path, json={"amount_cents": 29_700})).status_code == 404
        assert (await first.get("/api/billing/subscription")).json()["status"] == "pending"


async def test_members_and_support_are_kept_out_of_money(db, process, choice):
    tenant = await factories.make_tenant(db)
    member = await factories.make_user(db, tenant.id, role=Role.TENANT_USER)
    support = await factories.make_user(db, role=Role.INTERNAL_SUPPORT)
    async with process.client(await process.token(member.email, member.password)) as client:
        assert (await client.get("/api/billing/subscription")).status_code == 403
        assert (await client.post("/api/billing/subscription", json=choice)).status_code == 403
    async with process.client(await process.token(support.email, support.password)) as client:
        path = f"/internal/billing/tenants/{tenant.id}/credits"
        assert (await client.post(path, json={"amount_cents": 1, "reason": "teste"})).status_code == 403


async def test_credit_that_staff_give_is_used_by_the_first_invoice(db, process, staff, choice):
    tenant, client = await company(db, process)
    async with client:
        path = f"/internal/billing/tenants/{tenant.id}/credits"
        given = await staff.post(path, json={"amount_cents": 29_700, "reason": "Cortesia"})
        assert given.json() == {"balance_cents": 29_700}
        answer = (await client.post("/api/billing/subscription", json=choice)).json()
        assert (answer["subscription"]["status"], answer["invoiceId"]) == ("active", None)
        assert answer["subscription"]["creditCents"] == 0


async def test_a_granted_trial_and_a_cancellation(db, process, staff, choice):
    tenant, client = await company(db, process)
    async with client:
        path = f"/internal/billing/tenants/{tenant.id}/trial"
        given = await staff.post(path, json={"choice": choice, "days": 14})
        assert (given.status_code, given.json()["status"]) == (200, "trialing")
        assert (await staff.post(path, json={"choice": choice, "days": 14})).status_code == 409
        gone = await client.post("/api/billing/subscription/cancel", json={})
        assert gone.json()["status"] == "canceled"
        assert (await client.post("/api/billing/subscription/resume")).status_code == 409


async def test_a_webhook_that_nobody_signed_is_refused(process):
    async with process.client() as client:
        for path in ("/api/billing/webhook", "/api/billing/webhook/stripe", "/api/billing/webhook/asaas"):
            assert (await client.post(path, json={"id": "evt_1"})).status_code == 404, "it is not used here"
        by_hand = await client.post("/api/billing/webhook/manual", json={"id": "evt_1"})
        assert by_hand.status_code == 400
        assert (await client.post("/api/billing/webhook/nobody", json={})).status_code == 404
