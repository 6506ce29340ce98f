"""`alquimista serve` whose cache never finds anything: every read takes the whole way, and is kept, as at a first read.

Started like the command, with `--fd`: `python -m benchmarks.ours.uncached --fd N`.
"""

import typer

from alquimista.cache.store import Cache, Entry
from alquimista.cli.serve import serve


async def _never(_self: Cache, _key: str) -> Entry | None:
    return None


if __name__ == "__main__":
    Cache.get = _never  # type: ignore[method-assign, assignment]
    typer.run(serve)
