"""Creates the database roles on a server: everything that needs more rights than `alquimista_owner` has.

It touches nothing else: no other role, database or schema. The administrator must be able to create roles and to
grant on the database (its owner with CREATEROLE is enough; a superuser is not needed), PostgreSQL 15 to 18.
"""

from typing import Final

import psycopg
from psycopg import sql

from alquimista.config import ConfigError, Settings
from alquimista.db.roles import ROLES, Role, role_name, role_password, role_url

__all__ = ["bootstrap", "role_url"]

_CONNECT_TIMEOUT_S: Final = 10
_OLDEST: Final = 15_00_00
_LOCK: Final = "SELECT pg_advisory_lock(hashtextextended('alquimista bootstrap', 0))"

_EXISTS: Final = """
SELECT rolsuper OR rolbypassrls FROM pg_catalog.pg_roles WHERE rolname = %s
"""
_CREATE: Final = sql.SQL(
    "CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION NOBYPASSRLS "
    "PASSWORD {password}"
)
# Each privilege that a role needs, how to ask whether it has it, and how to give it.
_HAS_DATABASE: Final = "SELECT has_database_privilege(%s, current_database(), %s)"
_HAS_PUBLIC: Final = "SELECT has_schema_privilege(%s, 'public', %s)"
_GRANT_DATABASE: Final = sql.SQL("GRANT {privilege} ON DATABASE {database} TO {role}")
_GRANT_PUBLIC: Final = sql.SQL("GRANT {privilege} ON SCHEMA public TO {role}")
# Closing a database to PUBLIC is right when it is ours alone: its owner asks, and it still holds nothing.
_OURS_AND_EMPTY: Final = """
SELECT pg_catalog.pg_get_userbyid(d.datdba) = current_user AND d.datname <> 'postgres'
   AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                    WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema')
  FROM pg_catalog.pg_database d WHERE d.datname = current_database()
"""


_INSTALLED: Final = "SELECT to_regnamespace('alquimista_platform') IS NOT NULL"


def installed(admin_url: str) -> bool:
    """Whether the database holds an installation already, of whatever version. Changes nothing.

    Raises:
        ConfigError: the server cannot be reached.
    """
    try:
        with psycopg.connect(admin_url, connect_timeout=_CONNECT_TIMEOUT_S) as admin:
            row = admin.execute(_INSTALLED).fetchone()
    except psycopg.Error as error:
        raise ConfigError(f"The database cannot be looked at: {_sentence(error)}.") from error
    return row is not None and bool(row[0])


def bootstrap(admin_url: str, settings: Settings) -> None:
    """Create the four roles with the passwords that derive from the secret key, and grant them the database.

    Idempotent, and safe when several processes do it at once.

    Args:
        admin_url: a role that may create roles and grant on the database, connected to our database.
        settings: `database_url` is the same database as the other processes will reach it.

    Raises:
        ConfigError: one sentence that says what to change: the server cannot be reached or is too old, rights are
            missing, or the roles exist with the password of another secret key.
    """
    try:
        with psycopg.connect(admin_url, autocommit=True, connect_timeout=_CONNECT_TIMEOUT_S) as admin:
            _prepare(admin, settings)
    except psycopg.Error as error:
        raise ConfigError(f"The database cannot be prepared: {_sentence(error)}.") from error
    for role in ROLES:
        _verify_sign_in(settings, role)


def _prepare(admin: psycopg.Connection, settings: Settings) -> None:
    if admin.info.server_version < _OLDEST:
        raise ConfigError(f"PostgreSQL 15 or later is needed; this server is {admin.info.server_version // 10000}.")
    admin.execute(_LOCK)
    _close_to_public(admin)
    for role in ROLES:
        _ensure_role(admin, settings, role)
        _ensure(admin, _HAS_DATABASE, _GRANT_DATABASE, "CONNECT", role)
    _ensure(admin, _HAS_DATABASE, _GRANT_DATABASE, "CREATE", "owner")
    for privilege in ("USAGE", "CREATE"):
        _ensure(admin, _HAS_PUBLIC, _GRANT_PUBLIC, privilege, "owner")


def _close_to_public(admin: psycopg.Connection) -> None:
    row = admin.execute(_OURS_AND_EMPTY).fetchone()
    if row is not None and row[0]:
        database = sql.Identifier(admin.info.dbname)
        admin.execute(sql.SQL("REVOKE CONNECT, TEMPORARY ON DATABASE {} FROM PUBLIC").format(database))


def _ensure_role(admin: psycopg.Connection, settings: Settings, role: Role) -> None:
    name = role_name(role)
    if (powerful := _powerful(admin, name)) is None:
        # The verifier, not the password, is sent: statements may be logged by the server.
        verifier = admin.pgconn.encrypt_password(
            role_password(settings, role).encode(), name.encode(), b"scram-sha-256"
        ).decode()
        try:
            admin.execute(_CREATE.format(role=sql.Identifier(name), password=sql.Literal(verifier)))
        except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
            pass  # Roles belong to the whole server: a bootstrap of another database was faster.
        except psycopg.errors.InsufficientPrivilege:
            raise ConfigError(
                f"The user {admin.info.user} may not create the database role {name}; "
                f"run once as an administrator: ALTER ROLE {_quoted(admin.info.user)} CREATEROLE."
            ) from None
        powerful = _powerful(admin, name)
    if powerful:
        raise ConfigError(
            f"The database role {name} exists and ignores row-level security; "
            f"run once as an administrator: ALTER ROLE {name} NOSUPERUSER NOBYPASSRLS."
        )


def _powerful(admin: psycopg.Connection, name: str) -> bool | None:
    row = admin.execute(_EXISTS, [name]).fetchone()
    return None if row is None else bool(row[0])


def _ensure(admin: psycopg.Connection, ask: str, grant: sql.SQL, privilege: str, role: Role) -> None:
    """Grant what is missing. A grant without the right to give it may be a mere warning, so ask again."""
    name = role_name(role)
    statement = grant.format(
        privilege=sql.SQL(privilege), database=sql.Identifier(admin.info.dbname), role=sql.Identifier(name)
    )
    if _answer(admin, ask, name, privilege):
        return
    try:
        admin.execute(statement)
    except psycopg.errors.InsufficientPrivilege:
        granted = False
    else:
        granted = _answer(admin, ask, name, privilege)
    if not granted:
        raise ConfigError(
            f"The user {admin.info.user} may not grant rights on the database {admin.info.dbname}; "
            f"run once as its owner: {statement.as_string(admin)}."
        )


def _answer(admin: psycopg.Connection, question: str, name: str, privilege: str) -> bool:
    row = admin.execute(question, [name, privilege]).fetchone()
    return row is not None and bool(row[0])


def _verify_sign_in(settings: Settings, role: Role) -> None:
    try:
        psycopg.connect(role_url(settings, role), connect_timeout=_CONNECT_TIMEOUT_S).close()
    except psycopg.OperationalError as error:
        raise ConfigError(
            f"The database role {role_name(role)} cannot sign in with the password that derives from "
            f"ALQUIMISTA_SECRET_KEY, as when it was made with another secret key; set the key it was made with, "
            f"or change the role's password (the server says: {_sentence(error)})."
        ) from error


def _quoted(name: str) -> str:
    return sql.Identifier(name).as_string()


def _sentence(error: psycopg.Error) -> str:
    """The server's or libpq's words on one line, without a final stop. They never hold a password."""
    return " ".join(str(error).split()).rstrip(".")
