"""EXPORT_TENANT: a whole file in the data directory, for staff alone, for a week."""

import dataclasses
import hashlib
import os
from datetime import timedelta
from pathlib import Path

import pytest

import factories
from alquimista import clock
from alquimista.access import Role
from alquimista.db.tenancy import tenant_transaction
from alquimista.operations import service
from alquimista.operations.models.kinds import CommandType
from alquimista.operations.service.effects import export_tenant
from alquimista.portability.service.archive import reading
from alquimista.wiring import Services
from support.whole import whole

EXPORT = CommandType.EXPORT_TENANT
PATH = "/internal/operations/commands"
FETCHED = """
SELECT actor_id FROM alquimista_platform.audit_logs WHERE tenant_id = %s AND action = 'tenant.export_fetched'
"""

EXPORTED = """
SELECT a.actor_id, a.actor_role, p.actor_email FROM alquimista_platform.audit_logs AS a
JOIN alquimista_platform.audit_personal AS p ON p.tenant_id = a.tenant_id AND p.entry_id = a.id
WHERE a.tenant_id = %s AND a.action = 'tenant.exported'
"""


@pytest.fixture(scope="module")
def kept(settings, tmp_path_factory):
    """Settings with a data directory."""
    return dataclasses.replace(settings, data_dir=str(tmp_path_factory.mktemp("data")))


@pytest.fixture
def worker(kept, db, services):
    return Services(kept, db, dict(services.extras))


@pytest.fixture
async def company(db):
    tenant = await factories.make_tenant(db)
    await factories.activate_agent(db, tenant.id)
    return tenant


@pytest.fixture
def approved(give, db, second):
    """`await approved(tenant_id)`: an export that may run."""

    async def made(tenant_id):
        command = await give(EXPORT, tenant_id)
        async with tenant_transaction(db, tenant_id) as conn:
            return await service.approve(conn, second, command, clock.now())

    return made


@pytest.fixture(scope="module")
async def process(kept):
    async with whole(kept) as running:
        yield running


async def client_of(process, person):
    return process.client(await process.token(person.email, person.password))


async def test_everything_of_a_company_is_written_and_fetched_by_staff(
    process, worker, kept, db, approved, line, company, sql
):
    command = await approved(company.id)
    admin, supporter = await factories.make_user(db), await factories.make_user(db, role=Role.INTERNAL_SUPPORT)
    address = f"{PATH}/{command.id}/export"
    async with await client_of(process, admin) as client:
        early = await client.get(address)
        assert (early.status_code, early.json()["error"]) == (404, "export_gone")
        await service.run(worker, company.id, command.id)
        found = await line(command)
        assert found.status == "SUCCESS", found.error_message
        answer = await client.get(address)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert found.output["file"] == f"{company.id}-{command.id}.zip" in answer.headers["content-disposition"]
    assert (found.output["bytes"], found.output["sha256"]) == (
        len(answer.content), hashlib.sha256(answer.content).hexdigest(),
    )  # fmt: skip
    file = Path(kept.data_dir) / "exports" / found.output["file"]
    assert file.stat().st_mode & 0o777 == 0o600
    with reading(file) as export:
        assert export.manifest.tenant_id == company.id
        assert sum(one.rows for one in export.manifest.tables) == found.output["rows"] > 0
        tables = len(export.manifest.tables)
    assert (found.progress.done, found.progress.total) == (tables, tables)
    assert await sql(FETCHED, company.id) == [(admin.id,)]
    async with await client_of(process, supporter) as client:
        assert (await client.get(address)).status_code == 403
    async with await client_of(process, await factories.make_user(db, company.id)) as client:
        assert (await client.get(address)).status_code == 403


async def test_the_audit_names_the_author_of_the_command(worker, approved, company, staff, sql):
    command = await approved(company.id)
    await service.run(worker, company.id, command.id)
    assert await sql(EXPORTED, company.id) == [(staff.user_id, "INTERNAL_ADMIN", staff.email)]


async def test_a_second_try_writes_the_file_anew(worker, kept, approved, line, company, monkeypatch, at_once):
    measure, tries = export_tenant.exports.measure, []

    async def fails_once(path):
        tries.append(path)
        if len(tries) == 1:
            raise OSError("disk")
        return await measure(path)

    monkeypatch.setattr(export_tenant.exports, "measure", fails_once)
    command = await approved(company.id)
    for _ in range(2):
        await service.run(worker, company.id, command.id)
    found = await line(command)
    assert (found.status, found.attempts, len(set(tries))) == ("SUCCESS", 2, 1)
    assert not list((Path(kept.data_dir) / "exports").glob("*.partial"))


async def test_a_cancelled_export_ends_at_a_table_and_leaves_no_file(
    worker, kept, approved, line, company, staff, db, monkeypatch
):
    write = export_tenant.export

    async def cancelled_meanwhile(db_, actor, tenant_id, path, told):
        async def tell(entry, tables):
            async with tenant_transaction(db, tenant_id) as conn:
                await service.cancel(conn, staff, command, clock.now())
            await told(entry, tables)

        return await write(db_, actor, tenant_id, path, tell)

    monkeypatch.setattr(export_tenant, "export", cancelled_meanwhile)
    command = await approved(company.id)
    await service.run(worker, company.id, command.id)
    assert (await line(command)).status == "CANCELLED"
    assert not list((Path(kept.data_dir) / "exports").glob(f"*{command.id}*"))


async def test_without_a_data_directory_it_says_so(services, approved, line, company):
    command = await approved(company.id)
    await service.run(services, company.id, command.id)
    found = await line(command)
    assert (found.status, found.attempts) == ("ERROR", 1)
    assert "ALQUIMISTA_DATA_DIR" in found.error_message


async def test_old_files_go(process, worker, kept, db, approved, company):
    command = await approved(company.id)
    await service.run(worker, company.id, command.id)
    file = Path(kept.data_dir) / "exports" / f"{company.id}-{command.id}.zip"
    await service.delete_old_exports(kept, clock.now())
    assert file.exists()
    week = (clock.now() - timedelta(days=8)).timestamp()
    os.utime(file, (week, week))
    assert await service.delete_old_exports(kept, clock.now()) == 1
    assert not file.exists()
    async with await client_of(process, await factories.make_user(db)) as client:
        gone = await client.get(f"{PATH}/{command.id}/export")
    assert (gone.status_code, gone.json()["error"]) == (404, "export_gone")
