from collections.abc import Iterator
from pathlib import Path

import pytest

from support.installation import Installation


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The module's installation, in a data directory that is not there yet; stopped at the end."""
    installation = Installation(Path(tmp_path_factory.mktemp("home")) / "data")
    yield installation
    installation.end()
