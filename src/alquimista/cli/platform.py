"""What `alquimista up` does, step by step, and what it shows meanwhile."""

import asyncio
import http.client
import os
import shutil
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from socket import socket
from typing import Any, Final

import msgspec
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from alquimista import clock
from alquimista.billing.service.catalogue import plan_history
from alquimista.catalogue.files import read as read_catalogue
from alquimista.catalogue.load import load as load_catalogue
from alquimista.cli.settings import by_the_clock
from alquimista.config import ConfigError, Settings, load, variable
from alquimista.db.bootstrap import bootstrap, role_url
from alquimista.db.migrations import runner
from alquimista.db.migrations.models import MigrationError, Step
from alquimista.db.pool import Database
from alquimista.observability.exposition import DIRECTORY_VARIABLE
from alquimista.runtime import datadir
from alquimista.runtime.embedded import EmbeddedServer
from alquimista.runtime.failures import StartError
from alquimista.runtime.listener import listen
from alquimista.runtime.supervisor import Program, Supervisor

_CREDENTIALS: Final = "demo-credentials.json"
_PROBE_SECONDS: Final = 0.5
_DATABASE_URL: Final = variable("database_url")
_SECRET_KEY: Final = variable("secret_key")
_PUBLIC_URL: Final = variable("public_url")
_DATA_DIR: Final = variable("data_dir")


