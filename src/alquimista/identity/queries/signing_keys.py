"""SQL on signing_keys; for connections of the login role."""

from datetime import datetime

from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.identity.models.keys import SigningKey

LIST = Statement(
    """
    SELECT kid, public_jwk, private_ciphertext, key_id, created_at, active_from, retired_at
    FROM alquimista_platform.signing_keys
    WHERE retired_at IS NULL OR retired_at > %(retired_after)s
    ORDER BY active_from, kid
    """,
    SigningKey,
)
LOCK = Statement(
    "SELECT pg_advisory_xact_lock(hashtextextended('alquimista.signing_keys', 0))::text",
    NoRow,
)
INSERT = Statement(
    """
    INSERT INTO alquimista_platform.signing_keys
      (kid, public_jwk, private_ciphertext, key_id, created_at, active_from)
    VALUES (%(kid)s, %(public_jwk)s, %(private_ciphertext)s, %(key_id)s, %(created_at)s, %(active_from)s)
    """,
    NoRow,
)
RETIRE = Statement(
    """
    UPDATE alquimista_platform.signing_keys SET retired_at = %(at)s
    WHERE retired_at IS NULL AND kid <> %(besides)s
    """,
    NoRow,
)
PURGE = Statement(
    "DELETE FROM alquimista_platform.signing_keys WHERE retired_at < %(before)s",
    NoRow,
)


async def list_keys(conn: Conn, retired_after: datetime) -> list[SigningKey]:
    """The keys that verify: those in use and those retired since a moment."""
    return await conn.fetch(LIST, retired_after=retired_after)


async def lock(conn: Conn) -> None:
    """One process makes keys at a time; held until the transaction ends."""
    await conn.execute(LOCK)


async def insert(conn: Conn, key: SigningKey) -> None:
    """Publish a key."""
    await conn.execute(
        INSERT,
        kid=key.kid,
        public_jwk=key.public_jwk,
        private_ciphertext=key.private_ciphertext,
        key_id=key.key_id,
        created_at=key.created_at,
        active_from=key.active_from,
    )


async def retire_others(conn: Conn, kid: str, at: datetime) -> None:
    """Every other key stops signing at a moment."""
    await conn.execute(RETIRE, besides=kid, at=at)


async def purge(conn: Conn, before: datetime) -> int:
    """Delete keys retired before a moment."""
    return await conn.execute(PURGE, before=before)
