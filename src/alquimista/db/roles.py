"""The four database roles, and how each one signs in."""

import base64
from typing import Final, Literal
from urllib.parse import quote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from alquimista.config import ConfigError, Settings
from alquimista.db.crypto import derive

Role = Literal["owner", "app", "internal", "login"]
STATEMENT_TIMEOUT_S: Final = 30
_CONNECT_TIMEOUT_S: Final = 5
# A transaction left open (say, while an outside service hangs) holds locks and a pooled connection: end it.
_IDLE_IN_TRANSACTION_S: Final = 60
# A plan is made once for a connection, perhaps while a table is empty, and is in use when the table holds millions of
# rows: to read an empty table from end to end is cheapest, and ever dearer afterwards. All that the app reads of a
# tenant has an index. (jit: PostgreSQL 15 takes a plan that it was told to avoid for one that is worth compiling.)
_PLANS: Final = {"enable_seqscan": "off", "jit": "off"}
ROLES: Final[tuple[Role, ...]] = ("owner", "app", "internal", "login")


def role_name(role: Role) -> str:
    """The role's name on the server."""
    return f"alquimista_{role}"


def role_password(settings: Settings, role: Role) -> str:
    """The role's password: a subkey of the secret key, so that every process knows it and nobody stores it."""
    return base64.urlsafe_b64encode(derive(settings, f"database role {role}")).decode().rstrip("=")


def role_url(settings: Settings, role: Role) -> str:
    """`settings.database_url` with the role's user and password.

    All else stays: hosts, several of them too, ports, socket directories, sslmode and other parameters.

    Raises:
        ConfigError: there is no database URL, or libpq cannot read it.
    """
    if not settings.database_url:
        raise ConfigError(
            "Set ALQUIMISTA_DATABASE_URL to a PostgreSQL address such as postgresql://user@host:5432/name."
        )
    try:
        parts = conninfo_to_dict(settings.database_url)
    except psycopg.ProgrammingError:
        # The parser's own message repeats the address, and with it the password.
        raise ConfigError(
            "ALQUIMISTA_DATABASE_URL cannot be read: write it as postgresql://user@host:5432/name, "
            "with odd characters percent-encoded."
        ) from None
    for own in ("user", "password", "passfile"):
        parts.pop(own, None)
    name = parts.pop("dbname", None) or ""
    # Host and port travel as parameters: there, lists and socket directories need no special case.
    query = urlencode(parts, quote_via=quote)
    return f"postgresql://{role_name(role)}:{role_password(settings, role)}@/{quote(str(name), safe='')}?{query}"


def connection_info(settings: Settings, role: Role) -> str:
    """How a process connects as the role: what to reach, how long to try, and the session's settings.

    A statement that runs too long is ended by the server, never by a cancel request: on a connection that many
    share, a cancel may hit a neighbour's statement.
    """
    url = role_url(settings, role)
    given = conninfo_to_dict(url)
    session = {
        "statement_timeout": STATEMENT_TIMEOUT_S * 1000,
        "idle_in_transaction_session_timeout": _IDLE_IN_TRANSACTION_S * 1000,
        "timezone": "UTC",
        **(_PLANS if role == "app" else {}),
    }
    options = " ".join([str(given.get("options") or ""), *(f"-c {name}={value}" for name, value in session.items())])
    defaults: dict[str, str | int] = {
        "connect_timeout": _CONNECT_TIMEOUT_S,
        "keepalives_idle": 30,
        "application_name": f"alquimista {role}",
    }
    own = {name: value for name, value in defaults.items() if name not in given}
    return make_conninfo(url, options=options.strip(), client_encoding="utf8", **own)
