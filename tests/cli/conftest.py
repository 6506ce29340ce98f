from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.platform import Up


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    """Starts the platform, in a fresh data directory unless one is given; whatever still runs is killed at the end."""
    running: list[Up] = []

    def start(data_dir: Path | None = None, *options: str, **settings: str) -> Up:
        running.append(Up(data_dir or tmp_path / "data", settings, options))
        return running[-1]

    yield start
    for one in running:
        if one.process.poll() is None:
            one.stop()
