"""Maintenance: while a file lies in the data directory, all that is asked of a process is answered 503, in words.

Not its health, its measurements, nor the assets of the page that says so. It is a file and not a row, so that it holds
while the database is away. `alquimista maintenance on` and `off` write and remove it.
"""

import time
from pathlib import Path
from typing import Final

from alquimista.config import Settings
from alquimista.errors import Unavailable
from alquimista.i18n import N_

FILE: Final = "maintenance"
_RETRY_AFTER_S: Final = 120
_LOOK_EVERY_S: Final = 1.0
_OPEN: Final = ("/health", "/metrics", "/static/")


class UnderMaintenance(Unavailable):
    code = "maintenance"
    title = N_("Under maintenance")
    message = N_("We are working on the platform and will be back soon. Nothing of yours is lost.")


class Maintenance:
    """What a process knows of it; it looks once a second."""

    def __init__(self, settings: Settings) -> None:
        self._file = Path(settings.data_dir) / FILE if settings.data_dir else None
        self._looks_at = 0.0
        self._on = False

    @property
    def on(self) -> bool:
        """Whether the platform is under maintenance."""
        if self._file is not None and (now := time.monotonic()) >= self._looks_at:
            self._looks_at = now + _LOOK_EVERY_S
            self._on = self._file.exists()
        return self._on

    def check(self, path: str) -> None:
        """Refuse what is asked under an address meanwhile. Raises UnderMaintenance."""
        if self.on and not path.startswith(_OPEN):
            raise UnderMaintenance(retry_after=_RETRY_AFTER_S)
