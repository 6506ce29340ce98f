"""Reading large bodies beside the event loop, so that one tenant's export does not hold up everybody's requests."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

T = TypeVar("T")
LARGE: Final = 256 * 1024  # Bytes; a smaller body is read sooner than a thread is asked.
# One thread: more would only take turns with each other, and with the event loop, at the interpreter.
_READER: Final = ThreadPoolExecutor(1, thread_name_prefix="ingest-reader")


async def read(reader: Callable[..., T], raw: bytes, *args: Any) -> T:  # noqa: ANN401 - The reader's own.
    """What `reader(raw, *args)` answers, or raises."""
    if len(raw) <= LARGE:
        return reader(raw, *args)
    return await asyncio.get_running_loop().run_in_executor(_READER, reader, raw, *args)
