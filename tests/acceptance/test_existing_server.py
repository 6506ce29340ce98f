"""A PostgreSQL that others use too: the platform works in it, adds only what is its own, and tells no password."""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from alquimista.db.roles import ROLES, role_name
from support.databases import FreshDatabase, empty_database
from support.installation import Browser, Demo, Installation
from support.servers import Server

pytestmark = pytest.mark.timeout(300)
OURS = {"alquimista_platform", "fibonacci_core", "nigredo_leads"}
NEIGHBOUR = """
CREATE SCHEMA crm;
CREATE TYPE crm.stage AS ENUM ('lead', 'won');
CREATE TABLE crm.customers (id integer PRIMARY KEY, name text NOT NULL, stage crm.stage NOT NULL DEFAULT 'lead');
CREATE INDEX customers_name ON crm.customers (name);
CREATE VIEW crm.winners AS SELECT name FROM crm.customers WHERE stage = 'won';
CREATE FUNCTION crm.total() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM crm.customers';
CREATE TABLE public.invoices (number integer PRIMARY KEY, amount numeric NOT NULL);
CREATE TABLE public.sessions (id text PRIMARY KEY);
INSERT INTO crm.customers SELECT n, 'customer ' || n, 'won' FROM generate_series(1, 500) n;
INSERT INTO public.invoices SELECT n, n * 10.5 FROM generate_series(1, 500) n;
"""
# Every object with its owner, its rights and its place, but for PostgreSQL's own and those in our schemas.
CATALOGUE = """
SELECT kind, place, name, owner, rights FROM (
  SELECT 'schema', '', nspname::text, nspowner::regrole::text, nspacl::text FROM pg_namespace
  UNION ALL
  SELECT 'relation ' || relkind::text, relnamespace::regnamespace::text, relname::text, relowner::regrole::text,
         relacl::text FROM pg_class
  UNION ALL
  SELECT 'function', pronamespace::regnamespace::text, proname::text, proowner::regrole::text, proacl::text FROM pg_proc
  UNION ALL
  SELECT 'type', typnamespace::regnamespace::text, typname::text, typowner::regrole::text, typacl::text FROM pg_type
  UNION ALL
  SELECT 'role', '', rolname::text, '', concat(rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolconfig)
    FROM pg_roles
  UNION ALL
  SELECT 'extension', '', extname::text, extowner::regrole::text, extversion FROM pg_extension
  UNION ALL
  SELECT 'trigger', tgrelid::regclass::text, tgname::text, '', tgenabled::text FROM pg_trigger
   WHERE tgrelid::regclass::text LIKE ANY ('{crm.%,invoices,sessions}')
  UNION ALL
  SELECT 'policy', polrelid::regclass::text, polname::text, '', '' FROM pg_policy
   WHERE polrelid::regclass::text LIKE ANY ('{crm.%,invoices,sessions}')
  UNION ALL
  SELECT 'event trigger', '', evtname::text, evtowner::regrole::text, '' FROM pg_event_trigger
  UNION ALL
  SELECT 'default rights', defaclnamespace::text, defaclobjtype::text, defaclrole::regrole::text, defaclacl::text
    FROM pg_default_acl WHERE defaclrole::regrole::text NOT LIKE 'alquimista%'
  UNION ALL
  SELECT 'setting', setdatabase::text, setrole::text, '', setconfig::text FROM pg_db_role_setting
   WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
) AS everything (kind, place, name, owner, rights)
 WHERE place NOT LIKE ALL ('{pg\\_%,information_schema}') AND name NOT LIKE 'pg\\_%'
"""
CONTENTS = """
SELECT (SELECT md5(string_agg(c::text, ',' ORDER BY id)) FROM crm.customers c),
       (SELECT md5(string_agg(i::text, ',' ORDER BY number)) FROM public.invoices i), crm.total()
"""
CONNECTED = """
SELECT DISTINCT usename::text FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


class Neighbourhood:
    """A database with somebody else's data, as its administrator sees it, and an installation that is to use it."""

    def __init__(self, fresh: FreshDatabase, data_dir: Path, server: Server) -> None:
        self.url = fresh.admin_url
        with psycopg.connect(self.url, autocommit=True) as admin:
            admin.execute(NEIGHBOUR)
        self.before, self.contents = self.objects(), self.ask(CONTENTS)
        # The run's server may have our roles already, with the passwords of the run's secret key.
        self.home = Installation(data_dir, database_url=self.url, secret_key=server.secret_key)

    def ask(self, query: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url) as admin:
            return admin.execute(query).fetchall()

    def objects(self) -> dict[tuple[str, ...], tuple[str, ...]]:
        """Kind, place and name of everything; then its owner and its rights."""
        return {row[:3]: row[3:] for row in self.ask(CATALOGUE)}


