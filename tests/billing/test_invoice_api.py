"""Invoices over HTTP: what their own company sees, and nobody else."""

from datetime import timedelta

import pytest

import factories
from alquimista.access import Role
from alquimista.billing.service import reconciling
from alquimista.db.statement import Statement
from support.billing import Customer, customer
from support.metered import use
from support.usage import Count
from support.whole import whole

AUDITED = Statement(
    """
    SELECT count(*) AS count FROM alquimista_platform.audit_logs
    WHERE tenant_id = %(tenant_id)s AND action = 'tenant.read'
    """,
    Count,
)

EVENT = "01890a5d-ac96-774b-bcce-b302099a8057"


@pytest.fixture(scope="module")
async def process(metered_db, settings):
    async with whole(settings) as running:
        yield running


@pytest.fixture(scope="module")
async def company(metered_db) -> Customer:
    """A customer with a first invoice, and a renewal with use beyond the plan and credit."""
    one = await customer(metered_db, name="=Clínica <b>Aurora</b>")
    await one.pay(await one.subscribe())
    await one.credit(1_000)
    await use(one, 10_120)
    await one.pass_days(1)
    await use(one, 30)
    await one.pass_days(31)
    return one


@pytest.fixture(scope="module")
async def clients(metered_db, process, company):
    """By name: a client of somebody."""
    other = await factories.make_tenant(metered_db)
    people = {
        "admin": await factories.make_user(metered_db, company.tenant.id),
        "user": await factories.make_user(metered_db, company.tenant.id, role=Role.TENANT_USER),
        "stranger": await factories.make_user(metered_db, other.id),
        "staff": await factories.make_user(metered_db),
        "support": await factories.make_user(metered_db, role=Role.INTERNAL_SUPPORT),
    }
    opened = {
        name: process.client(await process.token(person.email, person.password)) for name, person in people.items()
    }
    yield opened
    for client in opened.values():
        await client.aclose()


@pytest.fixture(scope="module")
async def paths(clients) -> list[str]:
    """Every address of the renewal."""
    page = (await clients["admin"].get("/api/billing/invoices")).json()
    assert page["total"] == 2
    base = f"/api/billing/invoices/{page['invoices'][0]['id']}"
    line = f"{base}/lines/2/usage"
    return [base, f"{base}/pdf", f"{base}/csv", line, f"{line}/events?day=2026-01-15"]


async def test_an_invoice_has_its_lines_in_cents_and_camel_case(clients, paths):
    invoice = (await clients["admin"].get(paths[0])).json()
    assert (invoice["number"], invoice["kind"], invoice["status"], invoice["currency"]) == (2, "renewal", "open", "BRL")
    assert [line["kind"] for line in invoice["lines"]] == ["plan", "usage", "credit"]
    assert [line["position"] for line in invoice["lines"]] == [1, 2, 3]
    assert sum(line["amountCents"] for line in invoice["lines"]) == invoice["totalCents"]
    assert invoice["creditCents"] == 1_000
    assert invoice["lines"][1]["usagePeriodId"]


async def test_pages_of_invoices(clients):
    page = (await clients["admin"].get("/api/billing/invoices?limit=1&offset=1")).json()
    assert ([one["number"] for one in page["invoices"]], page["total"]) == ([1], 2)


