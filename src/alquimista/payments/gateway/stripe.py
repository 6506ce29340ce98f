"""Stripe: cards, by Checkout in payment mode and off-session payment intents. We make no subscriptions there.

Requests follow docs.stripe.com/payments/checkout and /payments/save-during-payment. Two things keep a charge from being
collected twice. Every POST has an idempotency key, which Stripe honours for a day at least, and before each we ask what
the customer already has for the charge, since a day may pass and a key also repeats an old failure.
"""

import hashlib
import logging
from collections.abc import Awaitable, Coroutine, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec
import stripe

from alquimista.breaker import CircuitOpen
from alquimista.clock import now as present
from alquimista.config import Settings, variable
from alquimista.observability.circuits import CIRCUITS
from alquimista.payments.gateway import stripe_events as words
from alquimista.payments.gateway.stripe_events import Intent, Session
from alquimista.payments.models import (
    AlreadyPaid,
    NotConfigured,
    Notice,
    Opened,
    Order,
    ProviderRefused,
    ProviderUnavailable,
    SignatureInvalid,
)

# Pinned: the SDK's own version would change under our webhooks, whose shape follows it, at any upgrade.
API_VERSION: Final = "2026-10-28.endive"
_ADDRESS: Final = "https://api.stripe.com"
_PAGE: Final = 100
_MAX_LINES: Final = 100

T = TypeVar("T")


