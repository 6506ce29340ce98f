"""Row security as the roles meet it: a row of two tenants in every tenant table, then each role in turn."""

from typing import Any

import psycopg
import pytest
from psycopg import errors, sql

from support.databases import FreshDatabase
from support.sample_rows import Samples, samples, statement
from support.tenancy_rules import DELETABLE, SIGN_IN, tenant_tables

CNPJ = ("11222333000181", "12ABC34501DE35")


def table_name(table: str) -> sql.Identifier:
    return sql.Identifier(*table.split("."))


def has(conn: psycopg.Connection[Any], table: str, privilege: str) -> bool:
    """Whether the connected role holds the privilege on the table or any of its columns."""
    asked = conn.execute("SELECT has_any_column_privilege(%s, %s)", [table, privilege]).fetchone()
    return bool(asked and asked[0])


def refused() -> Any:
    """Expect the policy's refusal, which comes before any constraint's."""
    return pytest.raises(errors.InsufficientPrivilege, match="row-level security")


def count(conn: psycopg.Connection[Any], table: str) -> int:
    row = conn.execute(sql.SQL("SELECT count(tenant_id) FROM {}").format(table_name(table))).fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture(scope="module")
def tables(migrated: FreshDatabase) -> list[str]:
    with psycopg.connect(migrated.admin_url) as conn:
        return tenant_tables(conn)


@pytest.fixture(scope="module")
def both(migrated: FreshDatabase, tables: list[str]) -> tuple[Samples, Samples]:
    """Two tenants with a row each in every tenant table. Their maker keeps its connection."""
    conn = psycopg.connect(migrated.admin_url, autocommit=True)
    conn.execute(
        "CREATE TABLE alquimista_platform.agent_requests_2026_03 PARTITION OF alquimista_platform.agent_requests"
        " FOR VALUES FROM ('2026-03-01Z') TO ('2026-04-01Z')"
    )
    ours, theirs = (samples(conn, cnpj) for cnpj in CNPJ)
    for maker in (ours, theirs):
        for table in tables:
            maker.insert(table)
    return ours, theirs


def test_the_app_sees_its_tenants_rows_and_no_others(both, tables, as_role, subtests):
    ours = both[0]
    with as_role("app", ours.tenant_id) as conn:
        for table in tables:
            with subtests.test(table=table):
                rows = conn.execute(sql.SQL("SELECT tenant_id FROM {}").format(table_name(table))).fetchall()
                assert rows
                assert {row[0] for row in rows} == {ours.tenant_id}


@pytest.mark.parametrize("unset", [None, ""])
def test_without_a_tenant_the_app_sees_nothing_and_meets_no_error(both, tables, as_role, subtests, unset):
    with as_role("app", unset) as conn:
        for table in (*tables, "alquimista_platform.tenants", "alquimista_platform.users"):
            column = "tenant_id" if table in tables else "id"
            with subtests.test(table=table):
                query = sql.SQL("SELECT {} FROM {}").format(sql.Identifier(column), table_name(table))
                assert conn.execute(query).fetchall() == []


def test_after_a_commit_a_transactions_tenant_is_gone(both, as_role):
    with as_role("app") as conn:
        with conn.transaction():
            conn.execute("SELECT set_config('app.tenant_id', %s, true)", [str(both[0].tenant_id)])
            assert count(conn, "nigredo_leads.leads") == 1
        assert count(conn, "nigredo_leads.leads") == 0


def test_a_tenant_that_is_not_an_id_is_an_error_not_an_open_door(as_role):
    with as_role("app", "everyone") as conn, pytest.raises(errors.InvalidTextRepresentation):
        count(conn, "nigredo_leads.leads")


def test_writing_a_row_of_another_tenant_is_refused(both, tables, as_role, subtests):
    ours, theirs = both
    with as_role("app", ours.tenant_id) as conn:
        for table in tables:
            if has(conn, table, "INSERT"):
                row = theirs.made[table]
                with (
                    subtests.test(table=table),
                    refused(),
                ):
                    conn.execute(statement(table, row), row)


def test_giving_a_row_to_another_tenant_is_refused(both, tables, as_role, subtests):
    ours, theirs = both
    with as_role("app", ours.tenant_id) as conn:
        for table in tables:
            if has(conn, table, "UPDATE"):
                change = sql.SQL("UPDATE {} SET tenant_id = %s").format(table_name(table))
                # Where the app may write some columns only, the grants refuse before row security is asked.
                whole = conn.execute("SELECT has_table_privilege(%s, 'UPDATE')", [table]).fetchone() == (True,)
                with (
                    subtests.test(table=table),
                    refused() if whole else pytest.raises(errors.InsufficientPrivilege, match="permission denied"),
                ):
                    conn.execute(change, [theirs.tenant_id])


