"""Asaas: Pix and boleto, by its REST API v3 (docs.asaas.com).

It has no idempotency keys: before a payment is made we look for one with our reference, before a refund for one with
our key. Two calls at the same moment would both find nothing, which is why callers lock the charge (see the port).
"""

import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Final, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import httpx
import msgspec

from alquimista.breaker import CircuitOpen
from alquimista.clock import now as present
from alquimista.config import Settings, variable
from alquimista.observability.circuits import CIRCUITS
from alquimista.payments.gateway import asaas_events as words
from alquimista.payments.gateway.asaas_events import Payment
from alquimista.payments.models import (
    AlreadyPaid,
    NoPortal,
    NotConfigured,
    Notice,
    Opened,
    Order,
    Outcome,
    ProviderRefused,
    ProviderUnavailable,
    SignatureInvalid,
)

_MAX_ANSWER: Final = 1024 * 1024
_MAX_TEXT: Final = 500
_HEADER: Final = "asaas-access-token"
_BRASILIA: Final = ZoneInfo("America/Sao_Paulo")

T = TypeVar("T")


class _Customer(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    name: str | None = None
    email: str | None = None
    cpf_cnpj: str | None = None
    deleted: bool = False


class _Customers(msgspec.Struct, frozen=True):
    data: list[_Customer]


class _Payments(msgspec.Struct, frozen=True):
    data: list[Payment]


class _PixCode(msgspec.Struct, frozen=True, rename="camel"):
    payload: str
    expiration_date: str | None = None


class _Said(msgspec.Struct, frozen=True):
    code: str = ""
    description: str = ""


class _Errors(msgspec.Struct, frozen=True):
    errors: list[_Said] = []


class Asaas:
    """One account at Asaas, or at its sandbox."""

    name: Final = words.PROVIDER
    # A webhook shows a fixed token: who learns it can write any body, and send an old one again.
    signed: Final = False

    def __init__(self, settings: Settings, *, timeout_s: float = 10) -> None:
        self._settings = settings
        self._encoder = msgspec.json.Encoder(decimal_format="number")
        self._breakers = CIRCUITS.watched("payments")
        self._breaker = self._breakers.of(urlsplit(settings.asaas_url).netloc)
        self._http = httpx.AsyncClient(
            # Asaas asks for a User-Agent.
            headers={"access_token": settings.asaas_api_key, "User-Agent": "alquimista"},
            timeout=timeout_s,
            follow_redirects=False,
            trust_env=False,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def open(self, order: Order) -> Opened:
        """A payment that takes Pix, boleto or what else the account allows, on Asaas's page. Raises AlreadyPaid.

        It can be paid after its due date. Asaas sends the payer nothing: reminders are ours. There is no way back to
        `success_url`, which Asaas only takes for an address that the account has registered.
        """
        if order.currency != "BRL":
            raise ProviderRefused(provider="Asaas", reason="currency")
        payment = await self._payment_of(order) or await self._made(order)
        code = await self._pix_code(payment)
        if payment.invoice_url is None:
            raise ProviderUnavailable(provider="Asaas", retry_after=60)
        return Opened(
            provider_ref=payment.id,
            checkout_url=payment.invoice_url,
            expires_at=words.moment(code.expiration_date) if code else None,
            customer_ref=payment.customer,
            pix_code=code.payload if code else None,
            boleto_url=payment.bank_slip_url,
        )

    async def charge(self, order: Order) -> Opened:
        """No method is stored: the same as open."""
        return await self.open(order)

    async def refund(self, provider_ref: str, amount_cents: int, key: str) -> None:
        """Refund a payment. The key stands in the refund's description, where a second call finds it."""
        payment = await self._ask("GET", f"/payments/{provider_ref}", Payment)
        done = [one for one in payment.refunds or () if key in (one.description or "") and one.status != "CANCELLED"]
        if done:
            return
        sent = {"value": words.reais(amount_cents), "description": f"Estorno {key}"}
        await self._ask("POST", f"/payments/{provider_ref}/refund", Payment, sent)

    async def portal(self, customer_ref: str, return_url: str) -> str:  # noqa: ARG002 - The port's shape.
        """Raises NoPortal: no method is stored."""
        raise NoPortal

    def read(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """See the port: the token says who knows our secret, `look` says what is true."""
        shown = next((value for name, value in headers.items() if name.lower() == _HEADER), "")
        wanted = self._settings.asaas_webhook_token
        refused = SignatureInvalid(provider="Asaas", setting=variable("asaas_webhook_token"))
        if not wanted or not hmac.compare_digest(shown.encode(), wanted.encode()):
            raise refused
        try:
            return words.meaning(msgspec.json.decode(body, type=words.Event), body, now)
        except msgspec.MsgspecError:
            raise refused from None

    async def look(self, provider_ref: str) -> Notice | None:
        """The state of a payment; None when Asaas has no such payment."""
        try:
            payment = await self._ask("GET", f"/payments/{provider_ref}", Payment)
        except _Missing:
            return None
        outcome = words.state(payment)
        told = f"{payment.status}{'-deleted' if payment.deleted else ''}"
        name = f"look:{payment.id}:{told}:{payment.refunded_cents}"
        return _told(payment, outcome, f"look.{told}", name)

    async def _payment_of(self, order: Order) -> Payment | None:
        """The payment of the charge that can still be paid. Raises AlreadyPaid."""
        reference = words.reference(order.tenant_id, order.charge_id)
        found = await self._ask("GET", "/payments", _Payments, query={"externalReference": reference, "limit": "100"})
        # The reference is compared again: a filter that the API dropped would hand us somebody else's payment.
        mine = [one for one in found.data if one.external_reference == reference and not one.deleted]
        if any(words.state(one) is not Outcome.PENDING for one in mine):
            raise AlreadyPaid(provider="Asaas")
        fitting = [one for one in mine if one.value == words.reais(order.amount_cents)]
        for other in mine:
            if other not in fitting[:1]:
                await self._ask("DELETE", f"/payments/{other.id}", msgspec.Raw)
        return fitting[0] if fitting else None

    async def _made(self, order: Order) -> Payment:
        customer = await self._customer(order)
        # Asaas takes no due date in the past, where "today" is Brasília's.
        today = present().astimezone(_BRASILIA).date()
        sent = {
            "customer": customer.id,
            "billingType": "UNDEFINED",  # The payer chooses.
            "value": words.reais(order.amount_cents),
            "dueDate": max(order.due_on, today).isoformat(),
            "description": f"{order.reference} – {order.description}"[:_MAX_TEXT],
            "externalReference": words.reference(order.tenant_id, order.charge_id),
        }
        return await self._ask("POST", "/payments", Payment, sent)

    async def _customer(self, order: Order) -> _Customer:
        """The tenant's customer, made or brought up to date: boletos name the payer by law."""
        payer = order.payer
        found = await self._ask(
            "GET", "/customers", _Customers, query={"externalReference": str(order.tenant_id), "limit": "10"}
        )
        alive = [one for one in found.data if not one.deleted]
        # The one that we know goes first, should there be two.
        alive.sort(key=lambda one: one.id != order.customer_ref)
        sent = {
            "name": payer.name,
            "cpfCnpj": payer.document,
            "email": payer.email,
            "externalReference": str(order.tenant_id),
            "notificationDisabled": True,  # Asaas's own reminders cost money and contradict ours.
        }
        if not alive:
            return await self._ask("POST", "/customers", _Customer, sent)
        if (alive[0].name, alive[0].cpf_cnpj, alive[0].email) == (payer.name, payer.document, payer.email):
            return alive[0]
        return await self._ask("PUT", f"/customers/{alive[0].id}", _Customer, sent)

    async def _pix_code(self, payment: Payment) -> _PixCode | None:
        try:
            return await self._ask("GET", f"/payments/{payment.id}/pixQrCode", _PixCode)
        except ProviderRefused:
            return None  # The account takes no Pix; the page still takes the rest.

    async def _ask(
        self, method: str, path: str, shape: type[T], sent: object = None, query: dict[str, str] | None = None
    ) -> T:
        try:
            with self._breaker.call(ProviderUnavailable):
                return await self._asked(method, path, shape, sent, query)
        except CircuitOpen as circuit:
            raise ProviderUnavailable(provider="Asaas", retry_after=circuit.seconds) from None

    async def _asked(self, method: str, path: str, shape: type[T], sent: object, query: dict[str, str] | None) -> T:
        try:
            answer = await self._http.request(
                method,
                self._settings.asaas_url + path,
                params=query,
                content=self._encoder.encode(sent) if sent is not None else None,
                headers={"Content-Type": "application/json"} if sent is not None else None,
            )
        except httpx.HTTPError:
            raise ProviderUnavailable(provider="Asaas", retry_after=10) from None
        status = answer.status_code
        if status == 429 or status >= 500 or status == 408 or len(answer.content) > _MAX_ANSWER:
            raise ProviderUnavailable(provider="Asaas", retry_after=_seconds(answer.headers.get("RateLimit-Reset")))
        if status in {401, 403}:
            # A wrong key, one of the other environment, or one that may not do this or not from this address.
            raise NotConfigured(settings=f"{variable('asaas_api_key')}, {variable('asaas_url')}", retry_after=3600)
        if status == 404:
            raise _Missing(provider="Asaas", reason="404")
        if status >= 300:
            raise ProviderRefused(provider="Asaas", reason=self._reason(answer.content))
        try:
            return msgspec.json.decode(answer.content, type=shape)
        except msgspec.MsgspecError:
            raise ProviderUnavailable(provider="Asaas", retry_after=60) from None

    def _reason(self, content: bytes) -> str:
        """Asaas's own words, in Portuguese, which name the field; never with our key in them."""
        try:
            said = msgspec.json.decode(content, type=_Errors).errors
        except msgspec.MsgspecError:
            said = []
        text = " ".join(f"{one.description} ({one.code})" for one in said)[:_MAX_TEXT]
        return text.replace(self._settings.asaas_api_key, "***") or "invalid_request"


def _seconds(said: str | None) -> int:
    """How long to wait: what Asaas says, within reason."""
    return min(max(int(said), 1), 3600) if said and said.isascii() and said.isdecimal() and len(said) < 9 else 30


class _Missing(ProviderRefused):
    """Asaas has no such object."""


def _told(payment: Payment, outcome: Outcome | None, kind: str, name: str) -> Notice:
    try:
        return words.of_payment(payment, outcome, kind, name, present())
    except ValueError:
        raise ProviderUnavailable(provider="Asaas", retry_after=3600) from None
