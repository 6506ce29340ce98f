"""Stripe's messages in our words: the signature of a webhook, its shapes, and what each kind of event means.

Written from docs.stripe.com/webhooks (signatures) and docs.stripe.com/api/events/types. Only what is used is declared.
"""

import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from uuid import UUID

import msgspec

from alquimista.payments.models import Notice, Outcome

PROVIDER: Final = "stripe"
_TOLERANCE_S: Final = 300

T = TypeVar("T")


class _Error(msgspec.Struct, frozen=True):
    code: str | None = None
    decline_code: str | None = None


class Charge(msgspec.Struct, frozen=True):
    """One movement on a card or account; it copies the metadata of its payment intent."""

    id: str
    amount: int
    currency: str
    amount_refunded: int = 0
    payment_intent: str | None = None
    customer: str | None = None
    metadata: dict[str, str] = {}


class Refund(msgspec.Struct, frozen=True):
    """One refund; `refund_key` in its metadata is the key that we gave."""

    id: str
    status: str | None = None
    metadata: dict[str, str] = {}


class Intent(msgspec.Struct, frozen=True):
    """A payment intent: the life of one payment, through failed attempts to success."""

    id: str
    amount: int
    currency: str
    status: str
    created: int
    livemode: bool = False
    customer: str | None = None
    payment_method: str | None = None
    setup_future_usage: str | None = None
    metadata: dict[str, str] = {}
    last_payment_error: _Error | None = None
    latest_charge: str | Charge | None = None

    @property
    def collected(self) -> bool:
        """Whether it was paid, or its money is on its way."""
        return self.status in {"succeeded", "processing", "requires_capture"}

    @property
    def reason(self) -> str:
        """Why the last attempt failed, such as `insufficient_funds` or `authentication_required`."""
        error = self.last_payment_error
        return (error.decline_code or error.code or "") if error else ""


class Session(msgspec.Struct, frozen=True):
    """A Checkout page."""

    id: str
    expires_at: int
    created: int
    status: str | None = None
    payment_status: str = "unpaid"
    amount_total: int | None = None
    currency: str | None = None
    url: str | None = None
    livemode: bool = False
    customer: str | None = None
    payment_intent: str | Intent | None = None
    metadata: dict[str, str] = {}

    @property
    def intent_id(self) -> str | None:
        """Its payment intent, which is made when the payer first tries."""
        return self.payment_intent.id if isinstance(self.payment_intent, Intent) else self.payment_intent


class _Invoice(msgspec.Struct, frozen=True):
    id: str
    currency: str
    amount_paid: int = 0
    amount_due: int = 0
    customer: str | None = None
    metadata: dict[str, str] = {}


class _Data(msgspec.Struct, frozen=True):
    object: msgspec.Raw


class Event(msgspec.Struct, frozen=True):
    """A webhook's envelope."""

    id: str
    type: str
    created: int
    livemode: bool
    data: _Data


def genuine(header: str, body: bytes, secret: str, now: datetime) -> bool:
    """Whether a Stripe-Signature proves that the body was signed with the secret within five minutes of `now`.

    The header holds one `t` and any number of `v1`: while a secret is being replaced Stripe signs with both. The SDK's
    own check reads the wall clock, which is not the application's.
    """
    pairs = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    if len(times) != 1 or not times[0].isascii() or not times[0].isdecimal() or len(times[0]) > 12:
        return False
    expected = hmac.new(secret.encode(), times[0].encode() + b"." + body, hashlib.sha256).hexdigest().encode()
    signatures = [value.encode() for name, _, value in pairs if name == "v1"]
    # Every signature is compared, so that the time taken says nothing of which one was near.
    right = sum(hmac.compare_digest(expected, one) for one in signatures)
    return right > 0 and abs(now.timestamp() - int(times[0])) <= _TOLERANCE_S


def ours(metadata: dict[str, str]) -> tuple[UUID, UUID] | None:
    """The tenant and the charge that we wrote into the metadata, or None: it is not of our making."""
    try:
        return UUID(metadata["tenant_id"]), UUID(metadata["charge_id"])
    except (KeyError, ValueError):
        return None


def of_intent(intent: Intent, kind: str, event_id: str, at: datetime) -> Notice:
    """A payment intent's state."""
    charge = intent.latest_charge if isinstance(intent.latest_charge, Charge) else None
    refunded = charge.amount_refunded if charge else 0
    match intent.status:
        case "succeeded":
            outcome = Outcome.REFUNDED if refunded >= intent.amount else Outcome.PAID
        case "canceled":
            outcome = Outcome.EXPIRED
        case "requires_payment_method" if intent.last_payment_error is not None:
            outcome = Outcome.FAILED
        case _:
            outcome = Outcome.PENDING
    # A method may be charged again only when the payer agreed to it, which setup_future_usage records.
    saved = intent.payment_method if intent.setup_future_usage == "off_session" else None
    return _notice(
        intent.metadata,
        event_id,
        kind,
        at,
        outcome,
        amount_cents=intent.amount,
        currency=intent.currency,
        refunded_cents=refunded,
        provider_ref=intent.id,
        customer_ref=intent.customer,
        method_ref=saved,
        reason=intent.reason if outcome is Outcome.FAILED else "",
    )