async def test_a_line_leads_to_its_days_and_every_event_once(clients, paths):
    admin = clients["admin"]
    found = (await admin.get(paths[3])).json()
    assert (found["billedRequests"], found["requests"], found["laterRequests"]) == (10_150, 10_150, 0)
    assert [(day["day"], day["requests"]) for day in found["days"]] == [("2026-01-15", 10_120), ("2026-01-16", 30)]
    assert sum(agent["requests"] for day in found["days"] for agent in day["agents"]) == 10_150
    seen: list[str] = []
    address = f"{paths[3]}/events?day=2026-01-16&limit=7"
    after = ""
    while True:
        page = (await admin.get(address + after)).json()
        seen += [event["id"] for event in page["events"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert len(seen) == len(set(seen)) == 30
    outside = (await admin.get(f"{paths[3]}/events?day=2026-02-15")).json()
    assert outside == {"day": "2026-02-15", "events": [], "next": None}
    first = (await admin.get(f"{paths[3]}/events?limit=1")).json()
    assert (first["day"], len(first["events"])) == ("2026-01-15", 1)


@pytest.mark.parametrize("after", ["x", "1-2", f"99999999999999999-{EVENT}", f"1-{EVENT}%0A"])
async def test_a_made_up_cursor_is_refused(clients, paths, after):
    answer = await clients["admin"].get(f"{paths[3]}/events?day=2026-01-15&after={after}")
    assert answer.status_code == 400
    beyond = f"{paths[3]}/events?day=2026-01-15&after=9999999999999999-{EVENT}"
    assert (await clients["admin"].get(beyond)).json()["events"] == []


@pytest.mark.parametrize(("position", "status"), [("1", 409), ("99", 404), ("0", 404), ("x", 400), ("٢", 400)])
async def test_a_wrong_position_is_told(clients, paths, position, status):
    answer = await clients["admin"].get(paths[0] + f"/lines/{position}/usage")
    assert answer.status_code == status


async def test_files_have_their_types_and_plain_names(clients, paths):
    pdf, csv = [await clients["admin"].get(path) for path in paths[1:3]]
    assert pdf.content.startswith(b"%PDF-")
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.headers["content-disposition"] == 'attachment; filename="invoice-00002.pdf"'
    assert csv.headers["content-disposition"] == 'attachment; filename="invoice-00002.csv"'
    assert "'=Clínica" in csv.content.decode("utf-8-sig")
    assert csv.headers["cache-control"] == "no-store"


async def test_the_next_invoice_and_the_credit(clients):
    told = (await clients["admin"].get("/api/billing/preview")).json()["next"]
    assert (told["kind"], told["totalCents"]) == ("renewal", 29_700)
    credit = (await clients["admin"].get("/api/billing/credits")).json()
    assert (credit["balanceCents"], credit["currency"], credit["total"]) == (0, "BRL", 2)
    assert [entry["amountCents"] for entry in credit["entries"]] == [-1_000, 1_000]
    assert credit["entries"][0]["invoiceId"]


async def test_nobody_else_finds_or_opens_anything(clients, paths):
    for path in paths:
        assert (await clients["stranger"].get(path)).status_code == 404, path
    for path in (*paths, "/api/billing/invoices", "/api/billing/preview", "/api/billing/credits"):
        assert (await clients["user"].get(path)).status_code == 403, path
        assert (await clients["support"].get(path)).status_code == 403, path
    assert (await clients["stranger"].get("/api/billing/invoices")).json() == {"invoices": [], "total": 0}
    assert (await clients["stranger"].get("/api/billing/preview")).status_code == 404


async def test_staff_read_with_the_company_named_and_leave_a_trace(clients, paths, company):
    conn = company.db.tenant(company.tenant.id)
    before = await conn.fetch_one(AUDITED, tenant_id=company.tenant.id)
    addresses = (*paths, "/api/billing/invoices", "/api/billing/preview", "/api/billing/credits")
    for path in addresses:
        mark = "&" if "?" in path else "?"
        answer = await clients["staff"].get(f"{path}{mark}tenant_id={company.tenant.id}")
        assert answer.status_code == 200, answer.text
    after = await conn.fetch_one(AUDITED, tenant_id=company.tenant.id)
    assert after.count - before.count == len(addresses)


async def test_staff_see_the_proof_and_nobody_else_does(clients, company):
    page = (await clients["staff"].get("/internal/billing/reconciliation?limit=1")).json()
    assert len(page["periods"]) == 1 <= page["total"]
    newest = page["periods"][0]
    assert newest["finding"] == "unchecked"
    assert newest["billedRequests"] is None
    await reconciling.reconcile(company.db, company.tenant.id, company.now + timedelta(hours=1))
    periods = (await clients["staff"].get("/internal/billing/reconciliation")).json()["periods"]
    mine = [one for one in periods if one["tenantId"] == str(company.tenant.id)]
    assert [(one["finding"], one["rawRequests"], one["rollupRequests"], one["billedRequests"]) for one in mine] == [
        ("running", 0, 0, None),
        ("matches", 10_150, 10_150, 10_150),
    ]
    for name in ("support", "admin", "user"):
        assert (await clients[name].get("/internal/billing/reconciliation")).status_code == 403