@pytest.fixture(scope="module")
def shared(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neighbourhood]:
    with empty_database(server) as fresh:
        neighbourhood = Neighbourhood(fresh, tmp_path_factory.mktemp("home") / "data", server)
        yield neighbourhood
        neighbourhood.home.end()


def test_only_its_own_is_added_and_the_neighbours_data_is_left_alone(shared: Neighbourhood) -> None:
    home = shared.home
    assert home.up.get("/health/ready").json()["ok"] is True
    demo = home.demo
    assert Browser(home.address).sign_in(demo.user("TENANT_ADMIN")).url.path == "/app/dashboard"
    with demo.api() as api:
        agent = api.get("/tenant/agents").json()["agents"][0]["id"]
        sent = {"agent_id": agent, "status": "success", "response_time_ms": 5, "idempotency_key": uuid4().hex}
        assert api.post("/v1/agent-requests", json=sent).json()["accepted"] == 1
    assert not (home.data_dir / "postgres").exists()
    assert set(home.up.children()) == {"serve", "worker"}
    assert home.stop() == 0

    before, after = shared.before, shared.objects()
    assert shared.ask(CONTENTS) == shared.contents
    public = ("schema", "", "public")
    assert {key: after.get(key) for key in before if key != public} == {k: v for k, v in before.items() if k != public}
    new = {key: after[key] for key in after.keys() - before.keys()}
    assert {name for kind, _, name in new if kind == "schema"} == OURS
    assert {name for kind, _, name in new if kind == "role"} <= {role_name(role) for role in ROLES}
    assert {owner for (kind, _, _), (owner, _) in new.items() if kind != "role"} == {"alquimista_owner"}
    assert {place for _, place, _ in new if place} == OURS | {"public"}
    assert not {kind for kind, _, _ in new} & {"extension", "event trigger", "setting", "default rights"}
    # In public, which others use too, the owner of our tables gained the right to make them, and nobody anything else.
    gained = set(after[public][1].strip("{}").split(",")) - set(before[public][1].strip("{}").split(","))
    assert {grant.partition("=")[0] for grant in gained} == {"alquimista_owner"}


def test_the_administrators_password_is_nowhere_to_be_seen(shared: Neighbourhood) -> None:
    home, password = shared.home, conninfo_to_dict(shared.url)["password"]
    assert isinstance(password, str)
    said = home.up.said
    assert home.up.get("/health/ready").status_code == 200
    for name, pid in home.up.children().items():
        for part in ("environ", "cmdline"):
            assert password not in Path(f"/proc/{pid}/{part}").read_text(), f"{part} of {name}"
    connected = {user for (user,) in shared.ask(CONNECTED)}
    assert connected <= {role_name(role) for role in ROLES}
    home.stop()
    kept = [path for path in home.data_dir.rglob("*") if path.is_file()]
    assert [path.name for path in kept if path.suffix == ".log"]
    for path in kept:
        assert password not in path.read_text(errors="replace"), path
    assert password not in "".join(said)


def test_a_directory_that_was_used_with_another_database_starts_afresh_in_this_one(
    shared: Neighbourhood, server: Server
) -> None:
    home = shared.home
    assert home.up.get("/health/live").status_code == 200
    first = home.demo
    home.stop()
    with empty_database(server) as other:
        moved = Installation(home.data_dir, database_url=other.admin_url, secret_key=server.secret_key)
        try:
            assert moved.up.get("/health/live").status_code == 200
            now_there = Demo(**json.loads((home.data_dir / "demo-credentials.json").read_text()))
            assert now_there.users == first.users
            assert now_there.api_keys != first.api_keys
            with now_there.api() as api:
                usage = api.get("/tenant/usage", params={"period": "30d"}).json()
            assert all(day["total_requests"] > 0 for day in usage["daily_data"][:-1])
            assert Browser(moved.address).sign_in(now_there.user("TENANT_ADMIN")).url.path == "/app/dashboard"
        finally:
            moved.end()
