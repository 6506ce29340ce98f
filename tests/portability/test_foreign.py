"""What another installation's signed file cannot do: sell to others, or leave anything behind when it is refused."""

import base64
import hashlib
import json
import zipfile

import msgspec
import psycopg
import pytest

from alquimista import clock
from alquimista.audit.models.heads import Signer
from alquimista.portability.models import MANIFEST, SIGNATURE, BadExport, Entry, Manifest, Signature
from alquimista.portability.service.export import export
from alquimista.portability.service.restore import restore

THEIRS = Signer(b"k" * 32)
SHARED = {
    "alquimista_platform.users",
    "alquimista_platform.agents",
    "public.subnucleos",
    "public.subscription_plans",
    "public.subscription_addons",
}
PLANS = "public.subscription_plans"
ADDONS = "public.subscription_addons"


def forged(path, **changes):
    """The file as the installation whose key signs it might have made it: tables' rows changed, all else fitting."""
    other = path.with_name("forged.zip")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w") as new:
        manifest = msgspec.json.decode(old.read(MANIFEST), type=Manifest)
        tables = []
        for entry in manifest.tables:
            rows = [json.loads(line) for line in old.read(entry.file).splitlines()]
            rows = changes.get(entry.table.partition(".")[2], list)(rows)
            data = "".join(f"{json.dumps(row)}\n" for row in rows).encode()
            new.writestr(entry.file, data)
            tables.append(Entry(entry.table, len(rows), hashlib.sha256(data).hexdigest()))
        said = msgspec.json.encode(msgspec.structs.replace(manifest, tables=tuple(tables)))
        new.writestr(MANIFEST, said)
        new.writestr(SIGNATURE, msgspec.json.encode(Signature.of(THEIRS, said)))
    return other


async def put(there, path):
    await restore(there.db, path, trusted=base64.b64encode(THEIRS.public_key).decode())


@pytest.fixture
async def path(here, companies, tmp_path):
    one, _ = companies
    for company, name in zip(companies, ("own", "of_another"), strict=True):
        company.made[ADDONS] = {"id": clock.new_id()}
        here.execute(
            f"INSERT INTO {ADDONS} (id, name, version, kind, display_name, price_monthly_cents, price_yearly_cents, "
            "valid_from, created_at) VALUES (%s, %s, 1, 'agent', 'One more', 1, 1, now(), now())",
            company.made[ADDONS]["id"],
            name,
        )
        here.execute(
            "UPDATE public.subscriptions SET addon_id = %s, addon_count = 1 WHERE tenant_id = %s",
            company.made[ADDONS]["id"],
            company.tenant_id,
        )
    await export(here.db, None, one.tenant_id, tmp_path / "one.zip")
    return tmp_path / "one.zip"


def told(path):
    """The rows of each table in a file."""
    with zipfile.ZipFile(path) as archive:
        manifest = msgspec.json.decode(archive.read(MANIFEST), type=Manifest)
        return {
            one.table: [json.loads(line) for line in archive.read(one.file).splitlines()] for one in manifest.tables
        }


def left(there):
    return {table: there.execute(f"SELECT * FROM {table} ORDER BY id") for table in sorted(SHARED)}


def test_of_what_all_share_the_file_tells_what_the_companys_rows_name(path, companies):
    one, other = companies
    rows = told(path)
    for table in sorted(SHARED):
        ids = {row["id"] for row in rows[table]}
        assert str(one.made[table]["id"]) in ids, table
        assert str(other.made[table]["id"]) not in ids, table
    own = json.dumps([rows[table] for table in rows if table not in SHARED])
    assert [row["id"] for table in SHARED for row in rows[table] if row["id"] not in own] == []


