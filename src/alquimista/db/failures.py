"""Which database errors mean "try again soon" and not "this is wrong"."""

from typing import Final

import psycopg
from psycopg.errors import FeatureNotSupported, InvalidSqlStatementName

# SQLSTATE classes: connection exception, insufficient resources, operator intervention (shutdown, statement_timeout).
_UNAVAILABLE: Final = frozenset({"08", "53", "57"})


def is_unavailable(error: psycopg.Error) -> bool:
    """Whether the server is overloaded, ran out of time, or the connection is lost."""
    if error.sqlstate is None:
        return isinstance(error, psycopg.OperationalError)
    return error.sqlstate[:2] in _UNAVAILABLE or is_stale_plan(error)


def is_stale_plan(error: psycopg.Error) -> bool:
    """Whether a prepared statement is gone, or answers other columns since a migration: prepare it again."""
    if isinstance(error, InvalidSqlStatementName):
        return True
    return isinstance(error, FeatureNotSupported) and error.diag.source_function == "RevalidateCachedQuery"
