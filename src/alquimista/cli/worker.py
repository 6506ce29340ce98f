"""`alquimista worker`: the job worker alone, for production."""

import asyncio
import os


def worker() -> None:
    """Run background jobs and the clock's work until a signal asks for the end."""
    import uvloop

    from alquimista.cli.settings import with_database
    from alquimista.worker import run

    settings = with_database(os.environ)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(settings))
