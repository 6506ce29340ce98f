"""How often a company may switch agents on and off: both counted together, on whichever room's routes."""

from typing import Final

from alquimista.http.routes import Limit

SWITCHING: Final = (Limit(count=10, seconds=60, per=("tenant", "user"), name="agents.switch"),)
