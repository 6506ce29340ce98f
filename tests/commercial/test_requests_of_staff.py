"""Staff see who asked and say how far they are; nobody else does either."""

import asyncio
import itertools
from uuid import UUID

import pytest

import factories
from alquimista.access import PLATFORM_TENANT, Role
from alquimista.audit import service as audit
from alquimista.audit.models import Wanted
from alquimista.clock import new_id, now
from alquimista.commercial import queries, service
from alquimista.commercial.models import MOVES, RequestStatus
from alquimista.db.tenancy import tenant_transaction
from support.identity import eventually

PATH = "/internal/commercial/requests"
# Every pair of statuses that is a move, written out: all the others are refused.
ALLOWED = {
    ("pending", "contacted"),
    ("pending", "cancelled"),
    ("contacted", "proposal_sent"),
    ("contacted", "cancelled"),
    ("proposal_sent", "closed"),
    ("proposal_sent", "cancelled"),
}
FINAL = {"closed", "cancelled"}
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def set_status(sql, request_id, status):
    await sql("UPDATE public.commercial_requests SET status = %s WHERE id = %s RETURNING 1", status, request_id)


@pytest.fixture
async def request_id(contact):
    answer = await contact()
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def test_both_roles_of_staff_read_and_move_a_request(admin, support, request_id):
    for client, status in ((support, "contacted"), (admin, "proposal_sent")):
        found = (await client.get(f"{PATH}/{request_id}")).json()
        assert (found["companyName"], found["whatsapp"], found["cnpj"]) == ("Clínica Aurora", "+5511987654321", None)
        assert request_id in {one["id"] for one in (await client.get(PATH)).json()["requests"]}
        moved = await client.patch(f"{PATH}/{request_id}", json={"status": status})
        assert (moved.status_code, moved.json()["status"]) == (200, status), moved.text
        assert moved.json()["updatedAt"] > found["updatedAt"]
        assert moved.json()["createdAt"] == found["createdAt"]


async def test_nobody_else_gets_in(db, process, request_id):
    tenant = await factories.make_tenant(db)
    people = [await factories.make_user(db, tenant.id, role=role) for role in (Role.TENANT_ADMIN, Role.TENANT_USER)]
    callers = [(None, 401), (await factories.make_api_key(db, tenant.id, scopes=("read",)), 403)]
    callers += [(await process.token(one.email, one.password), 403) for one in people]
    for credential, status in callers:
        async with process.client(credential) as client:
            answers = [
                await client.get(PATH),
                await client.get(f"{PATH}/{request_id}"),
                await client.patch(f"{PATH}/{request_id}", json={"status": "cancelled"}),
            ]
        assert [one.status_code for one in answers] == [status] * 3
        assert all("Aurora" not in one.text for one in answers)


async def test_another_tenant_reads_and_moves_nothing(db, request_id):
    tenant = await factories.make_tenant(db)
    found = UUID(request_id)
    for tenant_id in (tenant.id, PLATFORM_TENANT):  # Its own rows, and what it names without having the right to.
        async with tenant_transaction(db, tenant.id) as conn:
            assert await queries.page(conn, tenant_id, None, 100, 0) == ([], 0)
            assert await queries.find(conn, tenant_id, found) is None
            moves = (RequestStatus.PENDING, RequestStatus.CONTACTED)
            assert await queries.move(conn, tenant_id, found, *moves, now()) is None
    async with tenant_transaction(db, PLATFORM_TENANT) as conn:
        assert (await service.get(conn, found)).status is RequestStatus.PENDING


def test_the_table_of_moves_is_the_one_that_was_decided():
    assert {(before.value, after.value) for before, moves in MOVES.items() for after in moves} == ALLOWED
    assert set(MOVES) == set(RequestStatus)


