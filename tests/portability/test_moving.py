"""Everything of one company goes out, and comes back in, and nothing of another's; by each table of the database."""

import json
import zipfile
from uuid import UUID

import pytest

from alquimista.audit import service as audit
from alquimista.db.tenancy import tenant_transaction
from alquimista.portability.models import BadExport, OtherVersion, TenantPresent
from alquimista.portability.service.export import export
from alquimista.portability.service.restore import restore
from alquimista.tenants import service as tenants
from alquimista.tenants.models import UnknownTenant
from factories import make_tenant

# What needs a secret that is in no export, or tells of the restore itself, is not what it was.
CHANGED = {
    "alquimista_platform.api_keys",
    "alquimista_platform.tenant_integrations",
    "alquimista_platform.invitations",
    "alquimista_platform.audit_logs",
    "alquimista_platform.audit_personal",
    "alquimista_platform.audit_unsealed",
    "alquimista_platform.operational_commands",
}
# A mail and a consent under way may let somebody in; a webhook is nothing without its secret, nor what it was sent.
NEVER = {
    f"alquimista_platform.{name}"
    for name in (
        "mails",
        "integration_authorizations",
        "webhook_endpoints",
        "webhook_secrets",
        "webhook_deliveries",
        "webhook_attempts",
    )
}


@pytest.fixture
async def moved(here, there, companies, tmp_path):
    one, _ = companies
    path = tmp_path / "one.zip"
    manifest = await export(here.db, None, one.tenant_id, path)
    await restore(there.db, path)
    return manifest, path


async def test_each_row_of_each_table_arrives(moved, here, there, companies):
    manifest, _ = moved
    one, _ = companies
    told = {entry.table: entry.rows for entry in manifest.tables}
    for table in one.made:
        if table in NEVER or "tenant_id" not in one.made[table]:
            continue
        assert told.get(table), f"{table} is not in the export"
        before, after = here.rows(table, one.tenant_id), there.rows(table, one.tenant_id)
        if table in CHANGED:
            key = "entry_id" if "entry_id" in one.made[table] else "id"
            assert {row[key] for row in before[:-1]} <= {row[key] for row in after}, table
        else:
            assert before == after, table
    assert (await tenants.get(there.db.staff(), one.tenant_id)).name == "Sample"


async def test_nothing_of_another_company_is_in_it(moved, companies):
    _, path = moved
    _, other = companies
    with zipfile.ZipFile(path) as archive:
        text = "".join(archive.read(name).decode() for name in archive.namelist())
    assert str(other.tenant_id) not in text
    assert str(other.made["alquimista_platform.users"]["email"]) not in text


async def test_no_secret_is_in_it(moved, here):
    _, path = moved
    with zipfile.ZipFile(path) as archive:
        lines = [json.loads(line) for n in archive.namelist() if n.startswith("tables/") for line in archive.open(n)]
    names = {name for line in lines for name in line}
    assert not {name for name in names if name.endswith(("_ciphertext", "_hash")) or "password" in name}
    assert "body_text" not in names
    assert path.stat().st_mode & 0o077 == 0


async def test_what_needs_a_secret_waits_for_somebody(moved, there, companies):
    one, _ = companies
    assert all(row["revoked_at"] for row in there.rows("alquimista_platform.api_keys", one.tenant_id))
    assert all(row["revoked_at"] for row in there.rows("alquimista_platform.invitations", one.tenant_id))
    states = {row["status"] for row in there.rows("alquimista_platform.tenant_integrations", one.tenant_id)}
    assert states <= {"pending", "inactive"}
    assert there.execute("SELECT count(*) FROM alquimista_platform.user_credentials") == [(0,)]


async def test_shared_rows_are_recognised_by_name_and_ids_follow(here, there, companies, tmp_path):
    one, _ = companies
    agent = one.made["alquimista_platform.agents"]
    there.execute(
        "INSERT INTO alquimista_platform.agents SELECT (json_populate_record(NULL::alquimista_platform.agents, %s)).*",
        json.dumps({**here_agent(here, agent["id"]), "id": "01890a5d-ac96-774b-bcce-b302099a8057"}),
    )
    await export(here.db, None, one.tenant_id, tmp_path / "one.zip")
    await restore(there.db, tmp_path / "one.zip")
    [held] = there.rows("alquimista_platform.tenant_agents", one.tenant_id)
    assert held["agent_id"] == "01890a5d-ac96-774b-bcce-b302099a8057"
    assert there.execute("SELECT count(*) FROM alquimista_platform.agents WHERE slug = %s", agent["slug"]) == [(1,)]


