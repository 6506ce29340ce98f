"""Of requests to the sales team: how often anybody may ask, by the API and the page together, and who has read them."""

from typing import Final
from uuid import UUID

from alquimista.access import PLATFORM_TENANT
from alquimista.audit.guards import seen
from alquimista.http.context import Context
from alquimista.http.routes import Limit

ASKING: Final = Limit(count=3, seconds=3600, per=("ip",), exact=True, name="commercial.contact")


async def list_seen(context: Context) -> None:
    """Write that staff have read who asked: names, addresses and telephones of strangers."""
    await seen(context, PLATFORM_TENANT, action="commercial_requests.listed")


async def request_seen(context: Context, request_id: UUID) -> None:
    """Write that staff have read one request."""
    kind, subject = "commercial_request", str(request_id)
    await seen(context, PLATFORM_TENANT, action="commercial_request.read", resource_type=kind, resource_id=subject)
