"""API keys: `alq_<prefix>_<secret>`."""

import base64
import secrets
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from alquimista.access import SCOPE_PERMISSIONS
from alquimista.errors import Invalid
from alquimista.i18n import N_

KEY_PREFIX: Final = "alq_"
KEY_NAME_LIMIT: Final = 100


class ApiKey(msgspec.Struct, frozen=True):
    """A key without its secret. `prefix` is what people recognise it by."""

    id: UUID
    name: str
    prefix: str
    scopes: list[str]
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


class KeyStanding(msgspec.Struct, frozen=True):
    """A presented key joined with everything that must still be true for it to be good."""

    tenant_id: UUID
    key_id: UUID
    name: str
    scopes: list[str]
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None
    tenant_status: str


def _base32(size: int) -> str:
    return base64.b32encode(secrets.token_bytes(size)).decode().rstrip("=").lower()


def new_key() -> tuple[str, str]:
    """The whole key, 256 bits of it secret, and its recognisable prefix."""
    prefix = _base32(5)
    return f"{KEY_PREFIX}{prefix}_{_base32(32)}", prefix


def clean_scopes(scopes: list[str]) -> list[str]:
    """At least one known scope, each once, in order. Raises Invalid."""
    if not scopes or not set(scopes) <= set(SCOPE_PERMISSIONS):
        raise Invalid.of("scopes", N_("Name at least one of: {scopes}.", scopes=", ".join(SCOPE_PERMISSIONS)))
    return sorted(set(scopes))


def clean_key_name(raw: str) -> str:
    """What the key is for, 1 to 100 printable characters. Raises Invalid."""
    name = " ".join(raw.split())
    if not 1 <= len(name) <= KEY_NAME_LIMIT or not name.isprintable():
        raise Invalid.of("name", N_("Write 1 to {limit} printable characters.", limit=KEY_NAME_LIMIT))
    return name
