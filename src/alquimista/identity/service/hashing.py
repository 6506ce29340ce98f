"""Password hashing off the event loop, in few threads, so that sign-ins never starve other requests."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import bcrypt

from alquimista.errors import Unavailable
from alquimista.identity.models.passwords import prehash

T = TypeVar("T")
COST: Final = 12
WAITING_PER_THREAD: Final = 32  # About eight seconds of work: whoever waits longer has given up.


class PasswordHasher:
    """bcrypt in a bounded pool of threads that leaves one core to the event loop (bcrypt releases the GIL)."""

    def __init__(self, cost: int = COST) -> None:
        self._cost = cost
        self._threads = max(1, (os.cpu_count() or 2) - 1)
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="bcrypt")
        self._waiting = 0
        # No password has this hash; comparing with it takes as long as comparing with a real one.
        self._nobody = f"$2b${cost:02d}${'.' * 53}"

    async def hash(self, password: str) -> str:
        """A salted hash to store.

        Raises:
            Unavailable: too many wait already.
        """
        return await self._run(_hash, prehash(password), self._cost)

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Whether the password is the one that was hashed; as slow, and False, when there is no hash.

        Raises:
            Unavailable: too many wait already.
        """
        matches = await self._run(_check, prehash(password), (password_hash or self._nobody).encode())
        return matches and password_hash is not None

    def admit(self) -> None:
        """Look whether there is room for one more, before anything else is done for them.

        Raises:
            Unavailable: too many wait already.
        """
        if self._waiting >= WAITING_PER_THREAD * self._threads:
            raise Unavailable(retry_after=2)

    def close(self) -> None:
        """Let the threads end."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[..., T], *args: object) -> T:
        self.admit()
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work, *args)
        finally:
            self._waiting -= 1


def _hash(prehashed: bytes, cost: int) -> str:
    return bcrypt.hashpw(prehashed, bcrypt.gensalt(cost)).decode()


def _check(prehashed: bytes, password_hash: bytes) -> bool:
    return bcrypt.checkpw(prehashed, password_hash)
