"""How often anybody may ask the sales team: counted together, whether it is through the API or on the page."""

from typing import Final

from alquimista.http.routes import Limit

ASKING: Final = Limit(count=3, seconds=3600, per=("ip",), exact=True, name="commercial.contact")
