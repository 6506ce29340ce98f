import psycopg
import pytest
from psycopg.rows import class_row

from alquimista.db.bootstrap import bootstrap, role_url
from alquimista.db.migrations import session
from alquimista.db.migrations.models import MigrationError, Row, Skipped, State
from alquimista.db.migrations.runner import Chain, apply, rollback, rollback_steps, status, verify


def ledger(url: str) -> list[Row]:
    with psycopg.connect(url, row_factory=class_row(Row)) as conn:
        return conn.execute("SELECT * FROM public.migrations ORDER BY number").fetchall()


def states(url: str, chain: Chain) -> dict[str, str]:
    return {one.label: one.state for one in status(url, chain)}


def test_apply_runs_what_is_pending_once_and_records_it(url, two, tables) -> None:
    assert states(url, two.chain) == {"001_books": "pending", "002_title": "pending"}
    assert [m.label for m in apply(url, chain=two.chain)] == ["001_books", "002_title"]
    assert tables() == {"books"}
    assert states(url, two.chain) == {"001_books": "applied", "002_title": "applied"}
    rows = ledger(url)
    assert [(r.number, r.name, r.status) for r in rows] == [
        (1, "books", State.APPLIED),
        (2, "title", State.APPLIED),
    ]
    assert rows[0].checksum == two.chain.load()[0].checksum
    assert rows[0].applied_by == psycopg.conninfo.conninfo_to_dict(url)["user"]
    assert rows[0].applied_at.utcoffset() is not None
    assert apply(url, chain=two.chain) == ()
    assert verify(url, two.chain) == ()


def test_apply_stops_at_the_asked_number(url, two) -> None:
    assert [m.number for m in apply(url, to=1, chain=two.chain)] == [1]
    assert verify(url, two.chain) == ()
    assert states(url, two.chain)["002_title"] == "pending"


def test_only_one_leaves_a_gap_that_verify_tells_and_apply_fills(url, files) -> None:
    files.write("001_a", "CREATE TABLE public.a ();", "DROP TABLE public.a;")
    files.write("002_b", "CREATE TABLE public.b ();", "DROP TABLE public.b;")
    assert [m.number for m in apply(url, only=2, chain=files.chain)] == [2]
    assert verify(url, files.chain) == ("001_a is not applied, though 002 is; run: alquimista migrations apply.",)
    assert [m.number for m in apply(url, chain=files.chain)] == [1]
    assert verify(url, files.chain) == ()


def test_rollback_without_a_number_undoes_the_last_one(url, two, tables) -> None:
    apply(url, chain=two.chain)
    assert [m.number for m in rollback_steps(url, chain=two.chain)] == [2]
    assert [m.number for m in rollback(url, chain=two.chain)] == [2]
    assert tables() == {"books"}


def test_rollback_to_zero_undoes_all_in_reverse_and_can_begin_again(url, two, tables) -> None:
    apply(url, chain=two.chain)
    assert [m.number for m in rollback(url, to=0, chain=two.chain)] == [2, 1]
    assert tables() == set()
    assert ledger(url) == []
    assert rollback(url, to=0, chain=two.chain) == ()
    assert len(apply(url, chain=two.chain)) == 2


def test_an_edited_applied_file_is_refused_everywhere(url, two, tables) -> None:
    apply(url, to=1, chain=two.chain)
    two.write("001_books", "CREATE TABLE public.books (id bigint PRIMARY KEY);", "DROP TABLE public.books;")
    assert states(url, two.chain) == {"001_books": "edited", "002_title": "pending"}
    assert verify(url, two.chain) == (
        "001_books was edited after it was applied; put the file back and write the change as a new migration.",
    )
    for refused in (apply, rollback):
        with pytest.raises(MigrationError, match="001_books was edited"):
            refused(url, chain=two.chain)
    assert tables() == {"books"}


def test_a_pending_file_may_still_be_edited(url, two) -> None:
    apply(url, to=1, chain=two.chain)
    two.write("002_title", "ALTER TABLE public.books ADD heading text;")
    assert [m.number for m in apply(url, chain=two.chain)] == [2]


def test_a_database_from_a_newer_version_is_refused(url, two) -> None:
    apply(url, chain=two.chain)
    (two.chain.directory / "002_title.sql").unlink()
    assert states(url, two.chain) == {"001_books": "applied", "002_title": "unknown"}
    assert "002_title is applied but has no file here" in verify(url, two.chain)[0]
    for refused in (apply, rollback):
        with pytest.raises(MigrationError, match="002_title, which has no file here"):
            refused(url, chain=two.chain)


