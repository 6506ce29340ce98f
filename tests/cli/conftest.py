from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.platform import Up


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The module's data directory: only its first start makes a database."""
    return tmp_path_factory.mktemp("up") / "data"


@pytest.fixture
def up(data_dir: Path) -> Iterator[Callable[..., Up]]:
    """Starts the platform in the module's data directory; whatever still runs at the end is stopped."""
    running: list[Up] = []

    def start(*options: str, directory: Path = data_dir, **settings: str) -> Up:
        running.append(Up(directory, settings, options))
        return running[-1]

    yield start
    for one in running:
        if one.process.poll() is None:
            one.stop()