async def test_what_is_made_for_a_company_is_offered_to_no_other(path, there, companies):
    one, _ = companies
    await put(there, forged(path, subscription_plans=free_for_all, subscription_addons=free_for_all, agents=offered))
    for table in (PLANS, ADDONS):
        assert there.execute(f"SELECT count(*) FROM {table} WHERE id = '{one.made[table]['id']}'") == [(1,)]
        assert there.execute(f"SELECT count(*) FROM {table} WHERE valid_to IS NULL OR valid_to > now()") == [(0,)]
    agent = one.made["alquimista_platform.agents"]["id"]
    assert there.execute("SELECT status FROM alquimista_platform.agents WHERE id = %s", agent) == [("deprecated",)]


def free_for_all(rows):
    """On sale for good; one of them not yet, so that an end at this moment would lie before its beginning."""
    return [
        row | {"price_monthly_cents": 0, "valid_from": moment, "valid_to": None}
        for row, moment in zip(rows, ("2099-01-01T00:00:00+00:00", *["2026-01-01T00:00:00+00:00"] * 9), strict=False)
    ]


def offered(rows):
    return [row | {"status": "active"} for row in rows]


async def test_what_no_row_names_is_not_made(path, there):
    more = "01890a5d-ac96-774b-bcce-b302099a8057"
    await put(there, forged(path, subscription_plans=lambda rows: [*rows, rows[0] | {"id": more, "name": "vip"}]))
    assert there.execute(f"SELECT count(*) FROM {PLANS} WHERE name = 'vip'") == [(0,)]


async def test_a_version_that_is_not_known_here_gets_a_name_of_its_own(path, there, companies):
    one, _ = companies
    [theirs] = [row for row in told(path)[PLANS] if row["id"] == str(one.made[PLANS]["id"])]
    ours = theirs | {"id": "01890a5d-ac96-774b-bcce-b302099a8057", "version": theirs["version"] + 5, "valid_to": None}
    there.execute(f"INSERT INTO {PLANS} SELECT (json_populate_record(NULL::{PLANS}, %s)).*", json.dumps(ours))
    await put(there, forged(path))
    found = there.execute(f"SELECT name, valid_to IS NULL FROM {PLANS} ORDER BY valid_to IS NULL")
    assert found == [(f"{theirs['name'][:41]}-{theirs['id'][-8:]}", False), (theirs["name"], True)]


@pytest.mark.parametrize("table", ["subscription_plans", "users", "tenants", "tenant_users"])
async def test_columns_that_are_not_known_here_are_refused(path, there, table):
    with pytest.raises(BadExport, match="other columns"):
        await put(there, forged(path, **{table: lambda rows: [row | {"granted": True} for row in rows]}))


async def test_a_plan_without_a_moment_is_refused(path, there):
    with pytest.raises(BadExport, match="no moment"):
        await put(there, forged(path, subscription_plans=lambda rows: [row | {"valid_from": "soon"} for row in rows]))


async def test_the_same_plan_twice_is_refused(path, there, companies):
    with pytest.raises(BadExport, match="twice"):
        await put(there, forged(path, subscription_plans=lambda rows: [*rows, *rows]))


async def test_a_restore_that_fails_leaves_nothing_of_what_all_share(path, there):
    before = left(there)
    with pytest.raises(psycopg.errors.CheckViolation):
        await put(there, forged(path, subscriptions=lambda rows: [row | {"total_cents": -1} for row in rows]))
    assert left(there) == before
    assert there.execute("SELECT count(*) FROM alquimista_platform.tenants WHERE name = 'Sample'") == [(0,)]


async def test_somebody_who_was_made_without_a_name_is_no_hindrance_later(here, there, companies, tmp_path):
    """Who is a stranger in one company's rows may be a member of the next one that is restored."""
    one, other = companies
    person = other.made["alquimista_platform.users"]["id"]
    here.execute(
        "SET session_replication_role = replica; UPDATE alquimista_platform.tenant_users SET invited_by = "
        f"'{person}' WHERE tenant_id = '{one.tenant_id}'"
    )
    for company in (one, other):
        await export(here.db, None, company.tenant_id, tmp_path / "one.zip")
        await restore(there.db, tmp_path / "one.zip")
    members = there.rows("alquimista_platform.tenant_users", other.tenant_id)
    assert str(person) in {row["user_id"] for row in members}
