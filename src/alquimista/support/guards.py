"""How often a person may open tickets and write in them."""

from typing import Final

from alquimista.http.routes import Limit

READING: Final = (Limit(count=600, seconds=60, per=("user",)),)
OPENING: Final = (Limit(count=20, seconds=3600, per=("user",), name="support.open"),)
WRITING: Final = (Limit(count=30, seconds=60, per=("user",), name="support.write"),)
ANSWERING: Final = (Limit(count=120, seconds=60, per=("user",), name="support.answer"),)
