"""What payment providers tell us. Genuine is what they signed; it is kept as it came, and worked through by a job."""

from typing import Any, Final

import msgspec

from alquimista.errors import NotFound
from alquimista.http.context import Context
from alquimista.http.routes import Content, Limit, Route
from alquimista.payments import service as payments
from alquimista.payments.models import NotConfigured, SignatureInvalid
from alquimista.payments.service import Providers


class Received(msgspec.Struct, frozen=True):
    """It is kept. `duplicate`: it was here already."""

    received: bool
    duplicate: bool


async def receive(context: Context) -> Received:
    """Keep what a provider sent; `/api/billing/webhook` alone is Stripe's."""
    try:
        provider = context.services.get(Providers).get(context.path.get("provider", "stripe"))
    except NotConfigured:  # A provider that is not used here has no business to tell us anything.
        raise NotFound from None
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in context.headers.items()}
    event = await payments.receive(context.db, provider, headers, context.raw, context.now)
    return Received(received=True, duplicate=event is None)


_WEBHOOK: Final[dict[str, Any]] = {
    "method": "POST",
    "handler": receive,
    "tag": "billing",
    "permission": None,
    "kinds": frozenset(),
    "raw_body": True,
    "raw_content": {
        "application/json": Content(shape=dict[str, Any], example={"id": "evt_1", "type": "checkout.session.completed"})
    },
    "body_limit": 256 * 1024,
    "response": Received,
    "problems": (SignatureInvalid, NotFound),
    "limits": (Limit(count=1200, seconds=60, per=("ip",)),),
    "example": Received(received=True, duplicate=False),
    "request_headers": {
        "Stripe-Signature": "Stripe's signature of the body, with its moment.",
        "asaas-access-token": "The token that was given to the webhook at Asaas.",
    },
}
ROUTES: Final = (
    Route(path="/api/billing/webhook", summary="Stripe's webhook", **_WEBHOOK),
    Route(path="/api/billing/webhook/{provider}", summary="A payment provider's webhook", **_WEBHOOK),
)
