import os
import stat
from pathlib import Path
from urllib.parse import unquote

import psycopg
import pytest

from alquimista.runtime.embedded import EmbeddedServer
from alquimista.runtime.failures import RefusedError, StartError


def ask(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as conn:
        row = conn.execute(query).fetchone()
        return None if row is None else row[0]


def run(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(statement)


def test_what_was_committed_is_there_after_stop_and_start(directory: Path) -> None:
    with EmbeddedServer(directory) as server:
        run(server.url, "CREATE TABLE kept AS SELECT 42 AS answer")
        url = server.url
    with pytest.raises(psycopg.OperationalError):
        ask(url, "SELECT 1")
    with EmbeddedServer(directory) as server:
        assert ask(server.url, "SELECT answer FROM kept") == 42


def test_it_writes_durably_and_sorts_the_same_everywhere(embedded: EmbeddedServer) -> None:
    assert ask(embedded.url, "SHOW fsync") == "on"
    assert ask(embedded.url, "SHOW server_encoding") == "UTF8"
    collation = "SELECT datlocprovider::text || datlocale FROM pg_database WHERE datname = current_database()"
    assert ask(embedded.url, collation) == "bC.UTF-8"
    assert ask(embedded.url, "SELECT upper('ação')") == "AÇÃO"


def test_it_listens_on_a_private_socket_alone(embedded: EmbeddedServer) -> None:
    assert ask(embedded.url, "SHOW listen_addresses") == ""
    folder = Path(unquote(embedded.url.split("host=")[1]))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert len(os.fsencode(folder / ".s.PGSQL.5432")) < 100


def test_everybody_needs_a_password_and_it_is_kept_as_scram(embedded: EmbeddedServer) -> None:
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        ask(embedded.plain_url.replace("///", "//postgres@/"), "SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        ask(embedded.plain_url.replace("///", "//postgres:guess@/"), "SELECT 1")
    assert ask(embedded.url, "SELECT string_agg(DISTINCT auth_method, ',') FROM pg_hba_file_rules") == "scram-sha-256"
    assert str(ask(embedded.url, "SELECT passwd FROM pg_shadow WHERE usename = 'postgres'")).startswith("SCRAM-SHA-256")


def test_the_log_holds_neither_statements_nor_the_values_of_rows(embedded: EmbeddedServer) -> None:
    run(embedded.url, "CREATE TABLE IF NOT EXISTS people (email text PRIMARY KEY)")
    run(embedded.url, "INSERT INTO people VALUES ('ana@example.com')")
    with pytest.raises(psycopg.errors.UniqueViolation):
        run(embedded.url, "INSERT INTO people VALUES ('ana@example.com')")
    log = embedded.log.read_text()
    assert "duplicate key" in log
    assert "ana@example.com" not in log


def test_a_cluster_of_another_major_version_is_refused_in_a_sentence(directory: Path) -> None:
    with EmbeddedServer(directory):
        pass
    version = directory / "postgres" / "PG_VERSION"
    ours = version.read_text()
    version.write_text("14\n")
    with pytest.raises(RefusedError, match=r"is a cluster of PostgreSQL 14, and this program brings \d+; dump it"):
        EmbeddedServer(directory).start()
    version.write_text(ours)


def test_a_cluster_without_its_secrets_is_refused_before_anything_starts(directory: Path) -> None:
    with EmbeddedServer(directory):
        pass
    secrets, aside = directory / "secrets.json", directory / "aside.json"
    secrets.rename(aside)
    with pytest.raises(RefusedError, match="is missing, and the database needs it"):
        EmbeddedServer(directory)
    secrets.write_text(f'{{"secret_key": "{"k" * 40}", "database_password": "another"}}')
    with pytest.raises(StartError, match=r"secrets\.json does not open the database"):
        EmbeddedServer(directory).start()
    aside.replace(secrets)


def test_an_initialisation_that_was_cut_short_starts_over_below_any_length_of_path(tmp_path: Path) -> None:
    directory = tmp_path / ("long" * 25)
    half = directory / "postgres.new"
    (half / "base").mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with EmbeddedServer(directory) as server:
        assert ask(server.url, "SELECT current_database()") == "alquimista"
    assert not half.exists()


def test_a_server_that_cannot_start_names_its_log(directory: Path) -> None:
    with EmbeddedServer(directory):
        pass
    configuration = directory / "postgres" / "postgresql.conf"
    good = configuration.read_text()
    configuration.write_text(good + "shared_buffers = '1 parsec'\n")
    with pytest.raises(StartError, match=r"PostgreSQL did not start \(exit status 1\); its log is .*postgres\.log"):
        EmbeddedServer(directory).start()
    configuration.write_text(good)
