"""The bundled PostgreSQL: made, started, recovered and stopped by us, reachable over a private socket only."""

import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from alquimista.runtime import binaries as programs
from alquimista.runtime import datadir, leftovers
from alquimista.runtime.account import Account, own, service_account
from alquimista.runtime.failures import RefusedError, StartError
from alquimista.runtime.process import die_with_parent, ended, open_log

DATABASE: Final = "alquimista"
SUPERUSER: Final = "postgres"
_SOCKET_LIMIT: Final = 100  # sockaddr_un holds 108 bytes on Linux and 104 elsewhere.
_READY_SECONDS: Final = 300  # Crash recovery replays at most max_wal_size; this is far beyond it.
_BUILTIN_LOCALE_SINCE: Final = 17
# Appended once to postgresql.conf, where the person who runs the platform may change them.
_CONFIGURATION: Final = """
# Alquimista's settings; later lines and ALTER SYSTEM win.
max_connections = 300
shared_buffers = 128MB
password_encryption = scram-sha-256
timezone = 'UTC'
log_timezone = 'UTC'
jit = off                          # Short statements only: compiling costs more than it saves.
log_checkpoints = off
log_line_prefix = '%m [%p] %u '
log_error_verbosity = terse        # Details quote the values of a row, which may be personal data.
log_min_error_statement = panic    # Statements may hold secrets.
"""


