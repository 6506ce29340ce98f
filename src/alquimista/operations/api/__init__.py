"""The API of commands, for staff."""

from typing import Final

from alquimista.operations.api import deciding, giving, reading

ROUTES: Final = (*giving.ROUTES, *reading.ROUTES, *deciding.ROUTES)