def here_agent(here, agent_id):
    [(row,)] = here.execute("SELECT row_to_json(a) FROM alquimista_platform.agents AS a WHERE id = %s", agent_id)
    return row


async def test_a_company_is_restored_once(moved, there):
    _, path = moved
    with pytest.raises(TenantPresent):
        await restore(there.db, path)


@pytest.mark.parametrize("harm", ["cut", "changed", "missing", "no zip", "no manifest"])
async def test_a_file_that_is_not_whole_changes_nothing(here, there, companies, tmp_path, harm):
    one, _ = companies
    path, broken = tmp_path / "one.zip", tmp_path / "broken.zip"
    await export(here.db, None, one.tenant_id, path)
    if harm == "cut":
        broken.write_bytes(path.read_bytes()[:-100])
    elif harm == "no zip":
        broken.write_text("no zip")
    else:
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(broken, "w") as new:
            for name in old.namelist():
                data = old.read(name)
                if name.endswith("tenant_users.jsonl"):
                    if harm == "missing":
                        continue
                    if harm == "changed":
                        data += b" "
                if not (harm == "no manifest" and name == "manifest.json"):
                    new.writestr(name, data)
    with pytest.raises(BadExport):
        await restore(there.db, broken)
    with pytest.raises(UnknownTenant):
        await tenants.get(there.db.staff(), one.tenant_id)


async def test_another_version_is_refused_by_name(here, there, companies, tmp_path, monkeypatch):
    one, _ = companies
    path = tmp_path / "older.zip"
    with monkeypatch.context() as patch:
        patch.setattr("alquimista.portability.service.export.head", lambda: "001_schemas")
        await export(here.db, None, one.tenant_id, path)
    with pytest.raises(OtherVersion, match="001_schemas"):
        await restore(there.db, path)


async def test_an_export_that_fails_leaves_no_file(here, tmp_path):
    with pytest.raises(UnknownTenant):
        await export(here.db, None, UUID("01890a5d-ac96-774b-bcce-b302099a8057"), tmp_path / "x.zip")
    assert list(tmp_path.iterdir()) == []


async def test_the_audit_still_proves_itself_where_it_was_moved_to(here, there, tmp_path):
    company = await make_tenant(here.db)
    for number in range(3):
        async with tenant_transaction(here.db, company.id) as conn:
            await audit.record(conn, None, "x.done", category="system", details={"n": number}, tenant_id=company.id)
    await audit.seal(here.db, company.id)
    await export(here.db, None, company.id, tmp_path / "one.zip")
    await restore(there.db, tmp_path / "one.zip")
    await audit.seal(there.db, company.id)
    report = await audit.verify(there.db, there.db.settings, company.id)
    assert (report.findings, report.entries) == ([], 4)
    there.execute("SET session_replication_role = replica; UPDATE alquimista_platform.audit_logs SET action = 'x.y'")
    assert (await audit.verify(there.db, there.db.settings, company.id)).findings


async def test_what_has_ended_comes_back_ended_and_what_waited_does_not_begin(here, there, companies, tmp_path):
    one, other = companies
    here.execute(
        "SET session_replication_role = replica;"
        " UPDATE alquimista_platform.approval_requests SET status = 'approved', closed_at = created_at;"
        " UPDATE alquimista_platform.operational_commands SET status = 'SUCCESS', attempts = 1,"
        " started_at = created_at, completed_at = created_at, due_at = NULL, output = '{}' WHERE tenant_id = '"
        + str(one.tenant_id)
        + "'"
    )
    for company, ends in ((one, ("approved", "SUCCESS")), (other, ("approved", "CANCELLED"))):
        await export(here.db, None, company.tenant_id, tmp_path / "one.zip")
        await restore(there.db, tmp_path / "one.zip")
        tables = ("approval_requests", "operational_commands")
        found = [there.rows(f"alquimista_platform.{table}", company.tenant_id)[0]["status"] for table in tables]
        assert tuple(found) == ends
