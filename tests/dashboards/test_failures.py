"""What failed for good: listed with the ids that REPROCESS_QUEUE takes, for staff alone, masked and audited."""

import psycopg
import pytest

import factories
from alquimista.access import PLATFORM_TENANT, Role
from alquimista.clock import new_id
from alquimista.db.statement import Statement
from alquimista.operations.models.kinds import Queue
from dashboards.test_staff_reads import reads

PATH = "/internal/operations/failures"
JOB = """
WITH job AS (
  INSERT INTO alquimista_platform.job_queue (entrypoint, priority, status) VALUES ('usage.fold', 0, %s) RETURNING id)
INSERT INTO alquimista_platform.failed_jobs (tenant_id, job_id, name, error, failed_at, requeued_at)
SELECT %s, id, 'usage.fold', 'JobFailed: of ana.prado@example.com', clock_timestamp(), %s FROM job RETURNING job_id
"""
MAIL = """
INSERT INTO alquimista_platform.mails (tenant_id, id, recipient, subject, body_text, status, attempts, last_error,
  created_at) VALUES (%s, %s, 'ana.prado@example.com', 'Call +55 11 91234-5678', 'secret', %s, 7, '550 no such box',
  clock_timestamp()) RETURNING id
"""
ENDPOINT = """
INSERT INTO alquimista_platform.webhook_endpoints (tenant_id, id, url, event_types, status, disabled_reason,
  secret_key_id, secret_ciphertext, created_at, updated_at)
VALUES (%s, %s, 'https://crm.example/hook?key=hidden', '{*}', %s, %s, 'k', 'x', now(), now()) RETURNING id
"""
DELIVERY = """
INSERT INTO alquimista_platform.webhook_deliveries (tenant_id, id, endpoint_id, event_id, event_type, payload,
  occurred_at, state, attempts, step, last_status, last_failure, created_at, updated_at)
VALUES (%s, %s, %s, %s, 'lead.created', '{}', now(), 'failed', 7, 7, 503, 'status', now(), clock_timestamp())
RETURNING id
"""
EVENT = """
INSERT INTO fibonacci_core.events (tenant_id, id, event_id, source, event_type, status, created_at)
VALUES (%s, %s, %s, 'test', 'lead.created', 'failed', now()) RETURNING id
"""
EVENT_DELIVERY = """
INSERT INTO fibonacci_core.event_deliveries (tenant_id, event_id, consumer, state, attempts, last_error, created_at,
  updated_at) VALUES (%s, %s, %s, 'dead', 9, 'no', now(), clock_timestamp()) RETURNING event_id
"""


@pytest.fixture
async def failed(migrated):
    """`await failed(tenant_id)`: one failure of each queue of a tenant, and beside each one that is none; their ids."""
    async with await psycopg.AsyncConnection.connect(migrated.admin_url, autocommit=True) as conn:

        async def one(query, *args):
            return str((await (await conn.execute(query, args)).fetchone())[0])

        async def make(tenant):
            await one(JOB, "queued", tenant, None)
            await one(MAIL, tenant, new_id(), "queued")
            off = await one(ENDPOINT, tenant, new_id(), "disabled", "gone")
            await one(DELIVERY, tenant, new_id(), off, new_id())
            live = await one(ENDPOINT, tenant, new_id(), "enabled", None)
            event = await one(EVENT, tenant, new_id(), str(new_id()))
            return {
                "jobs": await one(JOB, "failed", tenant, None),
                "mails": await one(MAIL, tenant, new_id(), "failed"),
                "webhooks": await one(DELIVERY, tenant, new_id(), live, new_id()),
                "events": await one(EVENT_DELIVERY, tenant, event, "rollups"),
            }

        for table in ("failed_jobs", "mails", "webhook_deliveries"):
            await conn.execute(f"DELETE FROM alquimista_platform.{table}")
        await conn.execute("DELETE FROM fibonacci_core.event_deliveries")
        yield make