class Stripe:
    """One account at Stripe."""

    name: Final = words.PROVIDER
    signed: Final = True

    def __init__(
        self, settings: Settings, *, address: str | None = None, timeout_s: float = 10, retries: int = 2
    ) -> None:
        """`address` replaces https://api.stripe.com, for tests; each attempt waits `timeout_s`."""
        # From INFO on the SDK logs what it sends and gets: names, addresses, and keys that an error quotes.
        logging.getLogger("stripe").setLevel(logging.WARNING)
        self._settings = settings
        self._breakers = CIRCUITS.watched("payments")
        self._breaker = self._breakers.of(urlsplit(address or _ADDRESS).netloc)
        self._transport = stripe.HTTPXClient(timeout=httpx.Timeout(timeout_s))
        self._client = stripe.StripeClient(
            settings.stripe_secret_key,
            stripe_version=API_VERSION,
            base_addresses={"api": address} if address else {},
            max_network_retries=retries,
            http_client=self._transport,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close_async()  # type: ignore[no-untyped-call]

    async def open(self, order: Order) -> Opened:
        """A Checkout page, open for a day, that saves the card for renewals. Raises AlreadyPaid."""
        customer = await self._customer(order)
        if any(intent.collected for intent in await self._intents(customer, order)):
            raise AlreadyPaid(provider="Stripe")
        sessions = await self._sessions(customer, order)
        for session in sessions:
            if session.status == "open" and session.url and session.amount_total == order.amount_cents:
                return _opened(session, customer)
            if session.status == "complete" and not _gave_up(session):
                raise AlreadyPaid(provider="Stripe")
        await self._close_pages(sessions)
        # Pages that were opened before are counted, so that each new one has a key of its own, and two requests at
        # the same moment share it. The hour is there because Stripe repeats an internal error for a key's whole life:
        # a second page is no second payment, but a payer who cannot pay for a day is a loss.
        made = await self._ask(
            self._client.v1.checkout.sessions.create_async(
                {
                    "mode": "payment",
                    "customer": customer,
                    "client_reference_id": str(order.charge_id),
                    "line_items": [
                        {
                            "quantity": 1,
                            "price_data": {
                                "currency": order.currency.lower(),
                                "unit_amount": amount,
                                "product_data": {"name": text},
                            },
                        }
                        for text, amount in _lines(order)
                    ],
                    "metadata": _metadata(order),
                    "payment_intent_data": {
                        "setup_future_usage": "off_session",
                        "metadata": _metadata(order),
                        "description": _description(order),
                    },
                    "adaptive_pricing": {"enabled": False},  # The amount is in the invoice's currency, always.
                    "success_url": order.success_url,
                    "cancel_url": order.cancel_url,
                },
                {"idempotency_key": f"open:{order.charge_id}:{len(sessions)}:{_hour()}"},
            )
        )
        return _opened(_shape(made, Session), customer)

    async def charge(self, order: Order) -> Opened | Notice:
        """Charge the stored method; without one, a Checkout page. See the port.

        A bank that wants the payer present is a Notice with FAILED and the reason `authentication_required`.
        """
        if order.method_ref is None or order.customer_ref is None:
            return await self.open(order)
        earlier = await self._intents(order.customer_ref, order)
        for intent in earlier:
            if intent.collected:
                return self._seen(intent)
        sessions = await self._sessions(order.customer_ref, order)
        for session in sessions:
            if isinstance(session.payment_intent, Intent) and session.status == "complete" and not _gave_up(session):
                return self._seen(session.payment_intent)
        # A page that is still open could be paid beside this.
        await self._close_pages(sessions)
        request = self._client.v1.payment_intents.create_async(
            {
                "amount": order.amount_cents,
                "currency": order.currency.lower(),
                "customer": order.customer_ref,
                "payment_method": order.method_ref,
                "off_session": True,
                "confirm": True,
                "description": _description(order),
                "metadata": _metadata(order),
            },
            # Failed attempts are counted: asking again after a lost answer is the same attempt, asking again after a
            # decline is a new one. No hour here: this one moves money.
            {"idempotency_key": f"charge:{order.charge_id}:{len(earlier)}"},
        )
        try:
            return self._seen(_shape(await self._ask(request), Intent))
        except stripe.CardError as error:
            declined = _declined(error)
        if declined is None:
            raise ProviderRefused(provider="Stripe", reason="card_error")
        return self._seen(declined)

    async def refund(self, provider_ref: str, amount_cents: int, key: str) -> None:
        """Refund a payment intent, or the one of a Checkout page. See the port."""
        intent = provider_ref
        if provider_ref.startswith("cs_"):
            found = _shape(await self._ask(self._client.v1.checkout.sessions.retrieve_async(provider_ref)), Session)
            if found.intent_id is None:
                raise ProviderRefused(provider="Stripe", reason="payment_intent")
            intent = found.intent_id
        listed = await self._ask(self._client.v1.refunds.list_async({"payment_intent": intent, "limit": _PAGE}))
        mine = [one for one in _shapes(listed, words.Refund) if one.metadata.get("refund_key") == key]
        failed = [one for one in mine if one.status in {"failed", "canceled"}]
        if len(mine) > len(failed):
            return
        await self._ask(
            self._client.v1.refunds.create_async(
                {"payment_intent": intent, "amount": amount_cents, "metadata": {"refund_key": key}},
                {"idempotency_key": f"refund:{key}:{len(failed)}"},
            )
        )

    async def portal(self, customer_ref: str, return_url: str) -> str:
        """Stripe's page where the customer changes cards; it works for a while after this, once."""
        made = await self._ask(
            self._client.v1.billing_portal.sessions.create_async({"customer": customer_ref, "return_url": return_url})
        )
        return str(made.url)

    def read(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """See the port."""
        header = next((value for name, value in headers.items() if name.lower() == "stripe-signature"), "")
        secret = self._settings.stripe_webhook_secret
        try:
            if not secret or not words.genuine(header, body, secret, now):
                raise SignatureInvalid(provider="Stripe", setting=variable("stripe_webhook_secret"))
            event = msgspec.json.decode(body, type=words.Event)
        except msgspec.MsgspecError:
            raise SignatureInvalid(provider="Stripe", setting=variable("stripe_webhook_secret")) from None
        live = "_live_" in self._settings.stripe_secret_key[:8]
        return words.meaning(event, live=live)

    async def look(self, provider_ref: str) -> Notice | None:
        """The state of a payment intent (`pi_`) or of a Checkout page (`cs_`); None for one that Stripe lacks."""
        with suppress(_Missing):
            if provider_ref.startswith("pi_"):
                return await self._look_at_intent(provider_ref)
            if provider_ref.startswith("cs_"):
                found = _shape(await self._ask(self._client.v1.checkout.sessions.retrieve_async(provider_ref)), Session)
                if found.intent_id and found.status != "expired":
                    return await self._look_at_intent(found.intent_id)
                outcome = words.session_outcome(found)
                return words.of_session(
                    found, f"look.{found.status}", f"look:{found.id}:{found.status}", present(), outcome
                )
        return None

    async def _look_at_intent(self, intent_id: str) -> Notice:
        request = self._client.v1.payment_intents.retrieve_async(intent_id, {"expand": ["latest_charge"]})
        return self._seen(_shape(await self._ask(request), Intent))

    def _seen(self, intent: Intent) -> Notice:
        notice = words.of_intent(intent, f"look.{intent.status}", "", present())
        # The name follows from what was seen, so that the same state, seen twice, is the same news.
        name = f"look:{intent.id}:{intent.status}:{notice.refunded_cents}:{notice.reason}"
        return msgspec.structs.replace(notice, event_id=name)

    async def _customer(self, order: Order) -> str:
        if order.customer_ref:
            return order.customer_ref
        payer = order.payer
        told = hashlib.sha256(f"{payer.name}\0{payer.email}".encode()).hexdigest()[:16]
        made = await self._ask(
            self._client.v1.customers.create_async(
                {"name": payer.name, "email": payer.email, "metadata": {"tenant_id": str(order.tenant_id)}},
                {"idempotency_key": f"customer:{order.tenant_id}:{told}:{_hour()}"},
            )
        )
        return str(made.id)

    async def _intents(self, customer: str, order: Order) -> list[Intent]:
        listed = await self._ask(self._client.v1.payment_intents.list_async({"customer": customer, "limit": _PAGE}))
        return [one for one in _shapes(listed, Intent) if one.metadata.get("charge_id") == str(order.charge_id)]

    async def _sessions(self, customer: str, order: Order) -> list[Session]:
        listed = await self._ask(
            self._client.v1.checkout.sessions.list_async(
                {"customer": customer, "limit": _PAGE, "expand": ["data.payment_intent"]}
            )
        )
        return [one for one in _shapes(listed, Session) if one.metadata.get("charge_id") == str(order.charge_id)]

    async def _close_pages(self, sessions: list[Session]) -> None:
        for session in sessions:
            if session.status == "open":
                try:
                    await self._ask(self._client.v1.checkout.sessions.expire_async(session.id))
                except ProviderRefused:
                    # It was paid or ended since we asked; the next call sees how.
                    raise ProviderUnavailable(provider="Stripe", retry_after=5) from None

    async def _ask(self, request: Awaitable[T]) -> T:
        """The answer, or a problem of ours. Stripe's own words stay out: they quote keys and what was sent."""
        try:
            # What fails of theirs; that they refuse something, or ask for time, is an answer.
            with self._breaker.call(stripe.APIConnectionError, stripe.APIError):
                return await request
        except CircuitOpen as circuit:
            if isinstance(request, Coroutine):
                request.close()
            raise ProviderUnavailable(provider="Stripe", retry_after=circuit.seconds) from None
        except stripe.CardError:
            raise
        except (stripe.AuthenticationError, stripe.PermissionError):
            raise NotConfigured(settings=variable("stripe_secret_key"), retry_after=3600) from None
        except stripe.RateLimitError:
            raise ProviderUnavailable(provider="Stripe", retry_after=30) from None
        except stripe.InvalidRequestError as error:
            if error.code == "resource_missing":
                raise _Missing(provider="Stripe", reason=_named(error)) from None
            if error.code in {"idempotency_key_in_use", "lock_timeout"}:
                raise ProviderUnavailable(provider="Stripe", retry_after=5) from None
            raise ProviderRefused(provider="Stripe", reason=_named(error)) from None
        except stripe.StripeError:
            # No connection, no answer in time, an error of theirs, or a key that another request holds.
            raise ProviderUnavailable(provider="Stripe", retry_after=10) from None


class _Missing(ProviderRefused):
    """Stripe has no such object."""


def _named(error: stripe.InvalidRequestError) -> str:
    return " ".join(str(part) for part in (error.code, error.param) if part) or "invalid_request"


def _declined(error: stripe.CardError) -> Intent | None:
    body = error.json_body
    inner = body.get("error") if isinstance(body, dict) else None
    try:
        return msgspec.convert(inner["payment_intent"], Intent) if isinstance(inner, dict) else None
    except (KeyError, msgspec.MsgspecError):
        return None


def _gave_up(session: Session) -> bool:
    """Whether a complete page's payment came to nothing after all, such as a voucher that nobody paid."""
    intent = session.payment_intent
    return isinstance(intent, Intent) and intent.status in {"requires_payment_method", "canceled"}


def _opened(session: Session, customer: str) -> Opened:
    if session.url is None:
        raise ProviderUnavailable(provider="Stripe", retry_after=5)
    return Opened(session.id, session.url, datetime.fromtimestamp(session.expires_at, UTC), customer_ref=customer)


def _lines(order: Order) -> list[tuple[str, int]]:
    """What the page lists. Stripe has no negative lines: an order with a credit is shown as one sum."""
    fits = len(order.lines) <= _MAX_LINES and all(line.amount_cents > 0 and line.text for line in order.lines)
    return (
        [(line.text, line.amount_cents) for line in order.lines]
        if fits
        else [(_description(order), order.amount_cents)]
    )


def _description(order: Order) -> str:
    return f"{order.reference} – {order.description}" if order.description else order.reference


def _metadata(order: Order) -> dict[str, str]:
    return {"tenant_id": str(order.tenant_id), "charge_id": str(order.charge_id)}


def _hour() -> str:
    return f"{present():%Y%m%d%H}"


def _shape(found: stripe.StripeObject, shape: type[T]) -> T:
    try:
        return msgspec.convert(found.to_dict(), shape)
    except msgspec.MsgspecError:
        raise ProviderUnavailable(provider="Stripe", retry_after=60) from None


def _shapes(found: Any, shape: type[T]) -> list[T]:  # noqa: ANN401 - A page of any kind of object.
    return [_shape(one, shape) for one in found.data]
