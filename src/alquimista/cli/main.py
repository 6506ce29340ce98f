"""`alquimista`: the frame of the command line, and what a person reads when a command fails."""

import os
import sys
import tempfile
import traceback
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Final

import typer

from alquimista import __version__
from alquimista.cli import (
    audit,
    catalogue,
    maintenance,
    migrations,
    secrets,
    serve,
    simulate,
    tenants,
    up,
    usage,
    users,
    worker,
)
from alquimista.config import ConfigError
from alquimista.errors import Problem
from alquimista.runtime.failures import StartError

_MISTAKE: Final = 2
_FAILURE: Final = 1
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
app.add_typer(catalogue.app, name="catalogue")
app.add_typer(usage.app, name="usage")
app.add_typer(audit.app, name="audit")
app.add_typer(tenants.app, name="tenants")
app.add_typer(users.app, name="users")
app.add_typer(secrets.app, name="secrets")
app.add_typer(maintenance.app, name="maintenance")
app.add_typer(simulate.app, name="simulate")


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
        status = int(app(arguments, prog_name="alquimista", standalone_mode=False) or 0)
    except KeyboardInterrupt:
        status = _INTERRUPTED
    except Exception as error:  # noqa: BLE001 - The last place where an error can become a sentence.
        return report(error)
    return _say("Stopped.", status) if status == _INTERRUPTED else status  # Typer turns Ctrl-C into this status.


def report(error: Exception) -> int:
    """Say in a sentence why a command failed; its exit status."""
    import psycopg

    status = _FAILURE
    match error:
        case typer.TyperException():
            sentence, status = _sentence(error.format_message()), error.exit_code
        case typer.Abort():
            sentence, status = "Stopped.", _INTERRUPTED
        case ConfigError():
            sentence, status = str(error), _MISTAKE
        case StartError():
            sentence, status = str(error), error.exit_code
        case Problem() if error.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            fields = (f"{e.field}: {e.reason}" for e in error.errors)
            sentence, status = " ".join([str(error), *fields]), _MISTAKE
        case psycopg.OperationalError():
            reason = " ".join(str(error).split())
            advice = "check ALQUIMISTA_DATABASE_URL"
            if "authentication failed" in reason and "alquimista_" in reason:
                advice = "on a new server run `alquimista migrations apply` first; on another, check the secret key"
            sentence = f"The database does not answer ({reason}); {advice}."
        case _:
            sentence = f"Alquimista failed by its own fault; the details are in {_record(error)}."
    return _say(sentence, status)


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