async def listed(client, **query):
    answer = await client.get(PATH, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_staff_find_every_queue_s_failures_and_nobody_else(company, process, db, failed):
    await failed(company.id)
    supporter = await factories.make_user(db, role=Role.INTERNAL_SUPPORT)
    outsider = await factories.make_user(db, (await factories.make_tenant(db)).id)
    key = await factories.make_api_key(db, company.id, scopes=("read",))
    tokens = [await process.token(one.email, one.password) for one in (supporter, outsider)]
    async with (
        process.client(tokens[0]) as support,
        process.client(tokens[1]) as other,
        process.client(key) as by_key,
        process.client() as stranger,
    ):
        for client, status in ((company.staff, 200), (support, 200), (company.admin, 403), (company.user, 403)):
            assert (await client.get(PATH)).status_code == status
        for client, status in ((other, 403), (by_key, 403), (stranger, 401)):
            assert (await client.get(PATH, params={"tenant_id": str(company.id)})).status_code == status


async def test_each_entry_says_what_it_is_and_why_without_personal_data(company, failed):
    ids = await failed(company.id)
    found = await listed(company.staff)
    assert found["total"] == 4
    entries = {one.pop("queue"): one for one in found["entries"]}
    assert {queue: one["id"] for queue, one in entries.items()} == ids
    assert set(entries) == {one.value for one in Queue}, "each queue that the command knows"
    assert {one["tenant_id"] for one in entries.values()} == {str(company.id)}
    assert all(one["tenant_name"] and one["failed_at"] for one in entries.values())
    said = {queue: (one["what"], one["target"], one["reason"]) for queue, one in entries.items()}
    assert said == {
        "jobs": ("usage.fold", "", "JobFailed: of a***@example.com"),
        "mails": ("Call ***", "a***@example.com", "550 no such box"),
        "webhooks": ("lead.created", "crm.example", "status 503"),
        "events": ("lead.created", "rollups", "no"),
    }


async def test_what_was_moved_back_is_listed_no_more(company, db, failed):
    ids = await failed(company.id)
    moved = Statement(
        "UPDATE alquimista_platform.failed_jobs SET requeued_at = now() WHERE tenant_id = %(tenant_id)s", object
    )
    await db.tenant(company.id).execute(moved, tenant_id=company.id)
    found = await listed(company.staff)
    assert {one["id"] for one in found["entries"]} == set(ids.values()) - {ids["jobs"]}


async def test_they_are_filtered_by_queue_and_company_and_paged_on_the_server(company, db, failed):
    other = await factories.make_tenant(db)
    ids, theirs, ours = await failed(company.id), await failed(other.id), await failed(PLATFORM_TENANT)
    assert (await listed(company.staff))["total"] == 12
    for queue in Queue:
        found = await listed(company.staff, queue=queue.value, tenant_id=str(company.id))
        assert ([one["id"] for one in found["entries"]], found["total"]) == ([ids[queue]], 1)
        assert (await listed(company.staff, queue=queue.value))["total"] == 3
    found = await listed(company.staff, tenant_id=str(other.id))
    assert {one["id"] for one in found["entries"]} == set(theirs.values())
    found = await listed(company.staff, tenant_id=str(PLATFORM_TENANT))
    assert {one["id"] for one in found["entries"]} == set(ours.values())
    assert {(one["tenant_id"], one["tenant_name"]) for one in found["entries"]} == {(None, None)}
    pages = [await listed(company.staff, limit=5, offset=offset) for offset in (0, 5, 10, 15)]
    assert [len(one["entries"]) for one in pages] == [5, 5, 2, 0]
    assert {one["total"] for one in pages} == {12}
    walked = [one for page in pages for one in page["entries"]]
    assert len({one["id"] for one in walked}) == 12
    assert [one["failed_at"] for one in walked] == sorted((one["failed_at"] for one in walked), reverse=True)


async def test_a_company_s_failures_are_read_with_a_row_in_its_own_audit(company, db, failed):
    await failed(company.id)
    before = await reads(db, PLATFORM_TENANT)
    await listed(company.staff)
    assert await reads(db, PLATFORM_TENANT) == [*before, PATH]
    assert PATH not in await reads(db, company.id)
    await listed(company.staff, tenant_id=str(company.id))
    assert (await reads(db, company.id))[-1] == PATH
    unknown = await company.staff.get(PATH, params={"tenant_id": str(new_id())})
    assert (unknown.status_code, unknown.json()["error"]) == (404, "tenant_not_found")
    for wrong in ({"queue": "secrets"}, {"tenant_id": "x"}, {"limit": "101"}):
        assert (await company.staff.get(PATH, params=wrong)).status_code == 400
