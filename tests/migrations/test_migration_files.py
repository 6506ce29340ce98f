from pathlib import Path

import pytest

from alquimista.db.migrations.files import CHAIN, Chain
from alquimista.db.migrations.models import MigrationError, Skipped, checksum
from alquimista.db.migrations.runner import list_files, new


def test_the_founding_numbers_are_all_there_and_each_skipped_one_has_its_reason() -> None:
    listed = {one.number: one for one in list_files()}
    assert list(listed)[:18] == list(range(1, 19))
    assert [n for n, one in listed.items() if one.state == "skipped"] == [9, 11, 12, 13, 14, 16]
    assert "duplicates 008" in str(listed[9].reason)
    assert "lives in 008" in str(listed[9].reason)
    assert all(len(str(skipped.reason)) > 40 for skipped in CHAIN.skipped)


def test_the_checksum_ignores_line_ends_and_trailing_blanks_only() -> None:
    assert checksum("a\nb\n") == checksum("\ufeffa  \r\nb\t\n\n\n")
    assert checksum("a\nb\n") != checksum("a\n b\n")
    assert checksum("-- a\n") != checksum("-- b\n")


def test_a_new_migration_takes_the_next_number_and_can_be_read(tmp_path: Path) -> None:
    chain = Chain(tmp_path, (Skipped(1, "gone", "no need"),))
    assert new("first_one", chain).name == "002_first_one.sql"
    assert new("next", chain).name == "003_next.sql"
    assert [m.label for m in chain.load()] == ["002_first_one", "003_next"]


@pytest.mark.parametrize("name", ["", "With Capitals", "dash-ed", "../up", "a__b", "é"])
def test_a_new_migration_with_a_strange_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(MigrationError, match="small letters"):
        new(name, Chain(tmp_path))
    assert not list(tmp_path.iterdir())


def test_a_number_used_twice_is_refused(two) -> None:
    two.write("002_again", "SELECT 1;")
    with pytest.raises(MigrationError, match="002 is used twice"):
        two.chain.load()


def test_a_gap_in_the_numbers_is_refused(two) -> None:
    two.write("004_late", "SELECT 1;")
    with pytest.raises(MigrationError, match="no migration 003"):
        two.chain.load()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("SELECT 1;", "needs one line `-- migrate:up`"),
        ("-- migrate:down\n-- migrate:up\n", "needs one line `-- migrate:up`"),
        ("-- migrate:up\n-- migrate:up\n-- migrate:down\n", "needs one line `-- migrate:up`"),
        ("-- migrate:up\n-- migrate:downn\n", "needs one line `-- migrate:up`"),
        ("-- migrate:up\n-- migrate:no-transaction\n-- migrate:down\n", "stands before"),
        ("SELECT 1;\n-- migrate:up\n-- migrate:down\n", "SQL before"),
        ("-- migrate:up\n\n/* x */ COMMIT;\n-- migrate:down\n", "line 3: the runner opens and closes"),
        ("-- migrate:up\n-- migrate:down\nBEGIN; SELECT 1; END", "line 3: the runner opens and closes"),
        (
            "-- migrate:no-transaction\n-- migrate:up\nCREATE INDEX CONCURRENTLY i ON a.b (c);\n-- migrate:down\n",
            "line 3: outside a transaction a statement must be repeatable",
        ),
        ("-- migrate:up\nSELECT 'x;\n-- migrate:down\n", "Line 2: the quote ' is never closed"),
    ],
)
def test_a_file_that_breaks_a_rule_is_refused_by_name_and_line(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "001_bad.sql").write_text(text)
    with pytest.raises(MigrationError, match=r"^001_bad\.sql: ") as refused:
        Chain(tmp_path).load()
    assert reason in str(refused.value)


def test_a_file_with_a_strange_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "1_Bad.sql").write_text("-- migrate:up\n-- migrate:down\n")
    with pytest.raises(MigrationError, match="must be called"):
        Chain(tmp_path).load()
