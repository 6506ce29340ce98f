"""Raw events straight into their table, partitioned and indexed as it is, without deduplication, sums or HTTP.

The rows, as in load/ingest_batches.lua, are made ahead in the server and taken from it as it would like to get them
back: in binary. The table is emptied before each measurement: use a site of its own.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple
from uuid import UUID

import psycopg
from psycopg import Connection
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGconn

from alquimista.db.roles import Role
from benchmarks.data.people import Population
from benchmarks.harness.cluster import Site

BATCH: Final = 500
TENANTS: Final = 50
_TABLE: Final = "alquimista_platform.agent_requests"
_TYPES: Final = {
    "occurred_at": "timestamptz",
    "id": "uuid",
    "agent_id": "uuid",
    "requests": "smallint",
    "status": "text",
    "response_time_ms": "integer",
    "input_tokens": "integer",
    "output_tokens": "integer",
    "cost_micros": "bigint",
    "currency": "text",
    "model": "text",
    "trace_id": "text",
    "span_id": "text",
    "source": "text",
    "event_id": "text",
    "received_at": "timestamptz",
}
_COLUMNS: Final = ", ".join(_TYPES)
_ARRAYS: Final = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(_TYPES.values(), 2))
_INSERT: Final = f"INSERT INTO {_TABLE} (tenant_id, {_COLUMNS}) SELECT $1::uuid, * FROM unnest({_ARRAYS})"  # noqa: S608
_COPY: Final = f"COPY {_TABLE} (tenant_id, {_COLUMNS}) FROM STDIN (FORMAT binary)"
_MAKE: Final = f"""
CREATE TEMP TABLE made ON COMMIT DROP AS
SELECT n / {BATCH} AS batch, (%(tenants)s::uuid[])[n / {BATCH} %% cardinality(%(tenants)s::uuid[]) + 1] AS tenant_id,
  now() - n %% 3600 * interval '1 second' AS occurred_at, uuidv7() AS id,
  (%(agents)s::uuid[])[n %% cardinality(%(agents)s::uuid[]) + 1] AS agent_id, 1::smallint AS requests,
  CASE WHEN n %% 80 = 0 THEN 'error' ELSE 'success' END AS status, 100 + n * 37 %% 3000 AS response_time_ms,
  300 + n %% 200 AS input_tokens, 80 + n %% 50 AS output_tokens, 1900::bigint AS cost_micros, 'BRL' AS currency,
  'gpt-4o-mini' AS model, '' AS trace_id, '' AS span_id, 'urn:agente' AS source, 'evento-0-0-' || n AS event_id,
  now() AS received_at
FROM generate_series(0, %(rows)s - 1) AS n
"""  # noqa: S608 - A constant.


class Batch(NamedTuple):
    """Rows of one tenant: the parameters of the insert, as the server writes them."""

    tenant_id: UUID
    values: Sequence[bytes]


class RawInsert:
    """Measures a site. `rows` are written in each measurement."""

    def __init__(self, site: Site, people: Population, rows: int) -> None:
        self._site = site
        self._rows = rows - rows % BATCH
        tenants = [tenant.id for tenant in people.tenants[:TENANTS]]
        agents = [agent_id for agent_id, _ in people.tenants[0].agents]
        with psycopg.connect(site.url("admin")) as conn:
            conn.execute(_MAKE.encode(), {"tenants": tenants, "agents": agents, "rows": self._rows})
            self._batches = _batches(conn)
            self._blocks = [_block(conn, tenant_id) for tenant_id in tenants]

    def unnest(self, role: Role, connections: int) -> float:
        """Rows a second: each batch of 500 is a transaction of the role under the batch's tenant."""

        def write(share: int) -> None:
            with psycopg.connect(self._site.url(role), autocommit=True) as conn:
                _run(conn.pgconn.prepare(b"insert", _INSERT.encode()).status)
                for batch in self._batches[share::connections]:
                    _write(conn.pgconn, batch)

        return self._measure(write, connections)

    def copy(self, connections: int) -> float:
        """Rows a second: COPY of each tenant's rows, as superuser; it is refused to whoever is under row security."""

        def write(share: int) -> None:
            with psycopg.connect(self._site.url("admin"), autocommit=True) as conn:
                for block in self._blocks[share::connections]:
                    with conn.cursor().copy(_COPY) as copy:
                        copy.write(block)

        return self._measure(write, connections)

    def _measure(self, write: Callable[[int], None], connections: int) -> float:
        self._site.admin(f"TRUNCATE {_TABLE}")
        with ThreadPoolExecutor(connections) as threads:
            started = time.perf_counter()
            list(threads.map(write, range(connections)))
            taken = time.perf_counter() - started
        [(found,)] = self._site.admin(f"SELECT count(*) FROM {_TABLE}")  # noqa: S608 - A constant.
        assert found == self._rows
        return self._rows / taken


def _write(server: PGconn, batch: Batch) -> None:
    """Three round trips; libpq waits without the interpreter's lock."""
    context = f"BEGIN; SELECT set_config('app.tenant_id', '{batch.tenant_id}', true)"
    _run(server.exec_(context.encode()).status)
    values = [batch.tenant_id.bytes, *batch.values]
    _run(server.exec_prepared(b"insert", values, [Format.BINARY] * len(values)).status)
    _run(server.exec_(b"COMMIT").status)


def _run(status: int) -> None:
    assert status in {ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK}


def _batches(conn: Connection) -> list[Batch]:
    arrays = ", ".join(f"array_agg({name})" for name in _TYPES)
    cursor = conn.cursor(binary=True)
    cursor.execute(f"SELECT tenant_id, {arrays} FROM made GROUP BY batch, tenant_id ORDER BY batch".encode())  # noqa: S608
    found = cursor.pgresult
    assert found is not None
    rows = ([found.get_value(row, column) or b"" for column in range(found.nfields)] for row in range(found.ntuples))
    return [Batch(UUID(bytes=tenant_id), values) for tenant_id, *values in rows]


def _block(conn: Connection, tenant_id: UUID) -> bytes:
    query = f"COPY (SELECT tenant_id, {_COLUMNS} FROM made WHERE tenant_id = '{tenant_id}') TO STDOUT (FORMAT binary)"  # noqa: S608
    with conn.cursor().copy(query.encode()) as copy:
        return b"".join(map(bytes, copy))
