"""Debian's redis-server, started for a test on a private socket."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from support.identity import eventually


@asynccontextmanager
async def redis_server(directory: Path) -> AsyncIterator[str]:
    """The URL of a server that runs until the end of the block."""
    binary = shutil.which("redis-server")
    assert binary, "Install Debian's redis-server, as .ci/run does"
    socket = directory / "redis.sock"
    command = [binary, "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(directory)]
    server = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)

    async def listens() -> bool:
        return socket.exists()

    await eventually(listens)
    yield f"unix://{socket}"
    server.terminate()
    await server.wait()
