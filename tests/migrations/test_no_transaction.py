import psycopg
import pytest

from alquimista.db.migrations.models import MigrationError
from alquimista.db.migrations.runner import apply, plan, rollback, status, verify

HEAD = "-- migrate:no-transaction\n"
INDEX = "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS books_title ON public.books (title);"


@pytest.fixture
def indexed(two):
    two.write("003_index", INDEX, "DROP INDEX CONCURRENTLY IF EXISTS public.books_title;", head=HEAD)
    return two


def indexes(url: str) -> dict[str, bool]:
    with psycopg.connect(url) as conn:
        sql = "SELECT indexrelid::regclass::text, indisvalid FROM pg_index WHERE indrelid = 'public.books'::regclass"
        return dict(conn.execute(sql).fetchall())


def test_a_concurrent_index_is_built_and_dropped_again(url, indexed) -> None:
    apply(url, chain=indexed.chain)
    assert indexes(url) == {"books_pkey": True, "books_title": True}
    rollback(url, chain=indexed.chain)
    assert indexes(url) == {"books_pkey": True}
    assert verify(url, indexed.chain) == ()


def test_a_build_that_failed_is_recorded_and_goes_on_after_its_cause_is_mended(url, indexed) -> None:
    apply(url, to=2, chain=indexed.chain)
    with psycopg.connect(url) as conn:
        conn.execute("INSERT INTO public.books VALUES (1, 'same'), (2, 'same')")
    with pytest.raises(MigrationError, match="003_index failed at line 3: could not create unique index"):
        apply(url, chain=indexed.chain)
    assert indexes(url)["books_title"] is False
    assert status(url, indexed.chain)[2].state == "running"
    assert verify(url, indexed.chain) == ("003_index was interrupted; run: alquimista migrations apply.",)

    with psycopg.connect(url) as conn:
        conn.execute("DELETE FROM public.books WHERE id = 2")
    assert [m.number for m in apply(url, chain=indexed.chain)] == [3]
    assert indexes(url)["books_title"] is True
    assert verify(url, indexed.chain) == ()


def test_an_interrupted_file_may_be_edited_before_it_goes_on(url, indexed) -> None:
    apply(url, to=2, chain=indexed.chain)
    with psycopg.connect(url) as conn:
        conn.execute("INSERT INTO public.books VALUES (1, 'same'), (2, 'same')")
    with pytest.raises(MigrationError):
        apply(url, chain=indexed.chain)
    indexed.write("003_index", INDEX.replace("UNIQUE ", ""), head=HEAD)
    apply(url, chain=indexed.chain)
    assert indexes(url)["books_title"] is True
    assert verify(url, indexed.chain) == ()


def test_an_interrupted_one_can_be_rolled_back_instead(url, indexed) -> None:
    apply(url, to=2, chain=indexed.chain)
    with psycopg.connect(url) as conn:
        conn.execute("INSERT INTO public.books VALUES (1, 'same'), (2, 'same')")
    with pytest.raises(MigrationError):
        apply(url, chain=indexed.chain)
    assert [m.number for m in rollback(url, chain=indexed.chain)] == [3]
    assert indexes(url) == {"books_pkey": True}


def test_a_plan_shows_such_statements_without_running_them(url, indexed) -> None:
    planned = plan(url, chain=indexed.chain)[2].statements[0]
    assert planned.statement.text == INDEX.removesuffix(";")
    assert planned.executed is False
    assert planned.locks == ()
