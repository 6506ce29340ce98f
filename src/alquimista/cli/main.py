"""`alquimista`: the frame of the command line, and what a person reads when a command fails."""

import importlib
import importlib.util
import os
import sys
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from alquimista import __version__
from alquimista.cli import migrations, serve, up, worker
from alquimista.config import ConfigError

_MISTAKE: Final = 2
_BUG: Final = 1
_INTERRUPTED: Final = 130

app = typer.Typer(
    name="alquimista",
    help="A self-hosted, multi-tenant operations platform for companies that sell AI agents.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(up.up)
app.command()(serve.serve)
app.command()(worker.worker)
app.add_typer(migrations.app, name="migrations")


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"alquimista {__version__}")
        raise typer.Exit


@app.callback()
def options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options before the command."""


def main() -> None:
    """Run the command line and exit: 0 done, 2 a mistake (one sentence), 1 a failure, 130 interrupted."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command; its exit status. Nothing is raised."""
    try:
        return int(app(arguments, prog_name="alquimista", standalone_mode=False) or 0)
    except KeyboardInterrupt:
        return _say("Stopped.", _INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - The last place where an error can become a sentence.
        return _report(error)


def _report(error: Exception) -> int:
    from alquimista.errors import Problem
    from alquimista.runtime.failures import StartError

    if isinstance(error, typer.TyperException):
        return _say(_sentence(error.format_message()), error.exit_code)
    if isinstance(error, typer.Abort):
        return _say("Stopped.", _INTERRUPTED)
    if isinstance(error, ConfigError):
        return _say(str(error), _MISTAKE)
    if isinstance(error, StartError):
        return _say(str(error), error.exit_code)
    if isinstance(error, Problem) and error.status < 500:
        return _say(" ".join([str(error), *(f"{e.field}: {e.reason}" for e in error.errors)]), _MISTAKE)
    if (unreachable := _database_sentence(error)) is not None:
        return _say(unreachable, _BUG)
    return _say(f"Alquimista failed by its own fault; the details are in {_record(error)}.", _BUG)


def _database_sentence(error: Exception) -> str | None:
    if "psycopg" not in sys.modules:  # A command that never touched the database need not load its driver.
        return None
    import psycopg

    if not isinstance(error, psycopg.OperationalError):
        return None
    reason = " ".join(str(error).split())
    return f"The database does not answer ({reason}); check ALQUIMISTA_DATABASE_URL and the server."


def _record(error: Exception) -> Path:
    """Write the traceback to a file of this user's; shown too when ALQUIMISTA_LOG_LEVEL is debug."""
    text = "".join(traceback.format_exception(error))
    if os.environ.get("ALQUIMISTA_LOG_LEVEL") == "debug":
        print(text, file=sys.stderr)
    handle, name = tempfile.mkstemp(prefix=f"alquimista-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-", suffix=".log")
    with os.fdopen(handle, "w") as file:
        file.write(text)
    return Path(name)


def _sentence(message: str) -> str:
    flat = " ".join(message.split())
    return flat if flat.endswith((".", "?", "!", ")")) else flat + "."


def _say(sentence: str, status: int) -> int:
    print(sentence, file=sys.stderr)
    return status


if __name__ == "__main__":
    main()