@pytest.mark.parametrize(("before", "wanted"), list(itertools.product([one.value for one in RequestStatus], repeat=2)))
async def test_every_pair_of_statuses(support, db, sql, request_id, before, wanted):
    await set_status(sql, request_id, before)
    answer = await support.patch(f"{PATH}/{request_id}", json={"status": wanted})
    trail = Wanted(resource_type="commercial_request", resource_id=request_id)
    recorded = await audit.entries(db.tenant(PLATFORM_TENANT), PLATFORM_TENANT, trail, 10)
    if (before, wanted) in ALLOWED:
        assert (answer.status_code, answer.json()["status"]) == (200, wanted)
        assert [(one.action, one.details) for one in recorded] == [
            ("commercial_request.status_changed", {"from": before, "to": wanted})
        ]
        assert recorded[0].actor_id is not None
        return
    code = "commercial_request_finished" if before in FINAL else "commercial_request_wrong_move"
    assert (answer.status_code, answer.json()["error"]) == (409, code)
    assert before in answer.json()["detail"]
    assert all(after in answer.json()["detail"] for first, after in ALLOWED if first == before)
    assert (await support.get(f"{PATH}/{request_id}")).json()["status"] == before
    assert recorded == []


@pytest.mark.parametrize("body", [{}, {"status": "done"}, {"status": None}, {"status": "closed", "message": "x"}])
async def test_a_change_that_is_none_is_refused(support, request_id, body):
    assert (await support.patch(f"{PATH}/{request_id}", json=body)).status_code == 400


async def test_an_unknown_request_is_told_as_such(support):
    for answer in (
        await support.get(f"{PATH}/{new_id()}"),
        await support.patch(f"{PATH}/{new_id()}", json={"status": "contacted"}),
    ):
        assert (answer.status_code, answer.json()["error"]) == (404, "commercial_request_not_found")


async def test_of_two_who_move_a_request_the_second_is_told(support, db, sql, request_id):
    async with tenant_transaction(db, PLATFORM_TENANT) as conn:
        moves = (RequestStatus.PENDING, RequestStatus.CONTACTED)
        assert await queries.move(conn, PLATFORM_TENANT, UUID(request_id), *moves, now()) is not None
        # The second has read "pending", and waits for the first to end.
        second = asyncio.create_task(support.patch(f"{PATH}/{request_id}", json={"status": "cancelled"}))

        async def waits():
            return (await sql(WAITING))[0][0] == 1

        await eventually(waits)
    answer = await second
    assert (answer.status_code, answer.json()["error"]) == (409, "commercial_request_wrong_move")
    assert "is contacted" in answer.json()["detail"]
    assert (await support.get(f"{PATH}/{request_id}")).json()["status"] == "contacted"


async def test_of_many_at_once_one_moves_it(support, admin, db, request_id):
    calls = [one.patch(f"{PATH}/{request_id}", json={"status": "contacted"}) for one in (support, admin) * 5]
    statuses = sorted(one.status_code for one in await asyncio.gather(*calls))
    assert statuses == [200] + [409] * 9
    trail = Wanted(resource_type="commercial_request", resource_id=request_id)
    assert len(await audit.entries(db.tenant(PLATFORM_TENANT), PLATFORM_TENANT, trail, 20)) == 1


async def test_the_list_is_paged_newest_first_and_filtered(support, contact, sql):
    await sql("DELETE FROM public.commercial_requests RETURNING 1")
    made = [(await contact()).json()["id"] for _ in range(5)]
    await set_status(sql, made[1], "closed")
    await set_status(sql, made[3], "closed")
    seen = []
    for offset in range(0, 6, 2):
        page = (await support.get(PATH, params={"limit": 2, "offset": offset})).json()
        assert page["total"] == 5
        seen += [one["id"] for one in page["requests"]]
    assert seen == made[::-1]
    closed = (await support.get(PATH, params={"status": "closed"})).json()
    assert ([one["id"] for one in closed["requests"]], closed["total"]) == ([made[3], made[1]], 2)
    assert {one["status"] for one in closed["requests"]} == {"closed"}
    assert (await support.get(PATH, params={"status": "cancelled"})).json() == {"requests": [], "total": 0}
    beyond = (await support.get(PATH, params={"offset": 50})).json()
    assert beyond == {"requests": [], "total": 5}
    for wrong in ({"status": "done"}, {"limit": 0}, {"limit": 101}, {"offset": -1}, {"order": "asc"}):
        assert (await support.get(PATH, params=wrong)).status_code == 400
