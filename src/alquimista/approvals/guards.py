"""How often approvals are read and acted on."""

from typing import Final

from alquimista.http.routes import Limit

READING: Final = (Limit(count=600, seconds=60, per=("user",), name="approvals.read"),)
ACTING: Final = (Limit(count=60, seconds=60, per=("user",), name="approvals.act"),)
