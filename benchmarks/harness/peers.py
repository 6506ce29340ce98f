"""Starting the peers on a site: what they are told, and whether they answer as ours does."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from alquimista.identity.service.kit import Identity
from benchmarks.data.people import services_of
from benchmarks.harness.bench import ROOT, Bench
from benchmarks.harness.cluster import Site
from benchmarks.harness.process import Process, free_port
from benchmarks.harness.statements import export

POOL = 8


@dataclass(frozen=True)
class Peer:
    """A peer's process and its address. Use as a context."""

    process: Process
    url: str

    def __enter__(self) -> Self:
        self.process.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.__exit__()


def peer(bench: Bench, site: Site, name: str, command: Callable[[int], Sequence[str]]) -> Peer:
    """A peer on a site; `command` comes from benchmarks/peers/commands.py and gets the port."""
    port = free_port()
    statements, jwks = bench.scratch / "statements.json", bench.scratch / f"jwks-{site.name}.json"
    if not statements.exists():
        export(statements)
    if not jwks.exists():
        jwks.write_text(json.dumps(asyncio.run(_jwks(site))))
    env = {
        **site.env,
        "PORT": str(port),
        "DATABASE_URL": site.url("app"),
        "POOL": str(POOL),
        "JWKS_FILE": str(jwks),
        "STATEMENTS_FILE": str(statements),
        "ISSUER": site.settings.public_url,
    }
    url = f"http://127.0.0.1:{port}"
    log = bench.scratch / f"{name.replace(' ', '-')}.log"
    return Peer(Process(name, command(port), env, log=log, ready=f"{url}/health", cwd=ROOT), url)


def fetch(url: str, token: str | None = None) -> tuple[int, Any]:
    """The status of a GET, and its JSON (None of an answer that is none)."""
    request = urllib.request.Request(url)  # noqa: S310 - Our own loopback address.
    if token:
        request.add_header("authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - As above.
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, None


async def _jwks(site: Site) -> dict[str, Any]:
    async with services_of(site) as services:
        return {"keys": await services.get(Identity).keys.published()}
