"""An incident of the platform is shown to each company that it affects by a row of that company's own."""

import asyncio
from uuid import UUID

import pytest

import factories
from alquimista.access import PLATFORM_TENANT
from alquimista.clock import now
from alquimista.incidents import service

PATH = "/internal/incidents"
NEW = {"severity": "error", "title": "Falha na rede", "description": "Investigamos."}


@pytest.fixture
async def companies(db, process):
    """Three companies: two that are affected and one that is not, each with a client of its administrator."""
    made = []
    for _ in range(3):
        tenant = await factories.make_tenant(db)
        person = await factories.make_user(db, tenant.id)
        made.append((tenant.id, process.client(await process.token(person.email, person.password))))
    return made


async def raised(admin, companies, **more):
    ids = [str(tenant_id) for tenant_id, _ in companies[:2]]
    answer = await admin.post(PATH, json=NEW | {"tenant_ids": ids} | more)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def shown(db, tenant_id):
    page, _ = await service.page(db.tenant(tenant_id), tenant_id, 10, 0)
    return page


async def test_it_is_told_to_those_it_affects_and_ends_for_them(db, admin, companies, work, sql):
    one = await raised(admin, companies)
    assert (one["tenant_id"], len(one["affected"])) == (None, 2)
    at = f"{PATH}/{one['id']}"
    await work(twice=True)
    await admin.post(f"{at}/acknowledge")
    await admin.post(f"{at}/severity", json={"severity": "critical"})
    await admin.post(f"{at}/comment", json={"body": "Rota trocada.", "public": True})
    await admin.post(f"{at}/comment", json={"body": "Fornecedor X falhou."})
    await work(twice=True)
    await admin.post(f"{at}/resolve")
    await work(twice=True)
    for tenant_id, client in companies[:2]:
        (mine,) = await shown(db, tenant_id)
        assert mine.id != UUID(one["id"])
        found = (await client.get(f"/tenant/incidents/{mine.id}")).json()
        assert (found["title"], found["status"], found["severity"]) == ("Falha na rede", "resolved", "critical")
        kinds = sorted(event["kind"] for event in found["timeline"])
        assert kinds == sorted(
            ["opened", "notified", "acknowledged", "severity_changed", "comment", "resolved", "notified"]
        )
        assert "Fornecedor" not in str(found)
        assert (await client.get(f"/tenant/incidents/{one['id']}")).status_code == 404, "the platform's is nobody's"
        mails = await sql(
            "SELECT subject FROM alquimista_platform.mails WHERE tenant_id = %s ORDER BY created_at", tenant_id
        )
        assert [subject for (subject,) in mails] == ["Clínica Aurora: Falha na rede", "Encerrado: Falha na rede"]
    assert await shown(db, companies[2][0]) == []


async def test_an_internal_one_names_whom_it_affects_and_shows_them_nothing(db, admin, companies, work):
    one = await raised(admin, companies, visibility="internal")
    await work()
    assert [affected["incident_id"] for affected in one["affected"]] == [None, None]
    for tenant_id, _ in companies:
        assert await shown(db, tenant_id) == []
    page = (await admin.get(PATH, params={"tenant": str(companies[0][0])})).json()
    assert [line["id"] for line in page["incidents"]] == [one["id"]]


async def test_it_is_one_line_for_staff_and_acted_on_as_one(db, admin, companies, work):
    one = await raised(admin, companies)
    await work()
    page = (await admin.get(PATH, params={"tenant": str(companies[0][0])})).json()
    assert [(line["id"], line["affected_tenants"]) for line in page["incidents"]] == [(one["id"], 2)]
    affected = (await admin.get(f"{PATH}/{one['id']}")).json()["affected"]
    for child in (company["incident_id"] for company in affected):
        assert (await admin.get(f"{PATH}/{child}")).json()["parent_id"] == one["id"]
        for path, body in (("acknowledge", None), ("resolve", None), ("comment", {"body": "x"})):
            answer = await admin.post(f"{PATH}/{child}/{path}", json=body)
            assert (answer.status_code, answer.json()["error"]) == (409, "incident_of_platform")
            assert one["id"] in answer.json()["detail"]


async def test_what_is_over_before_it_was_shown_is_not_shown(db, admin, companies, work):
    one = await raised(admin, companies)
    await admin.post(f"{PATH}/{one['id']}/resolve")
    await work()
    assert await shown(db, companies[0][0]) == []


async def test_showing_it_many_times_at_once_while_it_ends_leaves_one_that_is_over(db, admin, companies):
    one = await raised(admin, companies)
    tenant_id = companies[0][0]

    def mirrors():
        return [service.mirror(db, tenant_id, UUID(one["id"]), now()) for _ in range(4)]

    await service.mirror(db, tenant_id, UUID(one["id"]), now())
    await asyncio.gather(*mirrors(), admin.post(f"{PATH}/{one['id']}/resolve"), *mirrors())
    await asyncio.gather(*mirrors())  # The job that the end has put into the queue, and some more.
    (mine,) = await shown(db, tenant_id)
    assert mine.resolved_at is not None


async def test_one_that_affects_nobody_is_the_platforms_own(db, admin, work):
    one = (await admin.post(PATH, json=NEW)).json()
    assert (one["tenant_id"], one["tenant_name"], one["affected"]) == (None, None, [])
    assert "incidents.tell" not in await work(), "who opened it by hand knows of it"
    page, _ = await service.page(db.tenant(PLATFORM_TENANT), PLATFORM_TENANT, 100, 0)
    assert one["id"] in {str(line.id) for line in page}
