"""From an act to a company's receiver: what it may hear arrives, and nothing of what is internal."""

import pytest

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, ROLE_PERMISSIONS, Actor, ActorKind, Role
from alquimista.db.tenancy import tenant_transaction
from alquimista.events import EventType
from alquimista.incidents import service as incidents
from alquimista.incidents.models import NewIncident, Severity, Visibility
from alquimista.orchestrator.models.consumers import CONSUMED, Consumer, Consumers
from alquimista.worker import CONSUMERS
from support.published import published, types

SECRET = "Suspeita de fraude"


def incident(key, visibility=Visibility.TENANT, title="O envio de e-mails falha"):
    return NewIncident(
        severity=Severity.ERROR,
        title=title,
        description="Ninguém lê isto num webhook.",
        source="test",
        dedupe_key=key,
        visibility=visibility,
    )


@pytest.fixture
def staff():
    role = Role.INTERNAL_ADMIN
    return Actor(ActorKind.SYSTEM, ROLE_PERMISSIONS[role], role, None, None, "", "Equipe")


async def test_an_incident_reaches_the_receiver_from_its_beginning_to_its_end(company, receiver, db, deliver, staff):
    made = await company.webhook(receiver.url())
    for _ in range(2):
        async with tenant_transaction(db, company.id) as conn:
            await incidents.open_incident(conn, company.id, incident("mail:1"), clock.now())
    (opened,) = await published(db, company.id)
    async with tenant_transaction(db, company.id) as conn:
        found, _ = await incidents.page(conn, company.id, 10, 0)
        await incidents.acknowledge(conn, staff, company.id, found[0].id, clock.now())
        assert await incidents.resolve(conn, company.id, "mail:1", clock.now())
        assert not await incidents.resolve(conn, company.id, "mail:1", clock.now())
    await deliver(company.id)
    assert [one.json["type"] for one in receiver.got] == [
        "incident.opened",
        "incident.acknowledged",
        "incident.resolved",
    ]
    assert all(one.signed_by(made["secret"]) for one in receiver.got)
    data = {"incident_id": str(found[0].id), "severity": "error", "title": "O envio de e-mails falha"}
    assert receiver.got[0].json["data"] == opened.detail == data


async def test_nothing_internal_is_published_or_sent(company, receiver, db, deliver, staff):
    await company.webhook(receiver.url())
    hidden = incident("fraud:1", Visibility.INTERNAL, SECRET)
    for tenant, new in ((company.id, hidden), (PLATFORM_TENANT, incident("own:1", title=SECRET))):
        async with tenant_transaction(db, tenant) as conn:
            assert await incidents.open_incident(conn, tenant, new, clock.now())
            assert await incidents.resolve(conn, tenant, new.dedupe_key, clock.now())
        assert await published(db, tenant) == []
    await deliver(company.id)
    assert receiver.got == []


async def test_an_incident_that_is_rolled_back_is_not_sent(company, receiver, db, deliver):
    await company.webhook(receiver.url())
    with pytest.raises(ZeroDivisionError):
        async with tenant_transaction(db, company.id) as conn:
            await incidents.open_incident(conn, company.id, incident("mail:2"), clock.now())
            raise ZeroDivisionError
    await deliver(company.id)
    assert (await published(db, company.id), receiver.got) == ([], [])


async def test_a_ticket_is_told_without_what_is_written_in_it(company, receiver, db, deliver):
    await company.webhook(receiver.url(), "ticket.opened", "ticket.answered", "ticket.closed")
    new = {"subject": SECRET, "body": SECRET, "severity": "high"}
    ticket = (await company.admin.post("/tenant/tickets", json=new)).json()["ticket"]
    theirs = f"/internal/tickets/{ticket['id']}"
    note = await company.support.post(f"{theirs}/messages", json={"body": SECRET, "internal": True})
    assert note.status_code == 201, note.text
    assert await types(db, company.id) == ["ticket.opened"], "a note tells nobody"
    await company.support.post(f"{theirs}/messages", json={"body": SECRET})
    for status in (200, 409):
        assert (await company.support.post(f"{theirs}/close")).status_code == status
    await deliver(company.id)
    assert [one.json["type"] for one in receiver.got] == ["ticket.opened", "ticket.answered", "ticket.closed"]
    assert receiver.got[1].json["data"]["by"] == "staff"
    assert not any(SECRET.encode() in one.body or company.email.encode() in one.body for one in receiver.got)


async def test_no_job_looks_for_who_acts_on_what_nobody_acts_on(company, db, sql):
    async with tenant_transaction(db, company.id) as conn:
        await incidents.open_incident(conn, company.id, incident("mail:3"), clock.now())
    assert [one.status for one in await published(db, company.id)] == ["processed"]
    found = await sql("SELECT count(*) FROM alquimista_platform.job_queue WHERE entrypoint = 'orchestrator.route'")
    assert found == [(0,)]


def test_a_consumer_of_what_is_not_routed_is_refused_when_the_worker_begins():
    Consumers(CONSUMERS)

    async def handle(*_):
        """It would never be called."""

    with pytest.raises(ValueError, match="CONSUMED"):
        Consumers([Consumer("notes", frozenset({EventType.INCIDENT_OPENED}) - CONSUMED, handle)])
