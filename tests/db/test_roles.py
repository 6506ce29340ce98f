from urllib.parse import quote

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from alquimista.config import ConfigError, Settings
from alquimista.db.roles import ROLES, connection_info, role_name, role_password, role_url

KEY = "0123456789abcdef0123456789abcdef"


def parts(database_url: str) -> dict[str, object]:
    found = conninfo_to_dict(role_url(Settings(secret_key=KEY, database_url=database_url), "app"))
    assert found.pop("user") == "alquimista_app"
    assert found.pop("password") == role_password(Settings(secret_key=KEY), "app")
    return found


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://host/name", {"host": "host", "dbname": "name"}),
        ("postgres://admin:p%40ss%2Fword@host:6432/name", {"host": "host", "port": "6432", "dbname": "name"}),
        ("postgresql:///name?host=/run/my%20socket", {"host": "/run/my socket", "dbname": "name"}),
        ("postgresql://%2Frun%2Fpg/name", {"host": "/run/pg", "dbname": "name"}),
        ("postgresql://[::1]:5433/name", {"host": "::1", "port": "5433", "dbname": "name"}),
        (
            "postgresql://a:1,b:2/name?target_session_attrs=read-write",
            {"host": "a,b", "port": "1,2", "dbname": "name", "target_session_attrs": "read-write"},
        ),
        (
            "postgresql://host/name?sslmode=verify-full&sslrootcert=/etc/my%20ca.pem",
            {"host": "host", "dbname": "name", "sslmode": "verify-full", "sslrootcert": "/etc/my ca.pem"},
        ),
        ("postgresql://host/a%20name%2Fwith%3Fodd%26", {"host": "host", "dbname": "a name/with?odd&"}),
        (
            "postgresql://host/name?options=-c%20geqo%3Doff&passfile=/x&user=root",
            {"host": "host", "dbname": "name", "options": "-c geqo=off"},
        ),
        ("host=/tmp dbname='my db' user=me password='a b'", {"host": "/tmp", "dbname": "my db"}),
    ],
)
def test_all_but_the_user_and_password_stays(url: str, expected: dict[str, object]):
    assert parts(url) == expected


def test_every_role_has_a_name_and_password_of_its_own():
    settings = Settings(secret_key=KEY)
    assert len({role_password(settings, role) for role in ROLES}) == 4
    assert {role_name(role) for role in ROLES} == {
        "alquimista_owner",
        "alquimista_app",
        "alquimista_internal",
        "alquimista_login",
    }
    for role in ROLES:
        password = role_password(settings, role)
        assert len(password) == 43
        assert quote(password, safe="") == password


def test_an_address_that_cannot_be_read_is_told_without_its_password():
    for url in ("postgresql://me:s3cr3t@[host/name", "nonsense s3cr3t", "postgresql://me:s3cr3t@h/n?colour=blue"):
        with pytest.raises(ConfigError, match="ALQUIMISTA_DATABASE_URL cannot be read") as told:
            role_url(Settings(secret_key=KEY, database_url=url), "app")
        assert "s3cr3t" not in str(told.value)
        assert told.value.__cause__ is None


def test_the_sessions_settings_join_those_of_the_address():
    url = "postgresql://host/name?options=-c%20geqo%3Doff&connect_timeout=2&application_name=mine"
    info = conninfo_to_dict(connection_info(Settings(secret_key=KEY, database_url=url), "login"))
    assert info["options"].startswith("-c geqo=off -c statement_timeout=")
    assert (info["connect_timeout"], info["application_name"]) == ("2", "mine")


def test_sessions_have_time_limits_and_run_in_utc(migrated):
    with psycopg.connect(connection_info(migrated.settings, "app")) as conn:
        for setting in ("statement_timeout", "idle_in_transaction_session_timeout"):
            assert conn.execute("SELECT current_setting(%s)", [setting]).fetchone() != ("0",)
        assert conn.execute("SHOW timezone").fetchone() == ("UTC",)
        assert conn.execute("SHOW application_name").fetchone() == ("alquimista app",)
