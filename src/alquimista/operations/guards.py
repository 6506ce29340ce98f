"""How often staff may give commands and decide on them, by the API and by pages alike."""

from typing import Final

from alquimista.http.routes import Limit

# A company's commands wait in one queue with its other work: nobody, and not all of staff together, may fill it.
GIVING: Final = (
    Limit(count=15_000, seconds=60, per=("user",), name="commands.give"),
    Limit(count=1_200, seconds=60, per=("tenant",), name="commands.give_one"),
)
DECIDING: Final = (Limit(count=600, seconds=60, per=("user",), name="commands.decide"),)
