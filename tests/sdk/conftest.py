"""The platform on a real socket that can be taken down and brought up again, and agents that use the SDK against it."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
import uvicorn

import factories
from alquimista.http.server import Protocol
from support.whole import Whole, whole

ROOT = Path(__file__).parents[2]
QUICK = {"version": "1.0", "flush_s": 0.05, "first_retry_s": 0.05, "last_retry_s": 0.3, "beat_s": 0.2, "close_s": 3}


@pytest.fixture(scope="module")
async def process(settings) -> AsyncIterator[Whole]:
    async with whole(settings) as running:
        yield running


class Door:
    """A port in front of an application; it can be shut, and what is asked through it can be answered otherwise."""

    def __init__(self, app):
        self._app = app
        self._server = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.refusals = []  # Statuses (and headers) for the next requests to /v1/agent-requests.
        self.asked = []
        self.lose = 0  # So many answers to /v1/agent-requests are lost on their way.

    async def open(self):
        config = uvicorn.Config(
            self, "127.0.0.1", self.port, http=Protocol, log_level="error", lifespan="off", proxy_headers=False
        )
        self._server = uvicorn.Server(config)
        self._serving = asyncio.create_task(self._server.serve())
        while not self._server.started:  # noqa: ASYNC110 - uvicorn tells it no other way.
            await asyncio.sleep(0.01)

    async def shut(self):
        if self._server is not None:
            self._server.should_exit = True
            await self._serving
            self._server = None

    @property
    def repeats(self):
        return self._app.repeats

    @property
    def crowd(self):
        return self._app.crowd

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http" and scope["path"] == "/v1/agent-requests":
            self.asked.append(scope["path"])
            if self.refusals:
                status, headers = self.refusals.pop(0)
                pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
                await send({"type": "http.response.start", "status": status, "headers": pairs})
                await send({"type": "http.response.body", "body": b"{}"})
                return
            if self.lose:
                self.lose -= 1

                async def lost(message):
                    raise ConnectionError

                scope["extensions"] = {}
                await self._app(scope, receive, lost)
                return
        await self._app(scope, receive, send)


@pytest.fixture
async def door(process) -> AsyncIterator[Door]:
    made = Door(process.app)
    await made.open()
    yield made
    await made.shut()


class Company:
    """A tenant with an active agent, and what the platform has of it."""

    def __init__(self, db, tenant, agent, key, sql):
        self.db, self.id, self.agent, self.key, self._sql = db, tenant.id, agent, key, sql

    async def received(self) -> list[tuple]:
        """Every report: its key and its response time."""
        return await self._sql(
            "SELECT event_id, response_time_ms, input_tokens, status FROM alquimista_platform.agent_requests"
            " WHERE tenant_id = %s ORDER BY response_time_ms",
            self.id,
        )


@pytest.fixture
async def sql(migrated):
    async def run(query, *values):
        async with await psycopg.AsyncConnection.connect(migrated.admin_url, autocommit=True) as conn:
            cursor = await conn.execute(query, values or None)
            return await cursor.fetchall() if cursor.description else []

    return run


@pytest.fixture
async def company(db, sql) -> Company:
    tenant = await factories.make_tenant(db)
    agent = await factories.make_agent(db)
    await factories.activate_agent(db, tenant.id, agent.id)
    key = await factories.make_api_key(db, tenant.id, scopes=("agent", "read"))
    return Company(db, tenant, agent, key, sql)


@pytest.fixture
def start(door, company, tmp_path):
    """Start a program with the SDK as a process of its own; those that still run are killed at the end."""
    running = []

    def started(*command, **env):
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ALQUIMISTA_")}
        own = {
            "PYTHONPATH": str(ROOT / "src"),
            "ALQUIMISTA_URL": door.url,
            "ALQUIMISTA_KEY": company.key,
            "ALQUIMISTA_AGENT": company.agent.slug,
            "ALQUIMISTA_SPOOL": str(tmp_path / "spool"),
            "ALQUIMISTA_BEAT_S": "0.2",
        }
        running.append(
            subprocess.Popen([sys.executable, *command], env=inherited | own | env, stdout=subprocess.PIPE, text=True)
        )
        return running[-1]

    yield started
    for process in running:
        process.kill()
        process.wait()
        process.stdout.close()
