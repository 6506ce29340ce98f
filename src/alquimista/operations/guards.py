"""How often staff may give commands and decide on them, by the API and by pages alike."""

from typing import Final

from alquimista.http.routes import Limit

GIVING: Final = (Limit(count=15_000, seconds=60, per=("user",), name="commands.give"),)
DECIDING: Final = (Limit(count=600, seconds=60, per=("user",), name="commands.decide"),)
