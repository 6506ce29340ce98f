import psycopg
import pytest
from typer.testing import CliRunner

from alquimista.cli.migrations import app
from alquimista.db.bootstrap import bootstrap

OWNER_MAY_CREATE = "SELECT has_database_privilege('alquimista_owner', current_database(), 'CREATE')"


@pytest.fixture
def run(monkeypatch):
    """`run("apply", …)` answers the exit code and what a person sees."""
    monkeypatch.setenv("COLUMNS", "200")

    def invoke(*arguments, answer=""):
        result = CliRunner().invoke(app, list(arguments), input=answer)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result.exit_code, result.output

    return invoke


@pytest.fixture
def owner_url(fresh_database) -> str:
    bootstrap(fresh_database.admin_url, fresh_database.settings)
    return fresh_database.owner_url


def test_the_list_needs_no_database_and_tells_why_a_number_is_skipped(run) -> None:
    code, output = run("list")
    assert code == 0
    assert "001_schemas" in output
    assert "009_create_subscription_tables" in output
    assert "skipped" in output
    assert "the end of trials, lives in 008" in " ".join(output.split())


def test_a_database_from_nothing_and_back(run, owner_url) -> None:
    at = ("--url", owner_url)
    assert "pending" in run("status", *at)[1]
    code, output = run("plan", *at, "--to", "1")
    assert code == 0
    assert "create schema fibonacci_core" in output
    assert "1 migration pending; nothing was changed." in output

    code, output = run("apply", *at, "--to", "3")
    assert (code, output.splitlines()[-1]) == (0, "3 migrations applied.")
    assert "003_platform" in output
    code, output = run("status", *at)
    assert run("verify", *at) == (0, "The database is as the files say.\n")
    assert run("plan", *at, "--only", "2") == (0, "Nothing is pending.\n")
    assert run("apply", *at, "--to", "3") == (0, "Nothing to do: the database is up to date.\n")

    code, output = run("rollback", *at, answer="n\n")
    assert code == 1
    assert "003_platform" in output
    assert "drop table alquimista_platform.tenants" in output
    code, output = run("rollback", *at, "--to", "0", "--yes")
    assert (code, output.splitlines()[-1]) == (0, "3 migrations undone.")
    assert run("rollback", *at) == (0, "Nothing to undo.\n")


def test_drift_ends_with_status_1_and_a_sentence(run, owner_url) -> None:
    run("apply", "--url", owner_url, "--to", "2")
    with psycopg.connect(owner_url) as conn:
        conn.execute("UPDATE public.migrations SET checksum = 'x' WHERE number = 1")
    code, output = run("verify", "--url", owner_url)
    assert code == 1
    assert output.startswith("001_schemas was edited after it was applied;")
    code, output = run("apply", "--url", owner_url)
    assert code == 2
    assert output.startswith("001_schemas was edited after it was applied;")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("apply", "--only", "9"), "009_create_subscription_tables is skipped: It duplicates 008"),
        (("apply", "--to", "990"), "There is no migration 990; see: alquimista migrations list."),
        (("apply", "--to", "1", "--only", "1"), "Give --to or --only, not both."),
        (("status",), "The database cannot be reached:"),
        (("new", "Bad Name"), "Write the name in small letters"),
    ],
)
def test_a_mistake_is_one_sentence_and_status_2(run, arguments, sentence) -> None:
    nowhere = () if arguments[0] == "new" else ("--url", "postgresql://nobody@127.0.0.1:1/none")
    code, output = run(*arguments, *nowhere)
    assert code == 2
    assert output.startswith(sentence)
    assert "Traceback" not in output


def test_applying_to_a_new_database_makes_its_roles_first(run, fresh_database, monkeypatch) -> None:
    monkeypatch.setenv("ALQUIMISTA_DATABASE_URL", fresh_database.admin_url)
    monkeypatch.setenv("ALQUIMISTA_SECRET_KEY", fresh_database.settings.secret_key)
    with psycopg.connect(fresh_database.admin_url) as admin:
        assert admin.execute(OWNER_MAY_CREATE).fetchone() == (False,)
    code, output = run("apply", "--to", "1")
    assert (code, output.splitlines()[-1]) == (0, "1 migration applied.")
    assert run("apply", "--to", "1") == (0, "Nothing to do: the database is up to date.\n")


def test_a_url_that_cannot_be_read_is_said_so(run, monkeypatch) -> None:
    monkeypatch.setenv("ALQUIMISTA_SECRET_KEY", "x9-Qe72hfkA_ps3Lw0vYmZtR8uBnCjD4")
    monkeypatch.setenv("ALQUIMISTA_DATABASE_URL", "db.internal")
    code, output = run("apply")
    assert (code, output.partition(" be read: ")[0]) == (2, "ALQUIMISTA_DATABASE_URL cannot")


def test_without_a_url_and_a_running_installation_it_says_what_to_do(run, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("ALQUIMISTA_SECRET_KEY", "x9-Qe72hfkA_ps3Lw0vYmZtR8uBnCjD4")
    monkeypatch.delenv("ALQUIMISTA_DATABASE_URL", raising=False)
    monkeypatch.setenv("ALQUIMISTA_DATA_DIR", str(tmp_path))
    code, output = run("status")
    assert code == 2
    assert output.startswith("Nothing runs from")
