"""SQL that counts what was refused lately, in all tenants; for the internal role."""

from datetime import datetime
from typing import Final

import msgspec

from alquimista.db.statement import Conn, Statement


class Failures(msgspec.Struct, frozen=True):
    """How often an act failed, and how many known people and keys tried."""

    count: int
    actors: int


SINCE: Final = Statement(
    """
    SELECT count(*) AS count, count(DISTINCT actor_id) AS actors FROM alquimista_platform.audit_logs
    WHERE result = 'failure' AND action = %(action)s AND occurred_at >= %(since)s
    """,
    Failures,
)


async def since(conn: Conn, action: str, moment: datetime) -> Failures:
    """How often an act failed since a moment."""
    found = await conn.fetch_one(SINCE, action=action, since=moment)
    assert found is not None
    return found
