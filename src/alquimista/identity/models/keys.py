"""Signing keys and the claims of access tokens."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from alquimista.access import Role
from alquimista.identity.models.sessions import ACCESS_LIFE

ALGORITHM: Final = "ES256"
TOKEN_TYPE: Final = "at+jwt"  # RFC 9068: no other kind of token can pass for an access token. # noqa: S105
AUDIENCE: Final = "alquimista"
LEEWAY: Final = timedelta(seconds=5)
KEY_LIFE: Final = timedelta(days=30)
# A new key is published this long before it signs, longer than anyone keeps the published set.
PUBLISH_AHEAD: Final = timedelta(hours=1)
JWKS_MAX_AGE: Final = 300
# The old key verifies until the last token that it signed has expired.
KEEP_AFTER: Final = ACCESS_LIFE + timedelta(minutes=5)


class SigningKey(msgspec.Struct, frozen=True):
    """A stored key pair; the private half is sealed."""

    kid: str
    public_jwk: dict[str, Any]
    private_ciphertext: bytes
    key_id: str
    created_at: datetime
    active_from: datetime
    retired_at: datetime | None


class Claims(msgspec.Struct, frozen=True):
    """What a verified access token of ours says."""

    user_id: UUID
    session_id: UUID
    tenant_id: UUID | None
    role: Role
    expires_at: datetime


def seal_context(kid: str) -> bytes:
    """Binds a sealed private key to its row."""
    return f"signing_keys|{kid}".encode()


def totp_context(user_id: UUID) -> bytes:
    """Binds a sealed TOTP secret to its row."""
    return f"user_credentials.totp|{user_id}".encode()


def signer(keys: list[SigningKey], now: datetime) -> SigningKey | None:
    """The newest key whose time has come; or the very first, where this clock is behind its maker's."""
    ready = [key for key in keys if key.active_from <= now] or keys[:1]
    return max(ready, key=lambda key: (key.active_from, key.kid), default=None)
