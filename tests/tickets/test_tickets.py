"""A ticket goes to and fro between a company and staff; its notes stay among staff."""

import asyncio

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

import factories
from alquimista.audit import service as audit
from alquimista.audit.models import Wanted
from alquimista.clock import new_id
from alquimista.db.bootstrap import role_url
from alquimista.support.models import AuthorKind, TicketStatus, after

MINE, STAFFS = "/tenant/tickets", "/internal/tickets"
NEW = {"subject": "WhatsApp não envia", "body": "Desde as 9 h.", "severity": "high"}


async def opened(client, **more):
    answer = await client.post(MINE, json=NEW | more)
    assert answer.status_code == 201, answer.text
    return answer.json()["ticket"]


async def test_a_ticket_from_its_opening_to_its_end(company, agent, db):
    tenant_id, person, client = company
    staff, helper = agent
    one = await opened(client)
    assert (one["number"], one["status"], one["severity"]) == (1, "open", "high")
    own, theirs = f"{MINE}/{one['id']}", f"{STAFFS}/{one['id']}"
    await client.post(f"{own}/messages", json={"body": "E também por e-mail."})
    assert (await client.get(own)).json()["ticket"]["status"] == "open", "nobody has answered yet"
    assigned = (await helper.post(f"{theirs}/assign", json={"user_id": str(staff.id)})).json()["ticket"]
    assert assigned["assigned_name"] == "Lia Fontes"
    answered = await helper.post(f"{theirs}/messages", json={"body": "Reconecte a conta."})
    assert (answered.status_code, answered.json()["ticket"]["status"]) == (201, "waiting_on_customer")
    back = await client.post(f"{own}/messages", json={"body": "Voltou!"})
    assert back.json()["ticket"]["status"] == "waiting_on_us"
    assert [(m["author_kind"], m["author"]) for m in back.json()["messages"]] == [
        ("tenant", "Ana Souza"),
        ("tenant", "Ana Souza"),
        ("staff", None),
        ("tenant", "Ana Souza"),
    ]
    closed = (await helper.post(f"{theirs}/close")).json()["ticket"]
    assert (closed["status"], closed["closed_at"] is None) == ("closed", False)
    refused = await client.post(f"{own}/messages", json={"body": "Mais uma coisa"})
    assert (refused.status_code, refused.json()["error"]) == (409, "ticket_closed")
    reopened = (await client.post(f"{own}/reopen")).json()["ticket"]
    assert (reopened["status"], reopened["closed_at"]) == ("waiting_on_us", None)
    assert (await client.post(f"{own}/reopen")).json()["error"] == "ticket_not_closed"
    assert (await client.post(f"{own}/close")).json()["ticket"]["status"] == "closed"
    assert (await client.post(f"{own}/close")).json()["error"] == "ticket_closed"
    trail = Wanted(resource_type="ticket", resource_id=one["id"])
    acts = {row.action for row in await audit.entries(db.tenant(tenant_id), tenant_id, trail, 50)}
    assert acts == {
        "ticket.opened",
        "ticket.answered",
        "ticket.assigned",
        "ticket.closed",
        "ticket.reopened",
        "ticket.read",
    }
    assert person.tenant_id == tenant_id


