"""The API of commands, for staff."""

from typing import Final

from alquimista.operations.api import deciding, exporting, giving, reading

ROUTES: Final = (*giving.ROUTES, *reading.ROUTES, *deciding.ROUTES, *exporting.ROUTES)
