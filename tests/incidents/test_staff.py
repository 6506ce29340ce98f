"""Staff open incidents, take them up, speak in them and end them; each step is in the timeline and in the audit."""

import asyncio

import psycopg
import pytest

import factories
from alquimista.access import PLATFORM_TENANT, Role
from alquimista.audit import service as audit
from alquimista.audit.models import Wanted
from alquimista.clock import new_id, now
from alquimista.db.bootstrap import role_url
from alquimista.db.tenancy import tenant_transaction
from alquimista.incidents import service
from alquimista.incidents.models import NewIncident, Severity

PATH = "/internal/incidents"
NEW = {"severity": "warning", "title": "WhatsApp sem resposta", "description": "Investigamos."}


async def opened(client, **more):
    answer = await client.post(PATH, json=NEW | more)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def audited(db, tenant_id, incident_id):
    trail = Wanted(resource_type="incident", resource_id=str(incident_id))
    return [one.action for one in await audit.entries(db.tenant(tenant_id), tenant_id, trail, 50)][::-1]


async def test_an_incident_of_one_company_from_its_opening_to_its_end(db, admin, support, company):
    tenant_id, _, client = company
    one = await opened(support, tenant_ids=[str(tenant_id)])
    assert (one["tenant_id"], one["status"], one["affected"]) == (str(tenant_id), "open", [])
    at = f"{PATH}/{one['id']}"
    assert (await admin.post(f"{at}/acknowledge")).json()["status"] == "acknowledged"
    assert (await admin.post(f"{at}/severity", json={"severity": "critical"})).json()["severity"] == "critical"
    await support.post(f"{at}/comment", json={"body": "O provedor confirmou.", "public": True})
    await support.post(f"{at}/comment", json={"body": "Contrato da conta 42 vence hoje."})
    done = (await support.post(f"{at}/resolve")).json()
    assert done["status"] == "resolved"
    steps = ["opened", "acknowledged", "severity_changed", "comment", "comment", "resolved"]
    assert [event["kind"] for event in done["timeline"]] == steps
    assert done["timeline"][0]["actor"] == "Lia Fontes"
    own = (await client.get(f"/tenant/incidents/{one['id']}")).json()
    assert [event["kind"] for event in own["timeline"]] == [*steps[:3], "comment", "resolved"]
    assert {event["actor"] for event in own["timeline"]} == {None}, "staff are one to a company"
    assert "Contrato" not in str(own)
    assert await audited(db, tenant_id, one["id"]) == [
        "incident.opened",
        "incident.read",
        "incident.acknowledged",
        "incident.read",
        "incident.severity_changed",
        "incident.read",
        "incident.commented",
        "incident.read",
        "incident.commented",
        "incident.read",
        "incident.resolved",
        "incident.read",
    ]


async def test_the_founding_list_shows_it_at_once_and_keeps_its_shape(support, company):
    tenant_id, _, client = company
    assert (await client.get("/tenant/incidents")).json() == {"incidents": [], "total": 0}
    one = await opened(support, tenant_ids=[str(tenant_id)])

    async def listed():
        return (await client.get("/tenant/incidents")).json()

    for _ in range(100):  # The invalidation travels by a notice.
        if (found := await listed())["total"]:
            break
        await asyncio.sleep(0.02)
    assert found["total"] == 1
    assert found["incidents"][0] == {
        "id": one["id"],
        "severity": "warning",
        "title": NEW["title"],
        "description": NEW["description"],
        "created_at": found["incidents"][0]["created_at"],
        "resolved_at": None,
    }


async def test_an_internal_incident_is_nothing_to_its_company(support, company):
    tenant_id, _, client = company
    one = await opened(support, tenant_ids=[str(tenant_id)], visibility="internal")
    await support.post(f"{PATH}/{one['id']}/comment", json={"body": "Oculto", "public": True})
    assert (await client.get(f"/tenant/incidents/{one['id']}")).status_code == 404
    assert (await client.get("/tenant/incidents", params={"limit": 5})).json()["total"] == 0
    assert not any(event["public"] for event in (await support.get(f"{PATH}/{one['id']}")).json()["timeline"])
    assert (await support.get(PATH, params={"tenant": str(tenant_id)})).json()["total"] == 1


