"""Secrets of identity that are sealed at rest: signing keys and second factors."""

from uuid import UUID

import msgspec

from alquimista.db.statement import Conn, NoRow, Statement


class SealedSigningKey(msgspec.Struct, frozen=True):
    """A private key, still encrypted."""

    kid: str
    key_id: str
    private_ciphertext: bytes


class SealedFactor(msgspec.Struct, frozen=True):
    """A TOTP secret, still encrypted."""

    user_id: UUID
    totp_key_id: str
    totp_ciphertext: bytes


# Locked, so that a rotation and an enrolment cannot overwrite each other.
OLD_SIGNING_KEYS = Statement(
    """
    SELECT kid, key_id, private_ciphertext FROM alquimista_platform.signing_keys
    WHERE key_id <> %(key_id)s FOR UPDATE
    """,
    SealedSigningKey,
)

OLD_FACTORS = Statement(
    """
    SELECT user_id, totp_key_id, totp_ciphertext FROM alquimista_platform.user_credentials
    WHERE totp_key_id <> %(key_id)s FOR UPDATE
    """,
    SealedFactor,
)

SET_SIGNING_KEY = Statement(
    """
    UPDATE alquimista_platform.signing_keys SET key_id = %(key_id)s, private_ciphertext = %(ciphertext)s
    WHERE kid = %(kid)s
    """,
    NoRow,
)

SET_FACTOR = Statement(
    """
    UPDATE alquimista_platform.user_credentials SET totp_key_id = %(key_id)s, totp_ciphertext = %(ciphertext)s
    WHERE user_id = %(user_id)s
    """,
    NoRow,
)


async def old_signing_keys(conn: Conn, key_id: str) -> list[SealedSigningKey]:
    """Every signing key that another key than `key_id` sealed, locked."""
    return await conn.fetch(OLD_SIGNING_KEYS, key_id=key_id)


async def old_factors(conn: Conn, key_id: str) -> list[SealedFactor]:
    """Every second factor that another key than `key_id` sealed, locked."""
    return await conn.fetch(OLD_FACTORS, key_id=key_id)


async def set_signing_key(conn: Conn, kid: str, key_id: str, ciphertext: bytes) -> None:
    """Replace a sealed private key."""
    await conn.execute(SET_SIGNING_KEY, kid=kid, key_id=key_id, ciphertext=ciphertext)


async def set_factor(conn: Conn, user_id: UUID, key_id: str, ciphertext: bytes) -> None:
    """Replace a sealed TOTP secret."""
    await conn.execute(SET_FACTOR, user_id=user_id, key_id=key_id, ciphertext=ciphertext)