class Platform:
    """One start of the platform in a locked data directory, from the first setting to the last stop."""

    def __init__(self, directory: Path, host: str, port: int, workers: int, *, demo: bool) -> None:
        self._directory = directory
        self._host = host
        self._port = port
        self._workers = workers
        self._demo = demo
        self._console = Console(highlight=False)
        self._interrupted = False

    def run(self) -> None:
        """Start, tell where it is, watch until a signal, stop.

        Raises:
            ConfigError, StartError: what stands in the way, in a sentence. Everything started is stopped again.
        """
        # Until the supervisor takes the signals, an ordinary end is as good as Ctrl-C: the blocks below clean up.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._interrupt)
        sys.unraisablehook = self._unraisable
        secrets = datadir.secrets(self._directory)
        # What is wrong with the environment is said before anything starts.
        checked = self._settings(secrets, os.environ.get(_DATABASE_URL) or "postgresql:///")
        role_url(by_the_clock(checked), "owner")
        with ExitStack() as stack:
            listener = stack.enter_context(listen(self._host, self._port))
            self._port = listener.getsockname()[1]
            status = stack.enter_context(self._console.status("Starting…"))
            server, admin_url, plain_url = self._database(stack)
            settings = self._settings(secrets, plain_url)
            status.update("Preparing the database…")
            self._go_on()
            bootstrap(admin_url, settings)
            self._migrate(settings, status.update)
            self._go_on()
            self._load_catalogue(settings)
            if self._demo:
                status.update("Adding the demo companies and their traffic…")
                self._seed(settings)
            self._go_on()
            status.update("Starting the web and worker processes…")
            with Supervisor(self._programs(settings, listener), server, self._say) as supervisor:
                answered = supervisor.until(lambda: supervisor.steady and self._answers())
                status.stop()
                if answered:
                    self._welcome(settings)
                    supervisor.until_stopped()
                self._say("Stopping…")
                listener.close()  # The web processes close theirs first: from then on the port is free.
        self._say("Stopped.")

    def _interrupt(self, _number: int, _frame: object) -> None:
        """End what is going on, and remember it: raised within a callback of Python's own, it would be lost."""
        self._interrupted = True
        raise KeyboardInterrupt

    def _unraisable(self, what: Any) -> None:  # noqa: ANN401 - Its class exists for type checkers alone.
        """Say nothing of an interruption that fell into a callback; `_go_on` sees to it."""
        if not isinstance(what.exc_value, KeyboardInterrupt):
            sys.__unraisablehook__(what)

    def _go_on(self) -> None:
        if self._interrupted:
            raise KeyboardInterrupt

    def _settings(self, secrets: datadir.Secrets, database_url: str) -> Settings:
        known: dict[str, object] = {"database_url": database_url}
        production = os.environ.get(variable("environment")) == "production"
        if production and self._demo:
            raise ConfigError("Demo companies have no place in production; leave out --demo.")
        if not production and not os.environ.get(_SECRET_KEY):  # Production names its own, or does not start.
            known["secret_key"] = secrets.secret_key
        if not os.environ.get(_PUBLIC_URL):
            known["public_url"] = f"http://localhost:{self._port}"
        return load(os.environ, **known)

    def _database(self, stack: ExitStack) -> tuple[EmbeddedServer | None, str, str]:
        """The embedded server if it is ours to run, an administrator's URL, and the URL without a user."""
        if admin_url := os.environ.get(_DATABASE_URL):
            return None, admin_url, without_user(admin_url)
        server = stack.enter_context(EmbeddedServer(self._directory))
        return server, server.url, server.plain_url

    def _migrate(self, settings: Settings, show: Any) -> None:  # noqa: ANN401 - rich's own signature.
        def on_step(step: Step) -> None:
            name = f"migration {step.migration.label}" if step.migration else "another migration to finish"
            show(f"Preparing the database: {escape(name)} ({step.done}/{step.total})…")

        try:
            runner.apply(role_url(settings, "owner"), on_step=on_step)
        except MigrationError as error:
            raise StartError(str(error)) from error

    def _load_catalogue(self, settings: Settings) -> None:
        """The shipped catalogue at the first start, so that there is something to activate and to sell.

        Afterwards it is the vendor's own: `alquimista catalogue load` brings changes of its files.
        """
        from alquimista.demo.catalogue import with_tiers

        wanted = with_tiers(read_catalogue()) if self._demo else read_catalogue()

        async def run() -> None:
            db = await Database.open(settings)
            try:
                if not await plan_history(db.staff()):
                    await load_catalogue(db, wanted, clock.now())
            finally:
                await db.close()

        asyncio.run(run())

    def _seed(self, settings: Settings) -> None:
        from alquimista.demo.seed import seed

        seed(settings, self._directory, settings.public_url)

    def _programs(self, settings: Settings, listener: socket) -> tuple[list[Program], list[Program]]:
        """The web processes, which stop first, and the worker."""
        logs, metrics = self._directory / "logs", self._directory / "metrics"
        shutil.rmtree(metrics, ignore_errors=True)  # Counters begin with this run.
        metrics.mkdir(mode=0o700)
        # Secrets travel in the environment: a command line is readable by every user of the machine.
        env = {
            **os.environ,
            _DATABASE_URL: settings.database_url,
            _SECRET_KEY: settings.secret_key,
            _PUBLIC_URL: settings.public_url,
            _DATA_DIR: str(self._directory),
            DIRECTORY_VARIABLE: str(metrics),
            "PYTHONUNBUFFERED": "1",
        }
        command = (sys.executable, "-P", "-m", "alquimista.cli.child")
        fd = listener.fileno()
        web = [
            Program(
                name=f"web {number}",
                argv=(*command, "serve", str(fd)),
                env=env,
                log=logs / f"web-{number}.log",
                fds=(fd,),
            )
            for number in range(1, self._workers + 1)
        ]
        return web, [Program(name="worker", argv=(*command, "worker"), env=env, log=logs / "worker.log")]

    def _answers(self) -> bool:
        """Whether a web process answers, whatever it says: the address is its own, past any proxy."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._host, self._host)  # noqa: S104 - Compared, not bound.
        connection = http.client.HTTPConnection(host, self._port, timeout=_PROBE_SECONDS)
        try:
            connection.request("GET", "/health/live")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _welcome(self, settings: Settings) -> None:
        self._say(f"\n  Alquimista is at {settings.public_url}   (Ctrl-C stops it)", style="bold")
        if not settings.smtp_url and not settings.production:
            self._say(f"  Mails stay in the local outbox: {settings.public_url}/outbox")
        self._say(f"  Data and logs: {self._directory}\n")
        if self._demo:
            self._show_logins()

    def _show_logins(self) -> None:
        path = self._directory / _CREDENTIALS
        table = Table("role", "e-mail", "password", title="Demo logins", title_justify="left", box=None)
        for user in msgspec.json.decode(path.read_bytes())["users"]:
            table.add_row(*(Text(user[column]) for column in ("role", "email", "password")))
        self._console.print(table)
        self._say(f"\n  API keys of the demo companies: {path}\n")

    def _say(self, line: str, style: str | None = None) -> None:
        self._console.print(line, style=style, markup=False, soft_wrap=True)


def without_user(url: str) -> str:
    """The address alone: children sign in with their own roles, and need no administrator's password."""
    own = {"user", "password", "passfile"}
    return make_conninfo(**{k: str(v) for k, v in conninfo_to_dict(url).items() if v is not None and k not in own})
