"""`alquimista maintenance`: answer everything with 503 while work is done, and stop doing so."""

import os
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="A page that says so, in place of everything, while work is done.", no_args_is_help=True)
_Directory = Annotated[
    Path | None,
    typer.Option("--data-dir", metavar="DIR", help="The data directory of the web processes.", show_default=False),
]


@app.command()
def on(data_dir: _Directory = None) -> None:
    """Begin: within a second pages and API answer 503 with Retry-After. Health answers as before, and workers work on.

    It holds for the web processes that have this data directory, also after they start again, until `off`.
    """
    file = _file(data_dir)
    file.touch()
    print(f"Under maintenance, until `alquimista maintenance off` removes {file}.")


@app.command()
def off(data_dir: _Directory = None) -> None:
    """End: within a second everything is answered again. Safe to repeat."""
    _file(data_dir).unlink(missing_ok=True)
    print("No maintenance.")


def _file(data_dir: Path | None) -> Path:
    from alquimista.config import ConfigError, variable
    from alquimista.http.maintenance import FILE
    from alquimista.runtime import datadir

    directory = data_dir or Path(os.environ.get(variable("data_dir")) or datadir.default())
    if not directory.is_dir():
        raise ConfigError(f"There is no directory {directory}: name the one of the web processes with --data-dir.")
    return directory / FILE
