"""How often staff and people may ask where a room has no reason for figures of its own."""

from typing import Final

from alquimista.http.routes import Limit

READING: Final = (Limit(count=600, seconds=60, per=("user",)),)
READING_ONE: Final = (*READING, Limit(count=1_800, seconds=60, per=("tenant",)))
ACTING: Final = (Limit(count=60, seconds=60, per=("user",)),)
