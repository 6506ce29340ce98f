"""The cache that all processes share, on Redis or Valkey (the `redis` extra).

Each tag (tenant, topic) has a set of its keys, which lives a little longer than any of them.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from alquimista.cache.store import Entry, SharedFailed, Tag

_PREFIX: Final = "alquimista:cache:"
_TIMEOUT_S: Final = 0.25
_LONGER_MS: Final = 60_000
_BATCH: Final = 1000


class RedisShared:
    """See store.Shared."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(url, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S)

    async def get(self, key: str) -> Entry | None:
        """The entry, if it is there."""
        with _reported():
            value = cast("bytes | None", await self._redis.get(_PREFIX + key))
        if value is None:
            return None
        etag, _, body = value.partition(b"\n")
        return Entry(etag, body)

    async def put(self, key: str, entry: Entry, ttl: float, tags: Iterable[Tag]) -> None:
        """Keep the entry for `ttl` seconds."""
        milliseconds = int(ttl * 1000)
        with _reported():
            async with self._redis.pipeline(transaction=True) as pipeline:
                pipeline.set(_PREFIX + key, entry.etag + b"\n" + entry.body, px=milliseconds)
                for tag in tags:
                    pipeline.sadd(_tag_key(tag), key)
                    # Set once and then only prolonged: another key of the set may live longer than this one.
                    pipeline.pexpire(_tag_key(tag), milliseconds + _LONGER_MS, nx=True)
                    pipeline.pexpire(_tag_key(tag), milliseconds + _LONGER_MS, gt=True)
                await pipeline.execute()

    async def drop(self, tag: Tag) -> None:
        """Forget the tag's entries."""
        with _reported():
            keys = cast("set[bytes]", await self._redis.smembers(_tag_key(tag)))
            if keys:
                await self._redis.unlink(_tag_key(tag), *(_PREFIX.encode() + key for key in keys))

    async def clear(self) -> None:
        """Forget everything."""
        batch: list[bytes] = []
        with _reported():
            async for key in self._redis.scan_iter(match=f"{_PREFIX}*", count=_BATCH):
                batch.append(key)
                if len(batch) == _BATCH:
                    await self._redis.unlink(*batch)
                    batch.clear()
            if batch:
                await self._redis.unlink(*batch)

    async def close(self) -> None:
        """Close its connections."""
        await self._redis.aclose()


async def ping(url: str) -> None:
    """Ask the server for a sign of life, over a connection of its own: a process without the cache may ask, too.

    Raises:
        SharedFailed: it gave none.
    """
    with _reported():
        async with Redis.from_url(url, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S) as redis:
            await redis.ping()


@contextmanager
def _reported() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise SharedFailed(type(error).__name__) from error


def _tag_key(tag: Tag) -> str:
    return f"{_PREFIX}tag:{tag[0].hex}:{tag[1]}"
