"""POST /events and what staff see of events."""

import asyncio

import pytest

from alquimista import clock
from alquimista.db.tenancy import tenant_transaction
from alquimista.http.health import metrics_token
from alquimista.orchestrator import service
from alquimista.orchestrator.models.events import MOST_HOPS

EVENT = {"source": "nigredo.recebimento", "type": "lead.recebido", "detail": {"lead_id": "7"}}


async def send(client, **more):
    answer = await client.post("/events", json=EVENT | more)
    return answer.status_code, answer.json()


async def test_an_event_is_accepted_with_its_trace(company, sql):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    answer = await company.key.post("/events", json=EVENT, headers=headers)
    assert answer.status_code == 202, answer.text
    found = answer.json()
    assert set(found) == {"eventId", "traceId", "timestamp"}
    assert found["traceId"] == trace
    rows = await sql("SELECT tenant_id, source, event_type FROM fibonacci_core.events WHERE id = %s", found["eventId"])
    assert rows == [(company.id, "nigredo.recebimento", "lead.recebido")]
    tree = (await company.staff.get(f"/internal/traces/{trace}")).json()
    assert [one["span"]["parent_span_id"] for one in tree["spans"]] == ["00f067aa0ba902b7"]


async def test_only_keys_of_the_scope_may_write(company, process):
    for client, status in ((company.reader, 403), (company.admin, 403), (company.staff, 403), (process.client(), 401)):
        answer = await client.post("/events", json=EVENT)
        assert answer.status_code == status, answer.text


async def test_an_id_counts_once_for_each_company_and_source(company, sql):
    answers = await asyncio.gather(*(send(company.key, id="lote-1") for _ in range(4)))
    assert {status for status, _ in answers} == {202}
    assert len({found["eventId"] for _, found in answers}) == 1
    status, other = await send(company.other_key, id="lote-1")
    assert (status, other["eventId"] != answers[0][1]["eventId"]) == (202, True)
    status, problem = await send(company.key, id="lote-1", detail={"lead_id": "8"})
    assert (status, problem["error"]) == (409, "event_id_reused")
    rows = await sql("SELECT count(*) FROM fibonacci_core.events WHERE event_id = 'lote-1'")
    assert rows == [(2,)]


async def test_versions_of_known_types(company, sql):
    status, found = await send(company.key, type="lead.recebido@v1")
    assert status == 202
    rows = await sql("SELECT event_type FROM fibonacci_core.events WHERE id = %s", found["eventId"])
    assert rows == [("lead.recebido",)]
    assert (await send(company.key, type="lead.recebido@v2"))[0] == 400
    assert (await send(company.key, type="minha.coisa@v2"))[0] == 202


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"type": "agent.activated"}, 403),
        ({"source": "alquimista.platform"}, 403),
        ({"source": "acme.sistema"}, 400),
        ({"source": "nigredo"}, 400),
        ({"source": "nigredo.x\n"}, 400),
        ({"type": "Lead"}, 400),
        ({"type": "lead.recebido; drop table"}, 400),
        ({"detail": []}, 400),
        ({"detail": {"a": "\u0000"}}, 400),
        ({"detail": {"a\u0000": 1}}, 400),
        ({"detail": {"n": 1e300}}, 400),
        ({"detail": {"n": 1e-300}}, 400),
        ({"detail": {"n": 10**30}}, 400),
        ({"id": "with space"}, 400),
        ({"id": ""}, 400),
        ({"causation_id": "no"}, 400),
        ({"causation_id": "01890a5d-ac96-774b-bcce-b302099a8057"}, 404),
        ({"tenant_id": "01890a5d-ac96-774b-bcce-b302099a8057"}, 400),
    ],
)
async def test_bad_events_are_refused(company, change, status):
    answer = await company.key.post("/events", json=EVENT | change)
    assert answer.status_code == status, answer.text


async def test_deep_and_large_details_are_refused(company):
    deep = {}
    for _ in range(40):
        deep = {"a": deep}
    assert (await send(company.key, detail=deep))[0] == 400
    assert (await send(company.key, detail={"a": "x" * 70_000}))[0] == 413
    # As large as it may be, and of the sort that PostgreSQL writes out longest.
    assert (await send(company.key, detail={"a": [1e-16] * 10_000}))[0] == 202


async def test_a_chain_of_events_comes_to_an_end(company):
    status, found = await send(company.key)
    for _ in range(MOST_HOPS):
        status, found = await send(company.key, causation_id=found["eventId"])
        assert status == 202
    status, problem = await send(company.key, causation_id=found["eventId"])
    assert (status, problem["error"]) == (409, "event_loop")


async def test_another_companys_event_is_no_cause(company):
    _, found = await send(company.key)
    assert (await send(company.other_key, causation_id=found["eventId"]))[0] == 404


async def test_what_agents_say_reaches_webhooks_when_it_is_the_companys_to_know(company, sql):
    body = {"url": "https://example.com/hook", "event_types": ["*"]}
    assert (await company.admin.post("/tenant/webhooks", json=body)).status_code == 201
    for event_type in ("lead.recebido", "intencao.detectada", "recebimento.completed", "minha.coisa"):
        assert (await send(company.key, type=event_type))[0] == 202
    rows = await sql("SELECT event_type FROM alquimista_platform.webhook_deliveries WHERE tenant_id = %s", company.id)
    assert rows == [("lead.recebido",), ("minha.coisa",)]


async def test_staff_see_events_of_all_and_leave_a_row(company, sql):
    _, found = await send(company.key, type="minha.lista")
    await send(company.other_key, type="minha.lista")
    everybody = await company.support.get("/internal/events", params={"type": "minha.lista"})
    assert everybody.json()["total"] == 2
    query = {"type": "minha.lista", "tenant_id": str(company.id), "status": "processed", "limit": 1}
    own = (await company.support.get("/internal/events", params=query)).json()
    assert ([one["id"] for one in own["events"]], own["total"]) == ([found["eventId"]], 1)
    assert (await company.support.get("/internal/events", params={"status": "lost"})).status_code == 400
    detail = (await company.support.get(f"/internal/events/{found['eventId']}")).json()
    assert detail["detail"] == EVENT["detail"]
    rows = await sql("SELECT action FROM alquimista_platform.audit_logs WHERE tenant_id = %s", company.id)
    assert {("event.listed",), ("event.read",)} <= set(rows)
    nobodys = await company.support.get("/internal/events", params={"tenant_id": str(clock.new_id())})
    assert (nobodys.status_code, nobodys.json()["total"]) == (200, 0)
    for path in ("/internal/events", f"/internal/events/{found['eventId']}"):
        assert (await company.admin.get(path)).status_code == 403
    assert (await company.admin.post(f"/internal/events/{found['eventId']}/replay", json={})).status_code == 403
    assert (await company.support.get(f"/internal/events/{clock.new_id()}")).status_code == 404
    assert (await company.support.post(f"/internal/events/{clock.new_id()}/replay", json={})).status_code == 404


async def test_events_are_counted(company, db, process, settings):
    async def count():
        text = (await process.client(metrics_token(settings)).get("/metrics")).text
        found = [line for line in text.splitlines() if line.startswith('alquimista_event_total{event_type="ticket.ans')]
        return float(found[0].rsplit(" ", 1)[1]) if found else 0.0

    before = await count()
    async with tenant_transaction(db, company.id) as conn:
        await service.publish(conn, company.id, "ticket.answered", {})
    assert await count() == before + 1