class EmbeddedServer:
    """A PostgreSQL server of our own in `data_dir` (layout: see datadir.py). `binaries` is another bin directory.

    Use start() and stop(), or a with block. It listens on a Unix socket in a 0700 directory, never on a network, and
    asks a password (SCRAM) of everybody. Started as root it runs as a service account, which reaches the cluster
    through its working directory, so that no directory above it has to be opened to anybody.

    When this process is killed, Linux has the server shut itself down; should it still run at the next start, that
    start ends it first. Committed rows are safe in each case (fsync is on).

    Hazard: start() must be called from a thread that lives as long as the server should (see process.py).
    """

    def __init__(self, data_dir: Path, binaries: Path | None = None) -> None:
        self._dir = datadir.prepare(data_dir)
        self._binaries = binaries or programs.bundled()
        self._cluster = self._dir / datadir.CLUSTER
        self._password = datadir.secrets(self._dir).database_password
        self._account = service_account(self._cluster)
        self._socket_dir = self._choose_socket_dir()
        self._process: subprocess.Popen[bytes] | None = None
        self.log = self._dir / "logs" / "postgres.log"

    @property
    def url(self) -> str:
        """The superuser's URL of the platform's database, over the private socket."""
        return self._url(SUPERUSER, self._password)

    @property
    def plain_url(self) -> str:
        """The same database without a user or password, for settings from which each role's own URL is made."""
        return self._url()

    @property
    def pid(self) -> int | None:
        """The postmaster's PID, when this object started one."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Initialise the cluster if there is none, end what an earlier run left, start, and wait for an answer.

        Raises:
            RefusedError: the cluster is of another major version or belongs to another user.
            StartError: the server does not start; the sentence names its log.
        """
        self._binaries = programs.usable(self._binaries, self._account)
        if not self._cluster.exists():
            self._initialise()
        self._check_version()
        if self._account:
            own(self._cluster, self._account)
        leftovers.end(self._cluster)
        self._make_socket_dir()
        # The safety of the installation depends on these, so that no edited file can change them.
        fixed = {"listen_addresses": "", "unix_socket_directories": str(self._socket_dir), "cluster_name": DATABASE}
        options = [part for name, value in fixed.items() for part in ("-c", f"{name}={value}")]
        with open_log(self.log) as log:
            self._process = subprocess.Popen(  # noqa: S603 - Our own program.
                [self._binaries / "postgres", "-D", self._argument(self._cluster), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # The terminal's Ctrl-C is for the supervisor, which stops in order.
                preexec_fn=die_with_parent(signal.SIGINT),  # noqa: PLW1509 - It calls one prepared libc function.
                **self._identity(self._cluster),
            )
        self._await_ready()

    def died(self) -> str | None:
        """How the server ended, or None while it runs."""
        if self._process is None:
            return "not running"
        status = self._process.poll()
        return None if status is None else ended(status)

    def stop(self) -> None:
        """Fast shutdown: sessions end and a checkpoint is written; after 20 s without one, after 25 s by force."""
        if self._process is None:
            return
        for step, patience in ((signal.SIGINT, 20), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
            self._process.send_signal(step)
            try:
                self._process.wait(patience)
                break
            except subprocess.TimeoutExpired:
                continue
        self._process = None
        shutil.rmtree(self._socket_dir, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:  # Ctrl-C during the start, too, leaves no server behind.
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _initialise(self) -> None:
        # Made aside and renamed, so that a kill in the middle leaves nothing that looks like a cluster.
        draft = self._cluster.with_name(self._cluster.name + ".new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        with tempfile.TemporaryFile() as password:
            password.write(self._password.encode())
            password.seek(0)
            if self._account:
                os.chown(draft, self._account.uid, self._account.gid)
                os.fchown(password.fileno(), self._account.uid, self._account.gid)
            provider = ["--locale-provider=libc", "--locale=C.UTF-8"]
            if programs.major(self._binaries) >= _BUILTIN_LOCALE_SINCE:
                # Sorts and folds the same on every machine, whatever its C library.
                provider = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
            made = subprocess.run(  # noqa: S603 - Our own program.
                [self._binaries / "initdb", "-D", self._argument(draft), "-U", SUPERUSER, "--encoding=UTF8",
                 *provider, "--auth=scram-sha-256", f"--pwfile=/dev/fd/{password.fileno()}"],
                pass_fds=[password.fileno()],
                capture_output=True,
                text=True,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGKILL),
                check=False,
                **self._identity(draft),
            )  # fmt: skip
        if made.returncode != 0:
            reason = made.stderr.strip().splitlines() or ["no reason given"]
            raise StartError(f"PostgreSQL cannot initialise {self._cluster}: {reason[-1].removeprefix('initdb: ')}.")
        with (draft / "postgresql.conf").open("a") as file:
            file.write(_CONFIGURATION)
        draft.rename(self._cluster)

    def _check_version(self) -> None:
        ours = programs.major(self._binaries)
        theirs = (self._cluster / "PG_VERSION").read_text().strip()
        if theirs != str(ours):
            raise RefusedError(
                f"{self._cluster} is a cluster of PostgreSQL {theirs}, and this program brings {ours}; dump it "
                "with the old program and restore it into a new data directory."
            )

    def _await_ready(self) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while (how := self.died()) is None and time.monotonic() < deadline:
            try:
                self._ensure_database()
            except psycopg.OperationalError as error:
                if "password authentication failed" in str(error):
                    self.stop()
                    wrong = self._dir / datadir.SECRETS
                    raise StartError(f"{wrong} does not open the database; restore the right one.") from None
                time.sleep(0.02)  # Not listening yet, or still recovering.
            else:
                return
        self.stop()
        raise StartError(f"PostgreSQL did not start ({how or 'no answer in time'}); its log is {self.log}.")

    def _ensure_database(self) -> None:
        with psycopg.connect(self._url(SUPERUSER, self._password, "postgres"), autocommit=True) as conn:
            if not conn.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchall():
                conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))

    def _url(self, user: str = "", password: str = "", database: str = DATABASE) -> str:
        login = f"{user}:{quote(password, safe='')}@" if user else ""
        return f"postgresql://{login}/{database}?host={quote(str(self._socket_dir), safe='')}"

    def _argument(self, cluster: Path) -> str:
        # The account may not be able to pass the directories above; it starts in the cluster, and stays.
        return "/proc/self/cwd" if self._account else str(cluster)

    def _identity(self, cluster: Path) -> dict[str, Any]:
        identity: dict[str, Any] = {"cwd": cluster, "env": {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}}
        if self._account:
            identity |= {"user": self._account.uid, "group": self._account.gid, "extra_groups": []}
        return identity

    def _choose_socket_dir(self) -> Path:
        inside = self._dir / "run"
        if self._account is None and len(os.fsencode(inside / ".s.PGSQL.5432")) < _SOCKET_LIMIT:
            return inside
        name = "alquimista-" + hashlib.sha256(os.fsencode(self._dir)).hexdigest()[:12]
        system = Path("/run")
        return (system if os.access(system, os.W_OK) else Path(tempfile.gettempdir())) / name

    def _make_socket_dir(self) -> None:
        # Nobody runs on the cluster now, so what is here is stale: a socket, and a lock whose PID may be a stranger's.
        shutil.rmtree(self._socket_dir, ignore_errors=True)
        owner = self._account or Account("", os.geteuid(), os.getegid())
        self._socket_dir.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            os.chown(self._socket_dir, owner.uid, owner.gid)
        seen = self._socket_dir.lstat()
        if seen.st_uid != owner.uid or seen.st_mode & 0o170777 != 0o040700:
            raise RefusedError(f"{self._socket_dir} is not a private directory of ours; remove it.")