def of_session(session: Session, kind: str, event_id: str, at: datetime, outcome: Outcome) -> Notice:
    """A Checkout page's state."""
    return _notice(
        session.metadata,
        event_id,
        kind,
        at,
        outcome,
        amount_cents=session.amount_total,
        currency=session.currency,
        provider_ref=session.intent_id or session.id,
        customer_ref=session.customer,
    )


def session_outcome(session: Session) -> Outcome:
    """What a Checkout page alone tells: a complete one whose money is still to come is pending."""
    if session.status == "expired":
        return Outcome.EXPIRED
    return Outcome.PAID if session.payment_status == "paid" else Outcome.PENDING


def meaning(event: Event, *, live: bool) -> Notice:
    """What an event says of a charge of ours.

    Without an outcome: kinds that say nothing of a charge, objects that are not ours, shapes that we do not know, and
    events of test mode for a live key or the reverse, whose money is not the same money.
    """
    at = datetime.fromtimestamp(event.created, UTC)
    nothing = Notice(PROVIDER, event.id, event.type, at)
    if event.livemode != live:
        return msgspec.structs.replace(nothing, reason="live mode" if event.livemode else "test mode")
    read = _MEANINGS.get(event.type)
    if read is None:
        return nothing
    try:
        return read(event, at)
    except msgspec.MsgspecError:
        return msgspec.structs.replace(nothing, reason="unknown shape")


def _about_session(outcome: Outcome | None) -> Callable[[Event, datetime], Notice]:
    def read(event: Event, at: datetime) -> Notice:
        session = _object(event, Session)
        return of_session(session, event.type, event.id, at, outcome or session_outcome(session))

    return read


def _about_intent(event: Event, at: datetime) -> Notice:
    return of_intent(_object(event, Intent), event.type, event.id, at)


def _about_refund(event: Event, at: datetime) -> Notice:
    charge = _object(event, Charge)
    return _notice(
        charge.metadata,
        event.id,
        event.type,
        at,
        Outcome.REFUNDED if charge.amount_refunded >= charge.amount else Outcome.PAID,
        amount_cents=charge.amount,
        currency=charge.currency,
        refunded_cents=charge.amount_refunded,
        provider_ref=charge.payment_intent or charge.id,
        customer_ref=charge.customer,
    )


def _about_invoice(outcome: Outcome) -> Callable[[Event, datetime], Notice]:
    def read(event: Event, at: datetime) -> Notice:
        invoice = _object(event, _Invoice)
        return _notice(
            invoice.metadata,
            event.id,
            event.type,
            at,
            outcome,
            amount_cents=invoice.amount_paid if outcome is Outcome.PAID else invoice.amount_due,
            currency=invoice.currency,
            provider_ref=invoice.id,
            customer_ref=invoice.customer,
        )

    return read


# We make no subscriptions and no invoices at Stripe. Its own invoices are understood when they carry our metadata;
# customer.subscription.* and all else is kept without an outcome.
_MEANINGS: Final[dict[str, Callable[[Event, datetime], Notice]]] = {
    "checkout.session.completed": _about_session(None),
    "checkout.session.async_payment_succeeded": _about_session(Outcome.PAID),
    "checkout.session.async_payment_failed": _about_session(Outcome.FAILED),
    "checkout.session.expired": _about_session(Outcome.EXPIRED),
    "payment_intent.succeeded": _about_intent,
    "payment_intent.payment_failed": _about_intent,
    "payment_intent.processing": _about_intent,
    "payment_intent.canceled": _about_intent,
    "charge.refunded": _about_refund,
    "invoice.paid": _about_invoice(Outcome.PAID),
    "invoice.payment_succeeded": _about_invoice(Outcome.PAID),
    "invoice.payment_failed": _about_invoice(Outcome.FAILED),
}


def _object(event: Event, shape: type[T]) -> T:
    return msgspec.json.decode(event.data.object, type=shape)


def _notice(
    metadata: dict[str, str],
    event_id: str,
    kind: str,
    at: datetime,
    outcome: Outcome,
    *,
    currency: str | None,
    **fields: Any,  # noqa: ANN401 - The rest of Notice's fields.
) -> Notice:
    named = ours(metadata)
    return Notice(
        PROVIDER,
        event_id,
        kind,
        at,
        tenant_id=named[0] if named else None,
        charge_id=named[1] if named else None,
        outcome=outcome if named else None,
        currency=currency.upper() if currency else None,
        **fields,
    )
