"""The data directory: everything that one installation keeps, and the lock that makes it one installation's.

    DIR/                   0700 when made here
      lock                 held with flock(2) for as long as `up` runs; its text is the PID of the holder
      secrets.json         0600: the secret key and the superuser password of the embedded PostgreSQL
      postgres/            0700: the cluster of the embedded PostgreSQL; as root it belongs to the service account
      logs/                0700: postgres.log, web-N.log, worker.log, each with one older file `.1`
      run/                 0700: the server's socket, when the path is short enough
      metrics/             snapshots that the processes of this run show one another
      maintenance          while it is there, the web processes answer that work is done (`alquimista maintenance`)
      demo-*.json          only with --demo: the logins, and how far the traffic goes

Back up DIR as a whole, with the platform stopped: without secrets.json neither the stored credentials nor the
database can be opened again.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from alquimista.config import new_secret
from alquimista.runtime.failures import RefusedError

CLUSTER: Final = "postgres"
SECRETS: Final = "secrets.json"


class Secrets(msgspec.Struct, frozen=True):
    """What secrets.json holds. Generated once; never changed here."""

    secret_key: str
    database_password: str

    def __repr__(self) -> str:
        """Without the secrets, so that no log or traceback shows them."""
        return "Secrets(…)"


def default() -> Path:
    """Where the data is unless --data-dir says otherwise: the XDG data directory, or for root /var/lib/alquimista."""
    if os.geteuid() == 0:
        return Path("/var/lib/alquimista/data")
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "alquimista"


def prepare(directory: Path) -> Path:
    """Make the directory if needed; its absolute path.

    Raises:
        RefusedError: it cannot be made or written.
    """
    directory = directory.expanduser().resolve()
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise RefusedError(f"The data directory {directory} cannot be made: {error.strerror}.") from None
    if not os.access(directory, os.W_OK | os.X_OK):
        raise RefusedError(f"The data directory {directory} is not writable for you; choose one with --data-dir.")
    return directory


@contextmanager
def lock(directory: Path) -> Iterator[None]:
    """Hold the directory for the length of the block. The kernel lets go of it when the process dies, however it dies.

    Raises:
        RefusedError: another process holds it, and the sentence names its PID; or it belongs to another user.
    """
    try:
        handle = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except PermissionError:
        raise RefusedError(f"The data directory {directory} belongs to another user; start as that user.") from None
    with os.fdopen(handle, "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = file.read().strip()
            who = f"process {holder}" if holder else "another process"
            raise RefusedError(
                f"The data directory {directory} is in use by {who}; stop it, or choose another with --data-dir."
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
        file.truncate(0)


def held(directory: Path) -> bool:
    """Whether a supervisor runs on the directory just now."""
    try:
        handle = os.open(directory / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def secrets(directory: Path) -> Secrets:
    """The directory's secrets, generated the first time.

    Raises:
        RefusedError: the file is unreadable, or it is gone while the database that it opens is still there.
    """
    path = directory / SECRETS
    try:
        return msgspec.json.decode(path.read_bytes(), type=Secrets)
    except FileNotFoundError:
        if (directory / CLUSTER).exists():
            raise RefusedError(f"{path} is missing, and the database needs it; restore it from a backup.") from None
        return _generate(path)
    except (OSError, msgspec.DecodeError) as error:
        raise RefusedError(f"{path} cannot be read ({error}); restore it from a backup.") from None


def _generate(path: Path) -> Secrets:
    made = Secrets(secret_key=new_secret(), database_password=new_secret())
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(msgspec.to_builtins(made), file, indent=1)
        file.flush()
        os.fsync(file.fileno())  # The database is about to depend on it.
    draft.replace(path)
    return made
