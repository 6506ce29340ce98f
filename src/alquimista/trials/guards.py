"""How often a person may begin trials and talk in them: counted together, through the API and on the pages."""

from typing import Final

from alquimista.http.routes import Limit

STARTING: Final = Limit(count=10, seconds=60, per=("user",), name="trials.start")
TALKING: Final = Limit(count=10, seconds=60, per=("user",), name="trials.invoke")