async def test_the_app_role_cannot_read_what_is_not_public_nor_change_a_step(support, company, db, settings):
    tenant_id, *_ = company
    one = await opened(support, tenant_ids=[str(tenant_id)])
    await support.post(f"{PATH}/{one['id']}/comment", json={"body": "Oculto"})
    with psycopg.connect(role_url(settings, "app"), autocommit=True) as conn:
        conn.execute("SELECT set_config('app.tenant_id', %s, false)", [str(tenant_id)])
        kinds = conn.execute("SELECT kind FROM alquimista_platform.incident_events").fetchall()
        assert kinds == [("opened",)]
        for change in (
            "UPDATE alquimista_platform.incident_events SET body = 'x'",
            "DELETE FROM alquimista_platform.incident_events",
            "UPDATE alquimista_platform.incidents SET title = 'x'",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(change)


async def test_of_two_who_acknowledge_at_once_the_second_is_told(admin, support, company, db):
    one = await opened(admin, tenant_ids=[str(company[0])])
    answers = await asyncio.gather(
        *(client.post(f"{PATH}/{one['id']}/acknowledge") for client in (admin, support) for _ in range(3))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 5
    assert {answer.json()["error"] for answer in answers if answer.status_code == 409} == {"incident_acknowledged"}
    timeline = (await admin.get(f"{PATH}/{one['id']}")).json()["timeline"]
    assert [event["kind"] for event in timeline] == ["opened", "acknowledged"]


async def test_what_is_resolved_stays_so(admin, company):
    one = await opened(admin, tenant_ids=[str(company[0])])
    at = f"{PATH}/{one['id']}"
    answers = await asyncio.gather(*(admin.post(f"{at}/resolve") for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    for path, body in (("acknowledge", None), ("severity", {"severity": "info"}), ("resolve", None)):
        answer = await admin.post(f"{at}/{path}", json=body)
        assert (answer.status_code, answer.json()["error"]) == (409, "incident_resolved")
    assert (await admin.post(f"{at}/comment", json={"body": "Causa: certificado vencido."})).status_code == 200


async def test_resolving_and_opening_one_condition_at_once_leaves_whole_incidents(db, company, sql):
    tenant_id, *_ = company
    new = NewIncident(severity=Severity.ERROR, title="T", description="", source="test", dedupe_key="test.race")

    async def see():
        async with tenant_transaction(db, tenant_id) as conn:
            return await service.open_incident(conn, tenant_id, new, now())

    async def settle():
        async with tenant_transaction(db, tenant_id) as conn:
            return await service.resolve(conn, tenant_id, new.dedupe_key, now())

    for _ in range(10):
        await asyncio.gather(*(act() for act in (see, settle, see, settle)))
        open_now = await sql(
            "SELECT count(*) FROM alquimista_platform.incidents WHERE tenant_id = %s AND resolved_at IS NULL", tenant_id
        )
        assert open_now[0][0] <= 1
    odd = await sql(
        "SELECT i.id FROM alquimista_platform.incidents i WHERE i.tenant_id = %s"
        " AND (SELECT array_agg(kind ORDER BY id) FROM alquimista_platform.incident_events e"
        " WHERE e.tenant_id = i.tenant_id AND e.incident_id = i.id)"
        " <> CASE WHEN i.resolved_at IS NULL THEN ARRAY['opened'] ELSE ARRAY['opened', 'resolved'] END",
        tenant_id,
    )
    assert odd == []


async def test_the_list_is_filtered_and_paged(admin, company, db):
    tenant_id, *_ = company
    made = [(await opened(admin, tenant_ids=[str(tenant_id)], title=f"N {n}"))["id"] for n in range(4)]
    await admin.post(f"{PATH}/{made[0]}/resolve")
    await admin.post(f"{PATH}/{made[1]}/acknowledge")
    await admin.post(f"{PATH}/{made[2]}/severity", json={"severity": "critical"})

    async def ids(**query):
        page = (await admin.get(PATH, params={"tenant": str(tenant_id), **query})).json()
        return [one["id"] for one in page["incidents"]], page["total"]

    assert await ids() == (made[::-1], 4)
    assert await ids(limit=2, offset=1) == ([made[2], made[1]], 4)
    assert await ids(offset=50) == ([], 4)
    assert await ids(status="open") == ([made[3], made[2]], 2)
    assert await ids(status="acknowledged") == ([made[1]], 1)
    assert await ids(severity="critical") == ([made[2]], 1)
    assert await ids(source="staff", status="resolved") == ([made[0]], 1)
    assert await ids(source="usage") == ([], 0)
    for wrong in ({"status": "done"}, {"limit": 0}, {"tenant": "x"}, {"tenant_name": "x"}):
        assert (await admin.get(PATH, params=wrong)).status_code == 400
    read = Wanted(action="incidents.listed")
    own = await audit.entries(db.tenant(tenant_id), tenant_id, read, 50)
    assert len(own) >= 6
    # Of a company that there is not, and of one without such an incident, nothing was read.
    assert (await admin.get(PATH, params={"tenant": str(new_id())})).status_code == 200
    assert await audit.entries(db.tenant(PLATFORM_TENANT), PLATFORM_TENANT, read, 50)


@pytest.mark.parametrize(
    "body",
    [
        {},
        NEW | {"title": " "},
        NEW | {"title": "a\x00b"},
        NEW | {"severity": "fatal"},
        NEW | {"tenant_ids": ["01890a5d-ac96-774b-bcce-b302099a8057"]},
        NEW | {"tenant_ids": [str(PLATFORM_TENANT)]},
        NEW | {"description": "x" * 5001},
        NEW | {"other": 1},
    ],
)
async def test_what_is_no_incident_is_refused(admin, body):
    answer = await admin.post(PATH, json=body)
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")


async def test_nobody_else_gets_in(db, process, admin, company):
    tenant_id, person, client = company
    one = await opened(admin, tenant_ids=[str(tenant_id)])
    user = await factories.make_user(db, tenant_id, role=Role.TENANT_USER)
    async with process.client(await process.token(user.email, user.password)) as other:
        assert (await other.get(f"/tenant/incidents/{one['id']}")).status_code == 200
        for caller in (client, other):
            assert (await caller.get(PATH)).status_code == 403
            assert (await caller.post(f"{PATH}/{one['id']}/resolve")).status_code == 403
    assert (await admin.post(f"{PATH}/{new_id()}/resolve")).json()["error"] == "incident_not_found"
    assert person.tenant_id == tenant_id
