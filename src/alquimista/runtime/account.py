"""Who runs the embedded PostgreSQL. It refuses root, so root drops to an unprivileged service account."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from alquimista.runtime.failures import RefusedError

_PREFERRED: Final = ("alquimista", "postgres")
_LAST_RESORT: Final = "nobody"


@dataclass(frozen=True, slots=True)
class Account:
    """An unprivileged user of this machine."""

    name: str
    uid: int
    gid: int


def service_account(cluster: Path) -> Account | None:
    """The account that runs the server on the cluster, or None for the present (unprivileged) user.

    The owner of an existing cluster keeps it. Otherwise, in this order: the user `alquimista`, the user `postgres`,
    a new system user `alquimista`, the user `nobody`.

    Raises:
        RefusedError: the cluster belongs to somebody else and this process is not root.
    """
    owner = cluster.stat().st_uid if cluster.exists() else None
    if os.geteuid() != 0:
        if owner not in {None, os.geteuid()}:
            raise RefusedError(f"{cluster} belongs to {_name(owner)}; start as that user or as root.")
        return None
    if owner:
        try:
            return _account(pwd.getpwuid(owner))
        except KeyError:
            pass  # The owner is unknown here (a volume from another machine): it gets a new owner.
    return _choose()


def own(path: Path, account: Account) -> None:
    """Give the path, and everything in it, to the account, when it is not the owner already."""
    if path.stat().st_uid == account.uid:
        return
    for folder, _, files in os.walk(path):
        for name in files:
            os.chown(Path(folder) / name, account.uid, account.gid, follow_symlinks=False)
        os.chown(folder, account.uid, account.gid)


def _choose() -> Account:
    entries = {entry.pw_name: entry for entry in pwd.getpwall() if entry.pw_uid != 0}
    for name in _PREFERRED:
        if name in entries:
            return _account(entries[name])
    if useradd := shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin"):
        made = subprocess.run(  # noqa: S603 - Fixed arguments.
            [useradd, "--system", "--no-create-home", "--user-group", "--shell", "/usr/sbin/nologin", _PREFERRED[0]],
            capture_output=True,
            check=False,
        )
        if made.returncode == 0:
            return _account(pwd.getpwnam(_PREFERRED[0]))
    if _LAST_RESORT in entries:
        return _account(entries[_LAST_RESORT])
    raise RefusedError("PostgreSQL does not run as root and this machine has no other user; add one named alquimista.")


def _account(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _name(uid: int | None) -> str:
    try:
        return pwd.getpwuid(uid or 0).pw_name
    except KeyError:
        return f"the user id {uid}"
