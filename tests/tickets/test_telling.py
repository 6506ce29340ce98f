"""Each message tells the other side; the end of an incident is told in the tickets that are about it."""

import pytest

import factories
from alquimista.clock import now
from alquimista.db.tenancy import tenant_transaction
from alquimista.incidents import service as incidents
from alquimista.incidents.models import NewIncident, Severity, Visibility

MINE, STAFFS = "/tenant/tickets", "/internal/tickets"
TOLD = "SELECT user_id, type FROM alquimista_platform.notifications ORDER BY id"
LINKS = "SELECT data->>'link' FROM alquimista_platform.notifications"
MAILS = "SELECT recipient, subject FROM alquimista_platform.mails ORDER BY created_at, id"


@pytest.fixture
async def ticket(company, sql):
    """An open ticket of which nobody was told."""
    answer = await company[2].post(MINE, json={"subject": "WhatsApp", "body": "Não envia."})
    await sql("DELETE FROM alquimista_platform.job_queue RETURNING 1")
    return answer.json()["ticket"]


async def test_while_nobody_looks_after_it_the_support_address_is_told(company, agent, work, sql, ticket):
    await company[2].post(f"{MINE}/{ticket['id']}/messages", json={"body": "E agora?"})
    await work(support_email="suporte@example.com")
    assert await sql(MAILS) == [("suporte@example.com", "Clínica Aurora, chamado 1: WhatsApp")]
    assert await sql(TOLD) == []


async def test_without_such_an_address_all_staff_are_told(company, agent, work, sql, ticket):
    staff, _ = agent
    await company[2].post(f"{MINE}/{ticket['id']}/messages", json={"body": "E agora?"})
    await work()
    told = await sql(TOLD)
    assert (staff.id, "ticket_received") in told
    assert {kind for _, kind in told} == {"ticket_received"}
    assert {link.partition("/app/")[2] for (link,) in await sql(LINKS)} == {f"company/support/{ticket['id']}"}


async def test_who_looks_after_it_is_told_alone(company, agent, db, work, sql, ticket):
    staff, helper = agent
    await factories.make_user(db)
    await helper.post(f"{STAFFS}/{ticket['id']}/assign", json={"user_id": str(staff.id)})
    await company[2].post(f"{MINE}/{ticket['id']}/messages", json={"body": "E agora?"})
    await work(support_email="suporte@example.com")
    assert await sql(TOLD) == [(staff.id, "ticket_received")]
    assert await sql(MAILS) == [(staff.email, "Clínica Aurora, chamado 1: WhatsApp")]


async def test_an_answer_tells_who_opened_it_and_who_wrote_in_it(company, agent, db, signed, work, sql, ticket):
    tenant_id, person, _ = company
    colleague = await factories.make_user(db, tenant_id)
    await (await signed(colleague)).post(f"{MINE}/{ticket['id']}/messages", json={"body": "Aqui também."})
    await sql("DELETE FROM alquimista_platform.job_queue RETURNING 1")
    _, helper = agent
    await helper.post(f"{STAFFS}/{ticket['id']}/messages", json={"body": "Segredo", "internal": True})
    assert await work() == []
    await helper.post(f"{STAFFS}/{ticket['id']}/messages", json={"body": "Reconecte."})
    assert await work() == ["support.tell"]
    assert {row[0] for row in await sql(TOLD)} == {person.id, colleague.id}
    texts = await sql("SELECT message FROM alquimista_platform.notifications")
    assert set(texts) == {("O suporte escreveu no seu chamado 1:\nReconecte.",)}
    assert {link.partition("/app/")[2] for (link,) in await sql(LINKS)} == {f"dashboard/support/{ticket['id']}"}


async def test_a_ticket_that_staff_opened_tells_the_administrators(company, agent, work, sql):
    tenant_id, *_ = company
    _, helper = agent
    body = {"subject": "Seu certificado vence", "body": "Renove até sexta."}
    await helper.post(MINE, params={"tenant_id": str(tenant_id)}, json=body)
    await work()
    names = await sql(
        "SELECT u.full_name FROM alquimista_platform.notifications n"
        " JOIN alquimista_platform.users u ON u.id = n.user_id"
    )
    assert names == [("Dona Chefe",)]


async def raised(db, tenant_id, visibility=Visibility.TENANT):
    new = NewIncident(
        severity=Severity.ERROR,
        title="WhatsApp fora do ar",
        description="",
        source="test",
        dedupe_key="test.down",
        visibility=visibility,
    )
    async with tenant_transaction(db, tenant_id) as conn:
        assert await incidents.open_incident(conn, tenant_id, new, now())


async def of(helper, tenant_id):
    page = (await helper.get("/internal/incidents", params={"tenant": str(tenant_id)})).json()
    return page["incidents"][0]["id"]


async def test_the_end_of_an_incident_is_said_once_in_its_tickets(company, agent, db, work, sql, ticket, migrated):
    tenant_id, person, client = company
    _, helper = agent
    await raised(db, tenant_id)
    incident_id = await of(helper, tenant_id)
    linked = await helper.post(f"{STAFFS}/{ticket['id']}/link", json={"incident_id": incident_id})
    assert linked.json()["ticket"]["incident_id"] == incident_id
    await helper.post(f"/internal/incidents/{incident_id}/resolve")
    assert await work() == ["incidents.alert", "support.incident_resolved", "support.tell"]
    await sql(
        "INSERT INTO alquimista_platform.job_queue (priority, status, entrypoint, payload)"
        " VALUES (0, 'queued', 'support.incident_resolved', %s) RETURNING 1",
        f'{{"data": {{"incident_id": "{incident_id}"}}, "tenant_id": "{tenant_id}"}}'.encode(),
    )
    assert await work() == ["support.incident_resolved"], "said already"
    found = (await client.get(f"{MINE}/{ticket['id']}")).json()
    assert [(m["author_kind"], m["body"]) for m in found["messages"][1:]] == [
        ("staff", "O incidente “WhatsApp fora do ar” terminou.")
    ]
    assert await sql(TOLD) == [(person.id, "ticket_answered")]


async def test_only_what_the_company_sees_can_be_linked(company, agent, db, ticket):
    tenant_id, *_ = company
    _, helper = agent
    await raised(db, tenant_id, Visibility.INTERNAL)
    incident_id = await of(helper, tenant_id)
    answer = await helper.post(f"{STAFFS}/{ticket['id']}/link", json={"incident_id": incident_id})
    assert (answer.status_code, answer.json()["error"]) == (409, "incident_internal")
    other = await factories.make_tenant(db)
    await raised(db, other.id)
    foreign = await of(helper, other.id)
    answer = await helper.post(f"{STAFFS}/{ticket['id']}/link", json={"incident_id": foreign})
    assert (answer.status_code, answer.json()["error"]) == (404, "incident_not_found")


async def test_a_platform_incident_is_linked_as_the_company_sees_it(company, agent, db, work, ticket):
    tenant_id, _, client = company
    _, helper = agent
    other = await factories.make_tenant(db)
    body = {"severity": "error", "title": "Falha na rede", "tenant_ids": [str(tenant_id), str(other.id)]}
    one = (await helper.post("/internal/incidents", json=body)).json()
    await work()
    await helper.post(f"{STAFFS}/{ticket['id']}/link", json={"incident_id": one["id"]})
    shown = (await client.get(f"{MINE}/{ticket['id']}")).json()["ticket"]["incident_id"]
    assert shown != one["id"]
    assert (await client.get(f"/tenant/incidents/{shown}")).json()["title"] == "Falha na rede"
