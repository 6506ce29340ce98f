"""The usage statement through pgbench: what PostgreSQL answers when its client costs next to nothing."""

import os
import re
import subprocess
from enum import Enum
from itertools import islice
from math import ceil
from pathlib import Path
from random import Random
from typing import Final

import psycopg

from alquimista.clock import now
from alquimista.dashboards.queries.usage import TENANT
from alquimista.runtime import binaries
from benchmarks.data.people import Population
from benchmarks.harness.cluster import Site

DAYS: Final = 30
CLIENTS: Final = (8, 16, 32)
_HANDS: Final = 200
# pgbench draws numbers, not UUIDs: it draws a hand of tenants in a small query, and then measures a read of each.
_HAND: Final = 10
_CONTEXT: Final = "SELECT set_config('app.tenant_id', {tenant}, true);"


class Way(Enum):
    """The statements around the query, and who sends them: a superuser is not under row-level security."""

    TRANSACTION = ("app", ("BEGIN;", _CONTEXT, "{query}", "COMMIT;"))
    TRANSACTION_WITHOUT_RLS = ("admin", ("BEGIN;", "{query}", "COMMIT;"))
    # As our executor sends it: one transaction, and one round trip, for each Sync; ten of them in flight.
    PIPELINED = ("app", (_CONTEXT, "{query}", "\\syncpipeline"))
    PIPELINED_WITHOUT_RLS = ("admin", ("{query}", "\\syncpipeline"))

    @property
    def pipelined(self) -> bool:
        """Whether the next transaction is sent before the last one is answered."""
        return "\\syncpipeline" in self.value[1]


class Pgbench:
    """Measures a site. The same tenants and the same statement as in the HTTP cases, prepared.

    Args:
        session: settings of each connection, as libpq's `options`; the server's own without.
    """

    def __init__(self, site: Site, people: Population, scratch: Path, session: str = "") -> None:
        self._site = site
        self._scratch = scratch
        self._session = session
        self._best: dict[Way, int] = {}
        _deal(site, people)
        _check(site, people)

    def per_second(self, way: Way, clients: int, seconds: float) -> float:
        """Transactions a second. The first second, when statements are prepared and planned, does not count."""
        role, _ = way.value
        file = self._scratch / f"{way.name.lower()}.pgbench"
        file.write_text(script(way))
        options = f"-n -M prepared -c {clients} -j 2 -P 1 -T {ceil(seconds) + 1} -f {file}".split()
        for name, value in _values().items():
            options += ["-D", f"{name}={value}"]
        ran = subprocess.run(
            [binaries.bundled() / "pgbench", *options, self._site.url(role)],
            env={**os.environ, "PGOPTIONS": self._session},
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds + 60,
        )
        paces = [float(found) for found in re.findall(r"progress: [\d.]+ s, ([\d.]+) tps.* 0 failed", ran.stderr)]
        if ran.returncode or len(paces) < 2:
            raise RuntimeError(f"pgbench failed:\n{ran.stdout}\n{ran.stderr}")
        return _HAND * sum(paces[1:]) / len(paces[1:])

    def best(self, way: Way, seconds: float) -> float:
        """Transactions a second with the number of clients that gave most in a short trial."""
        if way not in self._best:
            self._best[way] = max(CLIENTS, key=lambda clients: self.per_second(way, clients, 1))
        return self.per_second(way, self._best[way], seconds)


def script(way: Way) -> str:
    """What one client sends, again and again."""
    names = [f"t{card}" for card in range(_HAND)]
    _, lines = way.value
    reads = ["\n".join(lines).format(tenant=f":{name}", query=_query(f":{name}", ":{}")) for name in names]
    draw = f"SELECT {', '.join(names)} FROM bench_limits.hands WHERE n = :n \\gset"  # noqa: S608 - Our own names.
    around = ("\\startpipeline", "\\endpipeline") if way.pipelined else ("", "")
    return "\n".join([f"\\set n random(1, {_HANDS})", draw, around[0], *reads, around[1]]) + "\n"


def _values() -> dict[str, str]:
    return {"days": str(DAYS), "back": "0", "now": now().isoformat()}


def _query(tenant: str, value: str) -> str:
    """The statement; `value` is how any other parameter is written. pgbench has no NULL to bind, so it stands there."""
    written = {name: value.format(name) for name in _values()} | {"tenant_id": tenant, "agent_id": "NULL"}
    return re.sub(r"%\((\w+)\)s", lambda found: written[found[1]], TENANT.sql).replace("%%", "%").strip() + ";"


def _deal(site: Site, people: Population) -> None:
    """Make the hands: as many tenants as there are, in an order of chance."""
    dice = Random(2026)  # noqa: S311 - The same hands in every run.
    columns = ", ".join(f"t{card} uuid NOT NULL" for card in range(_HAND))
    site.admin(
        f"DROP SCHEMA IF EXISTS bench_limits CASCADE; CREATE SCHEMA bench_limits; "
        f"CREATE TABLE bench_limits.hands (n int PRIMARY KEY, {columns}); "
        f"GRANT USAGE ON SCHEMA bench_limits TO alquimista_app; GRANT SELECT ON bench_limits.hands TO alquimista_app"
    )
    with psycopg.connect(site.url("admin")) as conn, conn.cursor().copy("COPY bench_limits.hands FROM STDIN") as copy:
        for number in range(1, _HANDS + 1):
            copy.write_row([number, *(tenant.id for tenant in dice.choices(people.tenants, k=_HAND))])
    site.admin("ANALYZE bench_limits.hands")


def _check(site: Site, people: Population) -> None:
    """Both roles read the same rows of a tenant, and the app role none of another one's."""
    with psycopg.connect(site.url("admin")) as admin, psycopg.connect(site.url("app")) as app:
        mine, other = (tenant.id for tenant in islice(people.tenants, 2))
        app.execute(_CONTEXT.format(tenant=f"'{mine}'").encode())
        query = _query("%(tenant_id)s", "%({})s").encode()
        rows = app.execute(query, {**_values(), "tenant_id": mine}).fetchall()
        assert len(rows) > DAYS
        every = admin.execute(query, {**_values(), "tenant_id": mine}).fetchall()
        assert sorted(map(str, rows)) == sorted(map(str, every))
        [total] = app.execute(query, {**_values(), "tenant_id": other}).fetchall()
        assert set(total) == {None}, "a row of another tenant was counted"
