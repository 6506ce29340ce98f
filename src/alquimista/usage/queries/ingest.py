"""Writing events: keys, rows and sums in one statement, which is one transaction."""

import struct
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from uuid import UUID

import msgspec

from alquimista.db.rows import Packed
from alquimista.db.statement import Conn, Statement
from alquimista.usage.models.events import Row
from alquimista.usage.queries.sums import NAMES, from_requests


class Key(msgspec.Struct, frozen=True):
    """The key of an event that was counted before."""

    key: UUID


# The keys that are known are looked up first, and the others simply inserted: ON CONFLICT would take twice the time for
# each. A writer of the same events at the same moment makes one of the two fail as a whole, by the primary key; it
# tries again, and then knows them. Keys go in sorted, so that the two wait for each other instead of locking up.
#
# Rows come as one array of a composite type in binary: an array for each column cost four times as much to read. The
# arrays are hidden in sub-selects, so that the planner cannot see how long they are: else it would plan every short
# write anew, which takes as long as running it.
WRITE = Statement(
    f"""
    WITH known AS MATERIALIZED (
      SELECT key FROM alquimista_platform.event_keys
      WHERE tenant_id = %(tenant_id)s AND key = ANY ((SELECT %(keys)s::uuid[])::uuid[])
    ), fresh AS MATERIALIZED (
      SELECT * FROM unnest((SELECT %(rows)s::alquimista_platform.sent_request[])) AS sent
      WHERE id NOT IN (SELECT key FROM known) ORDER BY id
    ), claimed AS (
      INSERT INTO alquimista_platform.event_keys (tenant_id, key, seen_on)
      SELECT %(tenant_id)s, id, %(today)s::date FROM fresh
    ), stored AS (
      INSERT INTO alquimista_platform.agent_requests (tenant_id, received_at, id, agent_id, occurred_at, cost_micros,
        response_time_ms, input_tokens, output_tokens, requests, status, currency, model, source, trace_id, span_id,
        event_id)
      SELECT %(tenant_id)s, %(received_at)s::timestamptz, fresh.* FROM fresh
    ), summed AS (
      INSERT INTO alquimista_platform.usage_deltas (tenant_id, batch_id, hour, agent_id, currency, {NAMES})
      SELECT %(tenant_id)s, %(batch_id)s::uuid, hour, agent_id, currency, {NAMES}
      FROM ({from_requests("fresh")}) AS sums
    )
    SELECT key FROM known
    """,  # noqa: S608 - The interpolations are constant column lists.
    Key,
)

# The binary form of a sent_request: the number of its columns, then each one's type, length and value.
_COLUMNS: Final = len(Row.__struct_fields__)
_COLUMN: Final = struct.Struct(">ii").pack
_UUID, _TIME, _INT8, _INT4, _INT2 = (_COLUMN(*it) for it in ((2950, 16), (1184, 8), (20, 8), (23, 4), (21, 2)))
_NUMBERS: Final = struct.Struct(">i8s16s8s16s8sq8sq8si8si8si8sh").pack
_EMPTY: Final = _COLUMN(25, 0)
_LENGTH: Final = struct.Struct(">i").pack
_ARRAY: Final = struct.Struct(">iiiii").pack  # Dimensions, nulls, the items' type (0: as declared), count, lower bound.
_FIRST_MOMENT: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def packed(row: Row) -> bytes:
    """A row as an item of sent_request[]."""
    numbers = _NUMBERS(
        _COLUMNS,
        _UUID, row.key,
        _UUID, row.agent_id.bytes,
        _TIME, (row.occurred_at - _FIRST_MOMENT) // _MICROSECOND,
        _INT8, row.cost_micros,
        _INT4, row.response_time_ms,
        _INT4, row.input_tokens,
        _INT4, row.output_tokens,
        _INT2, row.requests,
    )  # fmt: skip
    kind = _frequent(row.status, row.currency, row.model, row.source)
    body = b"".join((numbers, kind, _text(row.trace_id), _text(row.span_id), _text(row.event_id)))
    return _LENGTH(len(body)) + body


def _text(value: str) -> bytes:
    if not value:
        return _EMPTY
    encoded = value.encode()
    return _COLUMN(25, len(encoded)) + encoded


@lru_cache(1024)
def _frequent(*values: str) -> bytes:
    """Texts that are the same in many rows."""
    return b"".join(map(_text, values))


async def write(
    conn: Conn, tenant_id: UUID, rows: Mapping[bytes, bytes], batch_id: UUID, received_at: datetime
) -> set[bytes]:
    """Write events once; the keys that were known already, whose events leave no trace.

    `rows` are packed, by their keys. All or nothing: on an exception no event is written.

    Raises:
        UniqueViolation: somebody has written one of them since the statement began. Nothing was written; try again.
    """
    known = await conn.fetch(
        WRITE,
        tenant_id=tenant_id,
        batch_id=batch_id,
        received_at=received_at,
        today=received_at.astimezone(UTC).date(),
        keys=Packed(_ARRAY(1, 0, 2950, len(rows), 1) + b"".join([b"\0\0\0\x10" + key for key in rows])),
        rows=Packed(_ARRAY(1, 0, 0, len(rows), 1) + b"".join(rows.values())),
    )
    return {row.key.bytes for row in known}
