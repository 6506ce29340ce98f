"""Roles belong to a whole server, so these tests have one of their own."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import psycopg
import pytest
from psycopg import sql

from alquimista.config import ConfigError, Settings, new_secret
from alquimista.db.bootstrap import bootstrap
from alquimista.db.roles import ROLES, role_name, role_url
from support.databases import FreshDatabase, at, empty_database
from support.servers import Guardian, Server, wanted

FACTS = """
SELECT rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolinherit, rolreplication
  FROM pg_roles WHERE rolname LIKE 'alquimista%' ORDER BY 1
"""


@pytest.fixture(scope="module")
def lonely_server() -> Iterator[Server]:
    with Guardian(wanted()) as guardian:
        yield guardian.server


@pytest.fixture
def empty(lonely_server: Server) -> Iterator[FreshDatabase]:
    """An empty database on a server without our roles, before and after."""
    with empty_database(lonely_server) as fresh:
        yield fresh
    with psycopg.connect(lonely_server.url, autocommit=True) as admin:
        for role in ROLES:
            admin.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role_name(role))))


def one(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as conn:
        row = conn.execute(query).fetchone()
    assert row is not None
    return row[0]


def test_the_roles_may_sign_in_and_nothing_more(empty: FreshDatabase):
    for _ in range(2):
        bootstrap(empty.admin_url, empty.settings)
    with psycopg.connect(empty.admin_url) as admin:
        facts = admin.execute(FACTS).fetchall()
    assert [fact[0] for fact in facts] == sorted(role_name(role) for role in ROLES)
    assert {fact[1:] for fact in facts} == {(True, False, False, False, False, False, False)}
    for role in ROLES:
        url = role_url(empty.settings, role)
        owner = role == "owner"
        assert one(url, "SELECT has_database_privilege(current_database(), 'CREATE')") is owner
        assert one(url, "SELECT has_schema_privilege('public', 'CREATE')") is owner


def test_passwords_are_stored_as_scram_verifiers_and_asked(empty: FreshDatabase):
    bootstrap(empty.admin_url, empty.settings)
    with psycopg.connect(empty.admin_url) as admin:
        stored = admin.execute("SELECT rolpassword FROM pg_authid WHERE rolname LIKE 'alquimista%'").fetchall()
    assert {password[:14] for (password,) in stored} == {"SCRAM-SHA-256$"}
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(empty.admin_url, user="alquimista_app", password="wrong")


def test_many_at_once_and_for_several_databases_succeed(empty: FreshDatabase, lonely_server: Server):
    with ExitStack() as stack, ThreadPoolExecutor(9) as threads:
        others = [stack.enter_context(empty_database(lonely_server)) for _ in range(2)]
        jobs = [threads.submit(bootstrap, d.admin_url, d.settings) for d in (empty, *others) for _ in range(3)]
        for job in jobs:
            job.result()
        for database in (empty, *others):
            assert one(role_url(database.settings, "app"), "SELECT 1") == 1


def test_an_administrator_with_createrole_who_owns_the_database_is_enough(empty: FreshDatabase):
    name = one(empty.admin_url, "SELECT current_database()")
    with psycopg.connect(empty.admin_url, autocommit=True) as admin:
        admin.execute("CREATE ROLE \"the admin\" LOGIN CREATEROLE NOSUPERUSER PASSWORD 'p'")
        admin.execute(f'ALTER DATABASE {name} OWNER TO "the admin"')
    url = at(empty.admin_url, str(name), user="the admin", password="p")
    try:
        for _ in range(2):
            bootstrap(url, empty.settings)
        assert one(role_url(empty.settings, "owner"), "SELECT has_schema_privilege('public', 'CREATE')") is True
    finally:
        with psycopg.connect(empty.admin_url, autocommit=True) as admin:
            admin.execute('REASSIGN OWNED BY "the admin" TO CURRENT_USER')
            for role in ROLES:
                admin.execute(f"DROP OWNED BY {role_name(role)}; DROP ROLE {role_name(role)}")
            admin.execute('DROP OWNED BY "the admin"; DROP ROLE "the admin"')


@pytest.mark.parametrize(
    ("rights", "owner", "advice"),
    [("NOCREATEROLE", "weak", "CREATEROLE"), ("CREATEROLE", "CURRENT_USER", "run once as its owner: GRANT")],
)
def test_missing_rights_are_told_with_the_statement_that_mends_them(
    empty: FreshDatabase, rights: str, owner: str, advice: str
):
    name = one(empty.admin_url, "SELECT current_database()")
    with psycopg.connect(empty.admin_url, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE weak LOGIN {rights} PASSWORD 'p'")
        admin.execute(f"ALTER DATABASE {name} OWNER TO {owner}")
    try:
        with pytest.raises(ConfigError, match=advice):
            bootstrap(at(empty.admin_url, str(name), user="weak", password="p"), empty.settings)
    finally:
        with psycopg.connect(empty.admin_url, autocommit=True) as admin:
            admin.execute("REASSIGN OWNED BY weak TO CURRENT_USER; DROP OWNED BY weak")
            for role in ROLES:
                admin.execute(f"DROP ROLE IF EXISTS {role_name(role)}")
            admin.execute("DROP ROLE weak")


def test_roles_of_another_secret_key_are_told_and_left_alone(empty: FreshDatabase):
    bootstrap(empty.admin_url, empty.settings)
    other = Settings(secret_key=new_secret(), database_url=empty.settings.database_url)
    with pytest.raises(ConfigError, match="ALQUIMISTA_SECRET_KEY"):
        bootstrap(empty.admin_url, other)
    assert one(role_url(empty.settings, "app"), "SELECT 1") == 1


@pytest.mark.parametrize("power", ["SUPERUSER", "BYPASSRLS"])
def test_an_existing_role_that_passes_by_row_security_is_refused(empty: FreshDatabase, power: str):
    with psycopg.connect(empty.admin_url, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE alquimista_app LOGIN {power}")
    with pytest.raises(ConfigError, match="ALTER ROLE alquimista_app NOSUPERUSER NOBYPASSRLS"):
        bootstrap(empty.admin_url, empty.settings)


def test_a_database_of_ours_alone_is_closed_to_everyone_else(empty: FreshDatabase):
    bootstrap(empty.admin_url, empty.settings)
    assert one(empty.admin_url, "SELECT has_database_privilege('pg_monitor', current_database(), 'CONNECT')") is False
    assert one(role_url(empty.settings, "app"), "SELECT has_database_privilege(current_database(), 'TEMP')") is False


def test_a_database_that_others_use_stays_open_to_them(empty: FreshDatabase):
    with psycopg.connect(empty.admin_url, autocommit=True) as admin:
        admin.execute("CREATE TABLE public.theirs (n int)")
    bootstrap(empty.admin_url, empty.settings)
    assert one(empty.admin_url, "SELECT has_database_privilege('pg_monitor', current_database(), 'CONNECT')") is True


def test_a_server_that_cannot_be_reached_is_one_sentence_without_the_password():
    url = "postgresql://me:s3cr3t@/x?host=/nowhere/at/all"
    with pytest.raises(ConfigError, match="cannot be prepared") as told:
        bootstrap(url, Settings(secret_key=new_secret(), database_url=url))
    assert "s3cr3t" not in str(told.value)
    assert "\n" not in str(told.value)
