"""Payment by hand: an invoice with a Pix code that we make ourselves; staff confirm what the bank's statement shows."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from alquimista.config import Settings, variable
from alquimista.payments.gateway.brcode import br_code, txid_of
from alquimista.payments.models import NoPortal, Notice, Opened, Order, SignatureInvalid

# A late payer still pays the invoice that they hold; after this it is a matter for people.
_KEPT_OPEN: Final = timedelta(days=30)
_BRASILIA: Final = ZoneInfo("America/Sao_Paulo")
_REAL: Final = "BRL"


class Manual:
    """Needs no account anywhere. Without a Pix key the page shows what is owed and how to reach the vendor."""

    name: Final = "manual"
    signed: Final = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def open(self, order: Order) -> Opened:
        """Our own page of the charge. Everything follows from the order: asked again, it is the same.

        It is open to the end of the thirtieth day, of Brasília, after the due date.
        """
        last_day = datetime.combine(order.due_on + _KEPT_OPEN, time.max, _BRASILIA)
        return Opened(
            provider_ref=str(order.charge_id),
            checkout_url=f"{self._settings.public_url}/billing/pay/{order.charge_id}",
            expires_at=last_day.replace(microsecond=0),
            pix_code=self._pix_code(order),
        )

    async def charge(self, order: Order) -> Opened:
        """Nothing is collected without the payer: the same as open."""
        return await self.open(order)

    async def refund(self, provider_ref: str, amount_cents: int, key: str) -> None:
        """Nothing happens outside: people send the money back and record it."""

    async def portal(self, customer_ref: str, return_url: str) -> str:  # noqa: ARG002 - The port's shape.
        """Raises NoPortal: no method is stored."""
        raise NoPortal

    def read(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:  # noqa: ARG002 - As above.
        """Raises SignatureInvalid: nobody sends webhooks for payments by hand."""
        raise SignatureInvalid(provider=self.name, setting=variable("payment_provider"))

    async def look(self, provider_ref: str) -> Notice | None:  # noqa: ARG002 - As above.
        """None: only people know."""
        return None

    async def close(self) -> None:
        """There is nothing to close."""

    def _pix_code(self, order: Order) -> str | None:
        settings = self._settings
        if not settings.pix_key or order.currency != _REAL:
            return None
        txid = txid_of(order.charge_id)
        return br_code(
            settings.pix_key, settings.pix_name, settings.pix_city, order.amount_cents, txid, order.reference
        )
