"""How often a company may change and try its webhooks, by the API and by pages alike."""

from typing import Final

from alquimista.http.routes import Limit

ACTING: Final = (Limit(count=60, seconds=60, per=("tenant",), name="webhooks.act"),)