def test_a_failing_migration_leaves_nothing_and_keeps_those_before_it(url, two, tables) -> None:
    two.write("003_bad", "CREATE TABLE public.half ();\n\nSELECT 1/0;")
    with pytest.raises(MigrationError) as failed:
        apply(url, chain=two.chain)
    assert str(failed.value) == ("003_bad failed at line 4: division by zero. The database is as it was before it.")
    assert tables() == {"books"}
    assert [row.number for row in ledger(url)] == [1, 2]


def test_a_constraint_that_fails_at_the_commit_leaves_nothing(url, two, tables) -> None:
    two.write(
        "003_late",
        "CREATE TABLE public.pages (book int REFERENCES public.books DEFERRABLE INITIALLY DEFERRED);"
        "INSERT INTO public.pages VALUES (7);",
    )
    with pytest.raises(MigrationError, match=r"003_late failed: .*foreign key"):
        apply(url, chain=two.chain)
    assert tables() == {"books"}


def test_a_failing_rollback_leaves_the_migration_applied(url, files, tables) -> None:
    files.write("001_a", "CREATE TABLE public.a ();", "DROP TABLE public.a; SELECT 1/0;")
    apply(url, chain=files.chain)
    with pytest.raises(MigrationError, match="division by zero"):
        rollback(url, chain=files.chain)
    assert tables() == {"a"}
    assert [row.status for row in ledger(url)] == [State.APPLIED]


def test_a_name_without_its_schema_is_a_mistake(url, files) -> None:
    files.write("001_a", "CREATE TABLE a ();")
    with pytest.raises(MigrationError, match="no schema has been selected"):
        apply(url, chain=files.chain)


def test_a_migration_cannot_change_the_settings_of_the_next(url, files) -> None:
    files.write("001_a", "SET search_path = public; SET lock_timeout = 0; CREATE TABLE a ();")
    files.write("002_b", "CREATE TABLE b ();")
    with pytest.raises(MigrationError, match="002_b failed"):
        apply(url, chain=files.chain)


def test_a_table_in_use_is_given_up_soon_with_the_reason(url, two, monkeypatch) -> None:
    apply(url, to=1, chain=two.chain)
    monkeypatch.setitem(session.IN_TRANSACTION, "lock_timeout", "100ms")
    with psycopg.connect(url) as other:
        other.execute("SELECT * FROM public.books")
        with pytest.raises(MigrationError, match="002_title failed at line 2: others are using a table"):
            apply(url, chain=two.chain)
    assert [m.number for m in apply(url, chain=two.chain)] == [2]


def test_a_skipped_or_unknown_number_is_refused_with_the_reason(url, two) -> None:
    chain = Chain(two.chain.directory, (Skipped(3, "gone", "nobody needs it."),))
    with pytest.raises(MigrationError, match="003_gone is skipped: nobody needs it"):
        apply(url, only=3, chain=chain)
    with pytest.raises(MigrationError, match="no migration 042"):
        apply(url, to=42, chain=chain)
    with pytest.raises(MigrationError, match="no migration 042"):
        rollback(url, to=42, chain=chain)
    with pytest.raises(MigrationError, match="not both"):
        apply(url, to=1, only=1, chain=chain)


def test_a_ledger_of_another_tool_is_not_touched(url, two) -> None:
    with psycopg.connect(url) as conn:
        conn.execute("CREATE TABLE public.migrations (id serial, migration_name text)")
    with pytest.raises(MigrationError, match="made by another tool"):
        apply(url, chain=two.chain)


def test_an_unreachable_server_is_told_in_a_sentence_without_the_password(two) -> None:
    with pytest.raises(MigrationError, match="cannot be reached") as refused:
        apply("postgresql://me:hidden-word@127.0.0.1:1/x", chain=two.chain)
    assert "hidden-word" not in str(refused.value)
    with pytest.raises(MigrationError, match="cannot be read"):
        apply("mysql://x y", chain=two.chain)


def test_a_role_without_the_right_to_create_is_told_so(fresh_database, two) -> None:
    bootstrap(fresh_database.admin_url, fresh_database.settings)
    with pytest.raises(MigrationError, match="The database answered: permission denied for schema public"):
        apply(role_url(fresh_database.settings, "app"), chain=two.chain)
