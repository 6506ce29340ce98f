"""How often agents may be told something and set anew, by the API and by pages alike."""

from typing import Final

from alquimista.http.routes import Limit

TELLING: Final = (Limit(count=30, seconds=60, per=("user",), name="fleet.tell"),)
CONFIGURING: Final = (Limit(count=60, seconds=60, per=("tenant", "user"), name="agents.configure"),)
