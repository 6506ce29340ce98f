import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from alquimista.runtime.embedded import EmbeddedServer

# What root does differently can be seen by root alone; CI runs as root.
collect_ignore = [] if os.geteuid() == 0 else ["test_as_root.py"]


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    """A data directory below a folder that is closed to everybody else."""
    with tempfile.TemporaryDirectory(prefix="alquimista-runtime-") as folder:
        yield Path(folder) / "data"


@pytest.fixture
def embedded(directory: Path) -> Iterator[EmbeddedServer]:
    """A running server on the module's cluster."""
    with EmbeddedServer(directory) as server:
        yield server
