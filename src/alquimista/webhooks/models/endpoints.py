"""Where a company is told, and what it must look like."""

import ipaddress
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from alquimista.addresses import refused
from alquimista.errors import Conflict, Invalid, NotFound
from alquimista.events import TOLD, kind_of
from alquimista.i18n import N_

MOST_ENDPOINTS: Final = 20
URL_LIMIT: Final = 2048
EVERYTHING: Final = "*"
_OWN: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+(@v[0-9]{1,4})?")
OVERLAP: Final = timedelta(hours=24)  # For so long after a rotation, the old secret signs too.
FAILING_FOR: Final = timedelta(days=3)  # An endpoint that takes nothing for so long is disabled.


class EndpointStatus(StrEnum):
    ENABLED = "enabled"
    DISABLED = "disabled"


class DisabledReason(StrEnum):
    """Why nothing is sent: somebody's wish, days of failures, or the endpoint's own answer 410."""

    PERSON = "person"
    FAILING = "failing"
    GONE = "gone"


class WebhookEndpoint(msgspec.Struct, frozen=True):
    """Where a company is told, never with its secret. Until `previous_until`, the secret before signs too."""

    id: UUID
    url: str
    description: str
    event_types: list[str]
    status: EndpointStatus
    disabled_reason: DisabledReason | None
    failing_since: datetime | None
    previous_until: datetime | None
    created_by: UUID | None
    created_at: datetime
    updated_at: datetime


class SealedSecrets(msgspec.Struct, frozen=True):
    """An endpoint's secrets, still encrypted."""

    id: UUID
    secret_key_id: str
    secret_ciphertext: bytes
    previous_key_id: str | None
    previous_ciphertext: bytes | None


class UnknownEndpoint(NotFound):
    code = "webhook_not_found"
    message = N_("There is no webhook with this id.")


class TooManyEndpoints(Conflict):
    code = "webhook_limit_reached"
    message = N_("There are {limit} webhooks already. Remove one that is not used any more.")


class EndpointDisabled(Conflict):
    code = "webhook_disabled"
    message = N_("The webhook is disabled. Enable it first.")


def seal_context(tenant_id: UUID, endpoint_id: UUID) -> bytes:
    """What the ciphertexts are bound to; the same for both secrets, since one becomes the other."""
    return f"webhook_endpoints:{tenant_id}:{endpoint_id}".encode()


def clean_url(raw: str, *, secure: bool, private: bool) -> str:
    """The address as it is stored.

    Args:
        raw: as it was typed.
        secure: only https.
        private: whether private addresses are allowed. What a name leads to is seen when something is sent.

    Raises:
        Invalid: what is wrong with it.
    """
    try:
        parts = urlsplit(raw)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Invalid.of("url", N_("Write a whole address, such as https://example.com/webhooks.")) from None
    if not raw.isprintable() or " " in raw or "\\" in raw or parts.scheme not in {"http", "https"} or not host:
        raise Invalid.of("url", N_("Write a whole address, such as https://example.com/webhooks."))
    if secure and parts.scheme != "https":
        raise Invalid.of("url", N_("The address must begin with https://."), "insecure")
    if parts.username is not None or parts.password is not None or parts.fragment or port == 0:
        raise Invalid.of("url", N_("Leave user names, passwords and # out of the address."))
    literal = _literal(host)
    if literal is not None and refused(literal, private=private):
        raise Invalid.of("url", N_("This address is not a public one. Use one that the internet can reach."), "private")
    return raw


def clean_types(types: Sequence[str]) -> list[str]:
    """The chosen types, each once, in order. What is not in the vocabulary is a type of the company's own.

    Raises:
        Invalid: one that companies are not told about, or that no event can have.
    """
    unknown = [one for one in types if one != EVERYTHING and one not in TOLD and not _own(one)]
    if unknown:
        raise Invalid.of("event_types", N_("No webhook is told about {type}: see docs/events.md.", type=unknown[0]))
    return [EVERYTHING] if EVERYTHING in types else sorted(set(types))


def _own(name: str) -> bool:
    """Whether this may be a type that the company publishes itself."""
    return _OWN.fullmatch(name) is not None and kind_of(name) is None


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