async def test_a_note_among_staff_is_out_of_the_companys_sight(company, agent, settings):
    tenant_id, _, client = company
    _, helper = agent
    one = await opened(client)
    noted = await helper.post(f"{STAFFS}/{one['id']}/messages", json={"body": "Cliente difícil", "internal": True})
    assert noted.json()["ticket"]["status"] == "open", "a note is no answer"
    assert [m["internal"] for m in noted.json()["messages"]] == [False, True]
    assert "difícil" not in (await client.get(f"{MINE}/{one['id']}")).text
    helped = await helper.get(f"{MINE}/{one['id']}", params={"tenant_id": str(tenant_id)})
    assert "difícil" not in helped.text, "nor through the company's own endpoint"
    with psycopg.connect(role_url(settings, "app"), autocommit=True) as conn:
        conn.execute("SELECT set_config('app.tenant_id', %s, false)", [str(tenant_id)])
        assert conn.execute("SELECT internal FROM alquimista_platform.ticket_messages").fetchall() == [(False,)]
        for change in (
            "UPDATE alquimista_platform.ticket_messages SET body = 'x'",
            "DELETE FROM alquimista_platform.ticket_messages",
            "UPDATE alquimista_platform.tickets SET subject = 'x'",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(change)


async def test_staff_may_open_a_ticket_for_a_company_which_then_has_the_turn(company, agent):
    tenant_id, _, client = company
    _, helper = agent
    answer = await helper.post(MINE, params={"tenant_id": str(tenant_id)}, json=NEW)
    assert answer.status_code == 201, answer.text
    found = (await client.get(MINE)).json()["tickets"][0]
    assert (found["number"], found["status"]) == (1, "waiting_on_customer")


async def test_tickets_opened_at_once_are_numbered_without_gaps_or_doubles(company, db, signed):
    tenant_id, _, client = company
    other = await signed(await factories.make_user(db, tenant_id))
    made = await asyncio.gather(*(opened(one) for one in (client, other) for _ in range(5)))
    assert sorted(one["number"] for one in made) == list(range(1, 11))


async def test_messages_of_both_sides_at_once_are_all_kept(company, agent):
    _, _, client = company
    _, helper = agent
    one = await opened(client)
    answers = await asyncio.gather(
        *(client.post(f"{MINE}/{one['id']}/messages", json={"body": f"c{n}"}) for n in range(4)),
        *(helper.post(f"{STAFFS}/{one['id']}/messages", json={"body": f"s{n}"}) for n in range(4)),
    )
    assert {answer.status_code for answer in answers} == {201}
    found = (await client.get(f"{MINE}/{one['id']}")).json()
    assert sorted(m["body"] for m in found["messages"][1:]) == ["c0", "c1", "c2", "c3", "s0", "s1", "s2", "s3"]
    assert found["ticket"]["status"] in {"waiting_on_us", "waiting_on_customer"}


async def test_a_message_against_a_close_is_either_before_it_or_refused(company, agent):
    _, _, client = company
    _, helper = agent
    for _ in range(5):
        one = await opened(client)
        written, closed = await asyncio.gather(
            client.post(f"{MINE}/{one['id']}/messages", json={"body": "Espere"}),
            helper.post(f"{STAFFS}/{one['id']}/close"),
        )
        found = (await client.get(f"{MINE}/{one['id']}")).json()
        assert (closed.status_code, found["ticket"]["status"]) == (200, "closed")
        assert len(found["messages"]) == (2 if written.status_code == 201 else 1)
        assert written.status_code in {201, 409}


async def test_another_company_finds_nothing(company, db, signed):
    _, _, client = company
    one = await opened(client)
    outsider = await signed(await factories.make_user(db, (await factories.make_tenant(db)).id))
    assert (await outsider.get(MINE)).json() == {"tickets": [], "total": 0}
    for answer in (
        await outsider.get(f"{MINE}/{one['id']}"),
        await outsider.post(f"{MINE}/{one['id']}/messages", json={"body": "x"}),
        await outsider.post(f"{MINE}/{one['id']}/close"),
        await outsider.post(f"{MINE}/{new_id()}/reopen"),
    ):
        assert (answer.status_code, answer.json()["error"]) == (404, "ticket_not_found")
    assert (await client.get(STAFFS)).status_code == 403
    assert (
        await client.post(f"{STAFFS}/{one['id']}/messages", json={"body": "x", "internal": True})
    ).status_code == 403


async def test_lists_are_filtered_and_paged(company, agent, db):
    tenant_id, _, client = company
    staff, helper = agent
    made = [(await opened(client, subject=f"N {n}"))["id"] for n in range(3)]
    await helper.post(f"{STAFFS}/{made[0]}/assign", json={"user_id": str(staff.id)})
    await client.post(f"{MINE}/{made[1]}/close")
    assert [one["id"] for one in (await client.get(MINE)).json()["tickets"]] == [made[1], made[0], made[2]]
    page = (await client.get(MINE, params={"status": "open", "limit": 1, "offset": 1})).json()
    assert ([one["id"] for one in page["tickets"]], page["total"]) == ([made[2]], 2)

    async def ids(**query):
        answer = (await helper.get(STAFFS, params={"tenant": str(tenant_id), **query})).json()
        return [one["id"] for one in answer["tickets"]], answer["total"]

    assert await ids(limit=2) == ([made[1], made[0]], 3)
    assert await ids(assigned_to=str(staff.id)) == ([made[0]], 1)
    assert await ids(status="closed") == ([made[1]], 1)
    assert await ids(severity="low") == ([], 0)
    assert await ids(offset=9) == ([], 3)
    assert len(await audit.entries(db.tenant(tenant_id), tenant_id, Wanted(action="tickets.listed"), 50)) >= 4


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"subject": "x"},
        NEW | {"subject": " \n "},
        NEW | {"subject": "a\u202eb"},
        NEW | {"body": " "},
        NEW | {"body": "a\x00b"},
        NEW | {"body": "x" * 10_001},
        NEW | {"severity": "fatal"},
        NEW | {"status": "closed"},
    ],
)
async def test_what_is_no_ticket_is_refused(company, body):
    answer = await company[2].post(MINE, json=body)
    assert answer.status_code == 400, answer.text


async def test_only_active_staff_look_after_tickets(company, agent, db):
    _, person, client = company
    _, helper = agent
    one = await opened(client)
    for user_id in (person.id, new_id()):
        answer = await helper.post(f"{STAFFS}/{one['id']}/assign", json={"user_id": str(user_id)})
        assert (answer.status_code, answer.json()["error"]) == (400, "not_staff")
    assert (await helper.post(f"{STAFFS}/{one['id']}/assign", json={"user_id": None})).status_code == 200


@given(st.lists(st.sampled_from(list(AuthorKind)), min_size=1))
def test_the_turn_is_the_other_sides_and_open_means_unanswered(authors):
    status = TicketStatus.OPEN
    for author in authors:
        status = after(status, author)
    if AuthorKind.STAFF not in authors:
        assert status is TicketStatus.OPEN
    else:
        expected = {
            AuthorKind.STAFF: TicketStatus.WAITING_ON_CUSTOMER,
            AuthorKind.TENANT: TicketStatus.WAITING_ON_US,
        }
        assert status is expected[authors[-1]]
