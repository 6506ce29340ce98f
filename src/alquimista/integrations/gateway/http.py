"""Providers that are tested by one HTTP request."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import Final, TypeVar
from urllib.parse import quote

import msgspec

from alquimista import clock
from alquimista.integrations.gateway.outbound import Outbound, Reply, require_success
from alquimista.integrations.models.connections import (
    AsaasConfig,
    AsaasCredentials,
    CloudApiConfig,
    CloudApiCredentials,
    CrmCredentials,
    EvolutionConfig,
    EvolutionCredentials,
    IcsCredentials,
    NothingPublic,
    StripeCredentials,
)
from alquimista.integrations.models.failures import Failed, IntegrationFailure

_CALENDAR: Final = b"BEGIN:VCALENDAR"
_CALENDAR_TYPES: Final = frozenset({"text/calendar", "text/plain", "application/octet-stream"})
_MAX_CALENDAR: Final = 1024 * 1024
_TOKEN_ENDED: Final = 190  # OAuthException of Meta's Graph API.

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Where the services are that have one address for everybody."""

    graph: str = "https://graph.facebook.com"
    stripe: str = "https://api.stripe.com"
    asaas: str = "https://api.asaas.com/v3"
    asaas_sandbox: str = "https://api-sandbox.asaas.com/v3"
    google_consent: str = "https://accounts.google.com/o/oauth2/v2/auth"
    google_token: str = "https://oauth2.googleapis.com/token"  # noqa: S105 - An address.
    google_calendar: str = "https://www.googleapis.com/calendar/v3"


def read(reply: Reply, shape: type[T]) -> T:
    """The answer in its shape.

    Raises:
        Failed: it says no, or says something else.
    """
    try:
        return msgspec.json.decode(require_success(reply).body, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Failed(IntegrationFailure.UNEXPECTED, reply.status) from None


class _Identified(msgspec.Struct, frozen=True):
    id: str


class _GraphError(msgspec.Struct, frozen=True):
    code: int = 0


class _GraphErrors(msgspec.Struct, frozen=True):
    error: _GraphError = _GraphError()


class CloudApi:
    """WhatsApp by Meta: reads the number that messages would be sent from."""

    def __init__(self, outbound: Outbound, endpoints: Endpoints) -> None:
        self._outbound = outbound
        self._address = endpoints.graph

    async def test(self, config: CloudApiConfig, credentials: CloudApiCredentials) -> None:
        """GET /{version}/{phone_number_id}."""
        reply = await self._outbound.ask(
            "GET",
            f"{self._address}/{config.version}/{config.phone_number_id}?fields=id",
            headers={"Authorization": f"Bearer {credentials.access_token}"},
        )
        if reply.status == 400:
            # Meta answers 400 both for a token that has ended and for a number that the token does not see.
            ended = _graph_code(reply) == _TOKEN_ENDED
            raise Failed(IntegrationFailure.CREDENTIALS if ended else IntegrationFailure.NOT_FOUND, reply.status)
        if read(reply, _Identified).id != config.phone_number_id:
            raise Failed(IntegrationFailure.UNEXPECTED)


def _graph_code(reply: Reply) -> int:
    try:
        return msgspec.json.decode(reply.body, type=_GraphErrors).error.code
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return 0


class _Instance(msgspec.Struct, frozen=True):
    state: str


class _InstanceState(msgspec.Struct, frozen=True):
    instance: _Instance


class Evolution:
    """WhatsApp by a server of Evolution API: asks whether the instance is linked to a telephone."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound

    async def test(self, config: EvolutionConfig, credentials: EvolutionCredentials) -> None:
        """GET /instance/connectionState/{instance}."""
        reply = await self._outbound.ask(
            "GET",
            f"{config.base_url.rstrip('/')}/instance/connectionState/{quote(config.instance, safe='')}",
            headers={"apikey": credentials.api_key},
        )
        if read(reply, _InstanceState).instance.state != "open":
            raise Failed(IntegrationFailure.NOT_READY)


class Ics:
    """A calendar at an address: fetches it and looks whether it is one."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound

    async def test(self, _config: NothingPublic, credentials: IcsCredentials) -> None:
        """The address answers a calendar in iCalendar format (RFC 5545), at least as far as it is read."""
        scheme, _, rest = credentials.url.partition("://")
        address = f"https://{rest}" if scheme == "webcal" else credentials.url
        reply = require_success(await self._outbound.ask("GET", address, limit=_MAX_CALENDAR))
        body = reply.body.removeprefix(b"\xef\xbb\xbf").strip()
        media = reply.content_type.partition(";")[0].strip().lower()
        ends = not reply.whole or body.upper().endswith(b"END:VCALENDAR")
        if media not in _CALENDAR_TYPES or body[: len(_CALENDAR)].upper() != _CALENDAR or not ends:
            raise Failed(IntegrationFailure.UNEXPECTED)


class CrmWebhook:
    """A CRM that takes events: sends a test event, signed as Standard Webhooks has it."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound

    async def test(self, _config: NothingPublic, credentials: CrmCredentials) -> None:
        """POST an event of the type integration.test, which says nothing and asks for nothing but a 2xx."""
        now = clock.now()
        event = {"type": "integration.test", "timestamp": now.isoformat(), "data": {}}
        body, event_id = msgspec.json.encode(event), f"msg_{clock.new_id().hex}"
        headers = signed(credentials.secret, event_id, int(now.timestamp()), body)
        require_success(await self._outbound.ask("POST", credentials.url, headers=headers, content=body))


def signed(secret: str, event_id: str, moment: int, body: bytes) -> dict[str, str]:
    """The headers of a signed event (Standard Webhooks 1.0: HMAC-SHA256 of id, time and body).

    Raises:
        Failed: the secret is no base64.
    """
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        raise Failed(IntegrationFailure.UNREADABLE) from None
    mac = hmac.new(key, b"%s.%d.%s" % (event_id.encode(), moment, body), hashlib.sha256).digest()
    return {
        "Content-Type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": str(moment),
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }


class StripeAccount:
    """The company's own account at Stripe: reads it."""

    def __init__(self, outbound: Outbound, endpoints: Endpoints) -> None:
        self._outbound = outbound
        self._address = endpoints.stripe

    async def test(self, _config: NothingPublic, credentials: StripeCredentials) -> None:
        """GET /v1/account."""
        reply = await self._outbound.ask(
            "GET", f"{self._address}/v1/account", headers={"Authorization": f"Bearer {credentials.api_key}"}
        )
        read(reply, _Identified)


class _AsaasStatus(msgspec.Struct, frozen=True):
    general: str


class AsaasAccount:
    """The company's own account at Asaas: reads its state."""

    def __init__(self, outbound: Outbound, endpoints: Endpoints) -> None:
        self._outbound = outbound
        self._addresses = {"production": endpoints.asaas, "sandbox": endpoints.asaas_sandbox}

    async def test(self, config: AsaasConfig, credentials: AsaasCredentials) -> None:
        """GET /myAccount/status."""
        reply = await self._outbound.ask(
            "GET",
            f"{self._addresses[config.environment]}/myAccount/status",
            headers={"access_token": credentials.api_key},
        )
        read(reply, _AsaasStatus)
