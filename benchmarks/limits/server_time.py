"""The server's own processor time for the usage statement, under row security and without, on one connection each.

Rates drift within seconds on a shared machine. Here the two alternate every few milliseconds, and the kernel tells what
each backend has used.
"""

from pathlib import Path
from random import Random
from typing import Final

import psycopg
from psycopg.pq import ExecStatus

from alquimista.clock import now
from alquimista.dashboards.queries.usage import TENANT
from alquimista.db.context import SET_CONTEXT
from benchmarks.data.people import Population
from benchmarks.harness.cluster import Site

_AHEAD: Final = 10  # Transactions in flight, as in the pipelined pgbench script.
_TOGETHER: Final = 30  # Reads between two looks at the clock.


class Backend:
    """One connection with both statements prepared, past the first executions, which are planned anew."""

    def __init__(self, url: str, session: str, people: Population, *, context: bool) -> None:
        self._conn = psycopg.connect(url, options=session, autocommit=True)
        self._context = context
        self._tenants = [str(tenant.id).encode() for tenant in people.tenants]
        self._dice = Random(2026)  # noqa: S311 - The same tenants for both.
        sql, names = TENANT.positional
        self._names = names
        self._values = {"days": b"30", "back": b"0", "now": now().isoformat().encode(), "agent_id": None}
        self._conn.pgconn.prepare(b"query", sql.encode())
        self._conn.pgconn.prepare(b"context", SET_CONTEXT.encode())
        self.microseconds()

    def microseconds(self) -> float:
        """Processor time of the backend for one read, over a few dozen."""
        before = self._used()
        for _ in range(_TOGETHER // _AHEAD):
            self._pipeline()
        return (self._used() - before) / _TOGETHER / 1000

    def close(self) -> None:
        """End it."""
        self._conn.close()

    def _pipeline(self) -> None:
        conn = self._conn.pgconn
        conn.enter_pipeline_mode()
        for tenant in self._dice.choices(self._tenants, k=_AHEAD):
            values = {**self._values, "tenant_id": tenant}
            if self._context:
                conn.send_query_prepared(b"context", [tenant])
            conn.send_query_prepared(b"query", [values[name] for name in self._names])
            conn.pipeline_sync()
        waiting = _AHEAD
        while waiting:
            result = conn.get_result()
            if result is None:
                continue
            assert result.status in {ExecStatus.TUPLES_OK, ExecStatus.PIPELINE_SYNC}, result.error_message
            waiting -= result.status == ExecStatus.PIPELINE_SYNC
        conn.exit_pipeline_mode()

    def _used(self) -> int:
        """Nanoseconds."""
        return int(Path(f"/proc/{self._conn.info.backend_pid}/schedstat").read_text().split()[0])


def both(site: Site, people: Population, session: str, rounds: int) -> tuple[list[float], list[float]]:
    """Microseconds for a read under row security and without, round by round; the order changes each round."""
    under = Backend(site.url("app"), session, people, context=True)
    without = Backend(site.url("admin"), session, people, context=False)
    found: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        turns = [(under, found[0]), (without, found[1])]
        for backend, figures in turns if number % 2 else reversed(turns):
            figures.append(backend.microseconds())
    under.close()
    without.close()
    return found
