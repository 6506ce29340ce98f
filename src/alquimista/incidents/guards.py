"""How often staff may act on incidents, by the API and by pages alike."""

from typing import Final

from alquimista.http.routes import Limit

ACTING: Final = (Limit(count=60, seconds=60, per=("user",), name="incidents.act"),)
