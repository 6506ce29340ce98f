import pytest

from alquimista.db.migrations.models import MigrationError
from alquimista.db.migrations.splitter import split, without_comments


def texts(sql: str) -> list[str]:
    return [statement.text for statement in split(sql)]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT ';'",
        "SELECT 'it''s; so'",
        r"SELECT E'a\';b'",
        r"SELECT '\', ';'",
        'SELECT 1 AS "a;b""c;"',
        "SELECT $$a;b$$",
        "SELECT $q$ $$;$$ ';' $q$",
        "SELECT 1 /* a; /* nested; */ b; */ + 1",
        "SELECT 1 -- a;b\n + 1",
        "CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM a; DELETE FROM b)",
        "PREPARE p AS SELECT $1 + 1",
        "SELECT a$b$c;"[:-1],
        "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END",
        "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END; $$",
    ],
)
def test_a_statement_is_never_cut_inside(statement: str) -> None:
    assert texts(f"SELECT 0; {statement};\nSELECT 9") == ["SELECT 0", statement, "SELECT 9"]


def test_comments_and_blanks_between_statements_are_no_statements() -> None:
    assert texts("-- one;\n;; /* two; */ ;\n") == []


def test_each_statement_knows_its_line() -> None:
    assert [s.line for s in split("SELECT 1;\n\n-- why\nSELECT\n 2; SELECT 3", first_line=10)] == [10, 13, 14]


@pytest.mark.parametrize("sql", ["SELECT 'a", 'SELECT "a', "SELECT $x$ a", "SELECT /* a /* b */"])
def test_an_unclosed_quote_is_told_with_its_line(sql: str) -> None:
    with pytest.raises(MigrationError, match=r"Line 2: .* is never closed"):
        split(f"SELECT 1;\n{sql}")


def test_a_long_title_is_shortened_to_one_line() -> None:
    assert split("SELECT\n 1")[0].title == "SELECT 1"
    assert len(split("SELECT " + "1 + " * 100 + "1")[0].title) == 100


def test_comments_are_taken_out_but_not_from_quotes() -> None:
    assert without_comments("CREATE /* x */ INDEX -- y\n  a ON '-- z'") == "CREATE INDEX a ON '-- z'"
