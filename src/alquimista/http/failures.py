"""How an unexpected failure is written to the log: where and what, without the values that were in play."""

import traceback

import psycopg


def describe(error: BaseException) -> str:
    """The failure and its causes, the outermost first: type, message and frames.

    A database error's own message and detail repeat the row's values, so only its SQLSTATE and constraint are told.
    """
    parts: list[str] = []
    current: BaseException | None = error
    while current is not None and len(parts) < 5:
        frames = "".join(traceback.format_tb(current.__traceback__))
        parts.append(f"{type(current).__name__}: {_message(current)}\n{frames}")
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "caused by ".join(parts)


def _message(error: BaseException) -> str:
    if isinstance(error, psycopg.Error):
        place = error.diag.constraint_name or error.diag.column_name or error.diag.table_name or ""
        return f"SQLSTATE {error.sqlstate} {place}".rstrip()
    return str(error)