def test_what_the_app_deletes_is_its_own(both, tables, as_role, admin, subtests):
    ours, theirs = both
    for table in sorted(DELETABLE & set(tables)):
        with subtests.test(table=table), as_role("app", ours.tenant_id) as conn:
            with conn.transaction(force_rollback=True):
                assert conn.execute(sql.SQL("DELETE FROM {}").format(table_name(table))).rowcount == 1
            change = sql.SQL("DELETE FROM {} WHERE tenant_id = %s").format(table_name(table))
            assert conn.execute(change, [theirs.tenant_id]).rowcount == 0


def test_staff_reads_every_tenant_and_writes_none(both, tables, as_role, subtests):
    with as_role("internal") as conn:
        for table in tables:
            with subtests.test(table=table):
                seen = conn.execute(sql.SQL("SELECT tenant_id FROM {}").format(table_name(table))).fetchall()
                assert {maker.tenant_id for maker in both} <= {row[0] for row in seen}
                assert not any(has(conn, table, privilege) for privilege in ("INSERT", "UPDATE"))


def test_sign_in_tables_are_closed_to_tenants_and_staff(both, as_role, subtests):
    for role in ("app", "internal"):
        with as_role(role, both[0].tenant_id) as conn:
            for table in sorted(SIGN_IN):
                with subtests.test(role=role, table=table), pytest.raises(errors.InsufficientPrivilege):
                    conn.execute(sql.SQL("SELECT FROM {}").format(table_name(table)))


def test_a_partition_cannot_be_read_past_its_parent(both, as_role):
    for role in ("app", "internal"):
        with as_role(role, both[0].tenant_id) as conn, pytest.raises(errors.InsufficientPrivilege):
            conn.execute("SELECT FROM alquimista_platform.agent_requests_2026_03")


def test_the_owner_without_a_tenant_touches_no_row(both, tables, as_role, subtests):
    with as_role("owner") as conn:
        for table in tables:
            with subtests.test(table=table):
                assert count(conn, table) == 0


def test_a_tenant_knows_its_own_people_and_no_others(both, as_role):
    ours = both[0]
    with as_role("app", ours.tenant_id) as conn:
        rows = conn.execute("SELECT id FROM alquimista_platform.users").fetchall()
        assert rows == [(ours.made["alquimista_platform.tenant_users"]["user_id"],)]
        assert conn.execute("SELECT id FROM alquimista_platform.tenants").fetchall() == [(ours.tenant_id,)]


def test_views_show_what_their_reader_may_see(both, admin, as_role, subtests):
    views = [
        f"{schema}.{name}"
        for schema, name in admin.execute(
            "SELECT schemaname, viewname FROM pg_views WHERE schemaname IN"
            " ('fibonacci_core', 'nigredo_leads', 'alquimista_platform', 'public')"
        )
    ]
    assert len(views) >= 5
    with as_role("app", both[0].tenant_id) as conn:
        for view in views:
            with subtests.test(view=view):
                rows = conn.execute(sql.SQL("SELECT tenant_id FROM {}").format(table_name(view))).fetchall()
                assert {row[0] for row in rows} == {both[0].tenant_id}


def test_a_key_cannot_cross_tenants(both, tables, admin, subtests):
    """Even past row security, a row of ours that refers to a row of theirs breaks its foreign key."""
    ours, theirs = both
    admin.execute("SET search_path = ''")
    crossing = admin.execute(
        "SELECT c.conrelid::regclass::text, mine.attname, c.confrelid::regclass::text, aims.attname"
        " FROM pg_constraint c"
        " JOIN pg_attribute mine ON mine.attrelid = c.conrelid AND mine.attnum = c.conkey[2]"
        " JOIN pg_attribute aims ON aims.attrelid = c.confrelid AND aims.attnum = c.confkey[2]"
        " WHERE c.contype = 'f' AND c.conparentid = 0 AND c.conrelid::regclass::text = ANY (%s)",
        [tables],
    ).fetchall()
    assert len(crossing) > 10
    for table, column, target, aim in crossing:
        change = sql.SQL("UPDATE {} SET {} = %s WHERE tenant_id = %s").format(table_name(table), sql.Identifier(column))
        with subtests.test(table=table, column=column), admin.transaction(force_rollback=True):
            admin.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(table_name(table)))
            admin.execute("SET CONSTRAINTS ALL IMMEDIATE")  # Some are asked about at the end only.
            with pytest.raises(errors.ForeignKeyViolation):
                admin.execute(change, [theirs.made[target][aim], ours.tenant_id])
