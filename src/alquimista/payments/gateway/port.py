"""What every provider can do. One suite of tests holds all of them to it (tests/payments)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from alquimista.payments.models import Notice, Opened, Order


class Provider(Protocol):
    """Collects charges. Every call may be repeated after ProviderUnavailable.

    Callers hold a lock on the charge (such as its row) over `open` and `charge`: Asaas has no idempotency keys, so that
    two calls at the same moment, each finding nothing, would open two charges there.

    Raises, from every call that leaves the machine:
        ProviderUnavailable: no answer in time, an error on the provider's side, or too many requests.
        ProviderRefused: the provider does not accept the request.
        NotConfigured: the provider does not accept our credentials.
    """

    @property
    def name(self) -> str:
        """`manual`, `stripe` or `asaas`."""

    @property
    def signed(self) -> bool:
        """Whether `read` proves who wrote the body and when.

        Where it does not, a Notice is a hint: `look` at its provider_ref, and believe what that says.
        """

    async def open(self, order: Order) -> Opened:
        """A way to pay. Asked again for the same charge, the one that is open, or a new one when that has closed.

        Raises AlreadyPaid when the charge was paid or its payment is on its way.
        """

    async def charge(self, order: Order) -> Opened | Notice:
        """Collect without the payer: by the stored method, a Notice; without one, what waits for the payer.

        A declined method is a Notice with FAILED, not an error. Asked again, a charge that was paid or is on its way
        is told as it is; one that was declined is tried once more.
        """

    async def refund(self, provider_ref: str, amount_cents: int, key: str) -> None:
        """Give part or all back, once for each `key`; a webhook confirms it."""

    async def portal(self, customer_ref: str, return_url: str) -> str:
        """Where the payer manages stored methods. Raises NoPortal."""

    def read(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """What a webhook says; `now` is the application's clock, for the age of a signature.

        Raises SignatureInvalid when it is forged, altered or old. What is genuine but not understood is a Notice
        without an outcome, to be kept.
        """

    async def look(self, provider_ref: str) -> Notice | None:
        """The present state, as a webhook would tell it, for webhooks that were lost. None: nothing is known."""

    async def close(self) -> None:
        """Close the connections."""
