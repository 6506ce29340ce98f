"""A company's people hear of its agents: what was done to one, and that one asks for a person."""

from datetime import timedelta

import pytest

import factories
from alquimista import clock
from alquimista.db.tenancy import tenant_transaction
from alquimista.events import EventType
from alquimista.fleet import jobs, service
from alquimista.fleet.service import telling
from alquimista.incidents import service as incidents
from alquimista.orchestrator import service as orchestrator
from alquimista.orchestrator.models import consumers
from alquimista.orchestrator.models.consumers import Consumers
from alquimista.orchestrator.models.events import PAUSES, DeliverEvent
from alquimista.wiring import Services
from alquimista.worker import CONSUMERS

TOLD = "SELECT title, message, data FROM alquimista_platform.notifications WHERE tenant_id = %s ORDER BY created_at"
EVENTS = "SELECT id FROM fibonacci_core.events WHERE tenant_id = %s AND status <> 'processed' ORDER BY created_at"
HANDOVER = {
    "source": "nigredo.atendimento",
    "type": "atendimento.escalate_human",
    "id": "conversa-9",
    "detail": {"reason": "O paciente relata dor no peito.", "conversation_id": "c-9"},
}


@pytest.fixture
def worker(settings, db):
    services = Services(settings, db)
    services.add(Consumers(CONSUMERS))
    return services


@pytest.fixture
def deliver(worker, company, sql):
    """Route and deliver what waits, as a worker does."""

    async def run():
        for (event_id,) in await sql(EVENTS, company.id):
            await orchestrator.route(worker, company.id, event_id)
            await orchestrator.deliver(worker, company.id, DeliverEvent(event_id, "fleet.people"))

    return run


async def hand_over(company, **more):
    key = await factories.make_api_key(company.db, company.id, scopes=("events",))
    detail = HANDOVER["detail"] | {"agent": company.agent.slug} | more
    async with company.process.client(key) as client:
        answer = await client.post("/events", json=HANDOVER | {"detail": detail})
    assert answer.status_code == 202, answer.text
    return answer.json()["eventId"]


@pytest.fixture
async def staff(db, process):
    person = await factories.make_user(db)
    async with process.client(await process.token(person.email, person.password)) as client:
        yield client


def test_every_type_that_is_told_has_a_consumer_and_is_marked_as_such():
    wanted = {one for consumer in CONSUMERS for one in consumer.types}
    assert wanted == consumers.CONSUMED == set(map(EventType, telling.TEMPLATES))


async def test_an_agent_that_asks_for_a_person_is_heard_of_once(company, worker, deliver, sql):
    event_id = await hand_over(company)
    await deliver()
    ((title, message, data),) = await sql(TOLD, company.id)
    assert title == f"{company.agent.name} pede uma pessoa"
    assert "dor no peito" in message
    assert "c-9" in message
    assert data["link"].endswith(f"/app/dashboard/agents/{company.agent.id}")
    await hand_over(company)  # Sent again, it is the same event.
    event = await sql(EVENTS, company.id)
    assert event == []
    await sql(
        "UPDATE fibonacci_core.event_deliveries SET state = 'pending', delivered_at = NULL, next_attempt_at = now()"
    )
    await orchestrator.deliver(worker, company.id, DeliverEvent(event_id, "fleet.people"))
    assert len(await sql(TOLD, company.id)) == 1, "a second delivery tells nobody again"


async def test_an_agent_may_leave_everything_out_or_write_nonsense(company, deliver, sql):
    await hand_over(company, agent=7, reason=["x"], conversation_id=None)
    await deliver()
    ((title, message, data),) = await sql(TOLD, company.id)
    assert title == "nigredo.atendimento pede uma pessoa"
    assert "Nenhum motivo foi informado." in message
    assert data["link"].endswith("/app/dashboard/agents")


async def test_what_cannot_be_told_is_given_up_shown_to_staff_and_replayed(
    company, worker, staff, sql, monkeypatch, settings
):
    event_id = await hand_over(company)

    async def down(*_):
        raise ConnectionError("away")

    await orchestrator.route(worker, company.id, event_id)
    moment = clock.now()
    with monkeypatch.context() as broken:
        broken.setattr(telling.identity, "administrators", down)
        for pause in (*PAUSES, timedelta(0)):
            with clock.frozen(moment):
                await orchestrator.deliver(worker, company.id, DeliverEvent(event_id, "fleet.people"))
            moment += pause
    found = (await staff.get(f"/internal/events/{event_id}")).json()
    assert (found["event"]["status"], found["deliveries"][0]["state"]) == ("failed", "dead")
    assert "ConnectionError" in found["deliveries"][0]["last_error"]
    await incidents.watch_events(company.db, clock.now())
    open_ones = (await staff.get("/internal/incidents", params={"source": "orchestrator", "status": "open"})).json()
    assert [one["title"] for one in open_ones["incidents"]] == ["Events were given up"]
    assert (await staff.post(f"/internal/events/{event_id}/replay", json={})).status_code == 202
    await orchestrator.deliver(worker, company.id, DeliverEvent(event_id, "fleet.people"))
    assert len(await sql(TOLD, company.id)) == 1
    await incidents.watch_events(company.db, clock.now())
    after = (await staff.get("/internal/incidents", params={"source": "orchestrator", "status": "open"})).json()
    assert after["incidents"] == []


async def test_administrators_hear_of_what_others_do_to_an_agent(company, deliver, sql):
    colleague = await factories.make_user(company.db, company.id)
    async with tenant_transaction(company.db, company.id) as conn:
        await service.pause(conn, company.actor, company.id, company.agent.id, "", clock.now())
        await service.resume(conn, company.actor, company.id, company.agent.id, "", clock.now())
    await deliver()
    told = await sql(
        "SELECT title, user_id FROM alquimista_platform.notifications WHERE tenant_id = %s ORDER BY title", company.id
    )
    name = company.agent.name
    assert told == [(f"{name} foi pausado", colleague.id), (f"{name} voltou a trabalhar", colleague.id)]


def test_the_worker_has_the_consumers_of_this_room():
    assert set(jobs.CONSUMERS) <= set(CONSUMERS)
