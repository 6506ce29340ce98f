import pytest

from alquimista.db.migrations.models import Lock, MigrationError
from alquimista.db.migrations.runner import apply, plan, status


def test_a_plan_shows_each_statement_with_its_locks_and_changes_nothing(url, two, tables) -> None:
    apply(url, to=1, chain=two.chain)
    two.write("003_more", "CREATE TABLE public.pages (book int REFERENCES public.books);")
    title, more = plan(url, chain=two.chain)
    assert [m.migration.number for m in (title, more)] == [2, 3]
    assert title.statements[0].statement.text == "ALTER TABLE public.books ADD title text"
    assert title.statements[0].locks == (Lock("public.books", "AccessExclusiveLock", existing=True),)
    locks = set(more.statements[0].locks)
    assert Lock("public.books", "ShareRowExclusiveLock", existing=True) in locks
    assert Lock("public.pages", "AccessExclusiveLock", existing=False) in locks
    assert all(not lock.existing for lock in locks if not lock.relation.startswith("public.books"))
    assert tables() == {"books"}
    assert [one.state for one in status(url, two.chain)] == ["applied", "pending", "pending"]


def test_a_plan_on_an_empty_database_leaves_it_empty(url, two, tables) -> None:
    assert len(plan(url, chain=two.chain)) == 2
    assert tables() == set()
    assert len(plan(url, to=1, chain=two.chain)) == 1


def test_a_plan_tells_what_would_fail_and_where(url, two, tables) -> None:
    two.write("003_bad", "CREATE TABLE public.half ();\nSELECT 1/0;")
    with pytest.raises(MigrationError, match=r"003_bad would fail at line 3: division by zero\. Nothing was changed\."):
        plan(url, chain=two.chain)
    assert tables() == set()


def test_nothing_pending_is_an_empty_plan(url, two) -> None:
    apply(url, chain=two.chain)
    assert plan(url, chain=two.chain) == ()
