"""Traces as trees."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from alquimista.db.tenancy import tenant_transaction
from alquimista.events import EventType
from alquimista.orchestrator import service
from alquimista.orchestrator.models.consumers import Consumer
from alquimista.orchestrator.models.traces import DEEPEST, Span, tree
from alquimista.webhooks import service as webhooks
from alquimista.webhooks.models.deliveries import SendDelivery
from alquimista.wiring import Services

TENANT = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def span(name, parent=None, at=0):
    start = MOMENT + timedelta(seconds=at)
    return Span(TENANT, f"{name:016x}", None if parent is None else f"{parent:016x}", "s", "internal", "x", "ok", start,
                start, 0.0, {}, None)  # fmt: skip


def shape(spans):
    return [(int(one.span.span_id, 16), one.depth, one.orphan) for one in tree(spans)]


def test_each_span_stands_below_its_own_the_earlier_first():
    spans = [span(4, 2, at=4), span(3, 1, at=3), span(2, 1, at=1), span(1), span(5, 2, at=2)]
    assert shape(spans) == [(1, 0, False), (2, 1, False), (5, 2, False), (4, 2, False), (3, 1, False)]


def test_what_names_a_span_that_is_not_here_stands_at_the_top():
    assert shape([span(2, 9, at=1), span(1), span(3, 2, at=2)]) == [(1, 0, False), (2, 0, True), (3, 1, False)]


def test_a_circle_is_cut_at_its_earliest():
    assert shape([span(2, 1, at=1), span(1, 2)]) == [(1, 0, True), (2, 1, False)]


def test_a_long_chain_is_shown_to_a_depth():
    placed = tree([span(1), *(span(n, n - 1, at=n) for n in range(2, 500))])
    assert len(placed) == 499
    assert max(one.depth for one in placed) == DEEPEST


@given(
    st.lists(st.tuples(st.integers(0, 12), st.none() | st.integers(0, 15), st.integers(0, 5)), unique_by=lambda s: s[0])
)
def test_every_span_is_shown_once_and_below_its_parent(made):
    spans = [span(name, parent if parent != name else None, at) for name, parent, at in made]
    placed = tree(spans)
    assert sorted(one.span.span_id for one in placed) == sorted(one.span_id for one in spans)
    path: list[str] = []
    for one in placed:
        del path[one.depth :]
        assert one.depth == len(path)
        assert one.depth == 0 or path[-1] == one.span.parent_span_id
        path.append(one.span.span_id)


async def test_the_trace_of_an_event_shows_its_deliveries_and_what_they_published(company, db, consuming, work):
    async def answer(services, event):
        async with tenant_transaction(services.db, event.tenant_id) as conn:
            await service.publish(conn, event.tenant_id, EventType.TICKET_ANSWERED, {})

    async def fail(_services, _event):
        raise LookupError("no such thing")

    services = consuming(
        Consumer("answering", frozenset({EventType.TICKET_OPENED}), answer),
        Consumer("failing", frozenset({EventType.TICKET_ANSWERED}), fail),
    )
    async with tenant_transaction(db, company.id) as conn:
        event_id = await service.publish(conn, company.id, EventType.TICKET_OPENED, {})
    await work(services, company.id)
    event = (await company.staff.get(f"/internal/events/{event_id}")).json()["event"]
    found = await company.support.get(f"/internal/traces/{event['trace_id']}")
    assert found.status_code == 200, found.text
    assert [(one["depth"], one["span"]["name"], one["span"]["status"]) for one in found.json()["spans"]] == [
        (0, "publish ticket.opened", "ok"),
        (1, "deliver ticket.opened to answering", "ok"),
        (2, "publish ticket.answered", "ok"),
        (3, "deliver ticket.answered to failing", "error"),
    ]


async def test_the_tries_of_webhooks_hang_below_their_event(company, db, settings, sql):
    body = {"url": "https://nobody.invalid/", "event_types": ["*"]}
    made = await company.admin.post("/tenant/webhooks", json=body)
    async with tenant_transaction(db, company.id) as conn:
        event_id = await service.publish(conn, company.id, EventType.TICKET_OPENED, {})
    services = Services(settings, db)
    sending = webhooks.install(services)
    rows = await sql("SELECT id FROM alquimista_platform.webhook_deliveries WHERE event_id = %s", event_id)
    await webhooks.deliver(services, company.id, SendDelivery(rows[0][0], made.json()["webhook"]["id"]))
    await sending.close()
    trace_id = (await company.staff.get(f"/internal/events/{event_id}")).json()["event"]["trace_id"]
    spans = (await company.staff.get(f"/internal/traces/{trace_id}")).json()["spans"]
    assert [(one["depth"], one["span"]["name"], one["span"]["error"]) for one in spans] == [
        (0, "publish ticket.opened", None),
        (1, "webhook", "unresolved"),
    ]


async def test_only_staff_see_traces_and_companies_see_that_they_did(company, db, sql):
    async with tenant_transaction(db, company.id) as conn:
        event_id = await service.publish(conn, company.id, EventType.TICKET_OPENED, {})
    trace_id = (await company.staff.get(f"/internal/events/{event_id}")).json()["event"]["trace_id"]
    assert (await company.admin.get(f"/internal/traces/{trace_id}")).status_code == 403
    assert (await company.support.get(f"/internal/traces/{trace_id.upper()}")).status_code == 200
    rows = await sql(
        "SELECT count(*) FROM alquimista_platform.audit_logs WHERE tenant_id = %s AND action = 'trace.read'", company.id
    )
    assert rows == [(1,)]
    assert (await company.support.get(f"/internal/traces/{'ab' * 16}")).status_code == 404
    assert (await company.support.get("/internal/traces/nothing")).status_code == 400
    assert (await company.support.get(f"/internal/traces/{'0' * 32}")).status_code == 400
