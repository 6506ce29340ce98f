"""The tenant of a transaction: the only module that sets it.

The row-level-security policies compare tenant_id with `nullif(current_setting('app.tenant_id', true), '')::uuid`.
The setting is transaction-local, so nothing of it is left on the connection for the next user. It is set by a
statement of its own ahead of the query: beside the query, in a CTE or select list, the planner may read rows first.
Citus propagates SET LOCAL but not set_config: to run there, change the two texts here.
"""

from typing import Final
from uuid import UUID

SETTING: Final = "app.tenant_id"
SET_CONTEXT: Final = f"SELECT pg_catalog.set_config('{SETTING}', $1, true)"


def context_value(tenant_id: UUID | None) -> str:
    """The setting's text; without a tenant it is empty, and then no tenant's row is visible.

    Raises:
        TypeError: the id is not a UUID. The text is put into SQL, so nothing else may pass.
    """
    if tenant_id is None:
        return ""
    if type(tenant_id) is not UUID:
        raise TypeError(f"A tenant id is a UUID, not {type(tenant_id).__name__}")
    return str(tenant_id)


def begin(tenant_id: UUID | None, *, read_only: bool = False, one_moment: bool = False) -> str:
    """SQL that opens a transaction with its context in a single message, so that it costs one round trip.

    With `one_moment` all of its statements see the database as it is at the first one.
    """
    mode = "BEGIN READ ONLY" if read_only else "BEGIN"
    mode += (", " if read_only else " ") + "ISOLATION LEVEL REPEATABLE READ" if one_moment else ""
    return f"{mode}; SELECT pg_catalog.set_config('{SETTING}', '{context_value(tenant_id)}', true)"
