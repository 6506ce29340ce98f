"""How each peer is started: argument lists. The environment is that of benchmarks/peers/README.md."""

import sys
from pathlib import Path
from string import Template
from typing import Literal

from alquimista.dashboards.queries.usage import TENANT

_PEERS = Path(__file__).parent
_ROOT = _PEERS.parents[1]
_PYTHON = _PEERS.parent / ".venv" / "bin" / "python"


def fastapi(port: int) -> list[str]:
    """One process; uvloop and httptools."""
    options = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
    app = ["--app-dir", str(_ROOT), "benchmarks.peers.fastapi.main:app"]
    return [str(_PYTHON), "-m", "uvicorn", *options, "--port", str(port), *app]


def django(port: int) -> list[str]:
    """An arbiter and one worker with threads. No worker timeout: it would end a worker that was paused."""
    options = ["--workers", "1", "--threads", "8", "--timeout", "0", "--keep-alive", "65", "--log-level", "warning"]
    app = ["--pythonpath", str(_ROOT), "benchmarks.peers.django.app"]
    return [str(_PYTHON), "-m", "gunicorn", *options, "--bind", f"127.0.0.1:{port}", *app]


def fastify(port: int, mode: Literal["transaction", "function", "cached"]) -> list[str]:
    """One process. Its function (`fastify_function`) must be there, except in the mode `transaction`."""
    return ["env", f"MODE={mode}", f"PORT={port}", "node", str(_PEERS / "fastify" / "server.mjs")]


def fastify_function() -> str:
    """SQL for an administrator: the one function that the Fastify peer calls at its best."""
    types = {"tenant_id": "uuid", "days": "int", "agent_id": "uuid", "now": "timestamptz", "back": "int"}
    statement, names = TENANT.positional
    text = Template((_PEERS / "fastify" / "function.sql").read_text())
    parameters = ", ".join(types[name] for name in names)
    return text.substitute(parameters=parameters, tenant=names.index("tenant_id") + 1, statement=statement)


def bare(port: int, mode: Literal["query", "cached"]) -> list[str]:
    """One process with the options of `alquimista serve`; it takes the site's environment besides."""
    options = ["--loop", "uvloop", "--http", "httptools", "--ws", "none", "--no-access-log", "--log-level", "warning"]
    options += ["--no-proxy-headers", "--no-server-header", "--app-dir", str(_ROOT), "--port", str(port)]
    return ["env", f"MODE={mode}", sys.executable, "-m", "uvicorn", *options, "benchmarks.peers.bare.app:app"]
