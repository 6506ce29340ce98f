from collections.abc import Iterator
from pathlib import Path

import pytest

from support.installation import Installation


@pytest.fixture(scope="module")
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The module's installation, in a data directory that is not there yet; stopped at the end.

    A module may say in OPTIONS how `alquimista up` is called.
    """
    options = getattr(request.module, "OPTIONS", ())
    installation = Installation(Path(tmp_path_factory.mktemp("home")) / "data", *options)
    yield installation
    installation.end()
