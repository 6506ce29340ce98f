"""The machine and the versions behind a run's figures."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Final

from benchmarks.harness.cluster import Cluster

_PACKAGES: Final = ("psycopg", "msgspec", "starlette", "uvicorn", "uvloop", "httptools", "bcrypt", "joserfc")


def describe(cluster: Cluster) -> dict[str, object]:
    """Processor, memory, system, and the versions of what is ours; the peers' are in their lock files."""
    return {
        "cpu": _field(Path("/proc/cpuinfo"), "model name"),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "postgresql": cluster.version(),
        "node": _node(),
        "packages": {name: version(name) for name in _PACKAGES},
    }


def _field(path: Path, name: str) -> str:
    lines = path.read_text().splitlines() if path.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), platform.processor())


def _node() -> str:
    try:
        return subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    except OSError:
        return ""
