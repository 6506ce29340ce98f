"""`alquimista up`: everything that an installation needs, from one command."""

import os
from pathlib import Path
from typing import Annotated

import typer


def up(
    demo: Annotated[
        bool, typer.Option("--demo", help="Add demo companies with traffic, and show their logins.")
    ] = False,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8080,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            help="Where the data lives. By default ~/.local/share/alquimista, for root /var/lib/alquimista/data.",
            envvar="ALQUIMISTA_DATA_DIR",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Web processes.")] = 1,
    clock_days: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=3650,
            help="With --demo: move the clock of the whole platform so many days ahead.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Start the platform: web, API, jobs and PostgreSQL. Ctrl-C stops it all.

    Uses the server of ALQUIMISTA_DATABASE_URL when that is set, and otherwise brings its own.
    """
    from alquimista.cli.platform import Platform
    from alquimista.config import variable
    from alquimista.runtime import datadir

    if clock_days and not demo:
        raise typer.BadParameter("Only a demonstration's clock is moved; add --demo.", param_hint="--clock-days")
    if clock_days is not None:
        os.environ[variable("clock_offset_days")] = str(clock_days)  # The children read it there too.
    directory = datadir.prepare(data_dir or datadir.default())
    with datadir.lock(directory):
        Platform(directory, host, port, workers, demo=demo).run()
