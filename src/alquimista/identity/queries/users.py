"""SQL on users, user_credentials and user_identities; for connections of the login role."""

from datetime import datetime
from uuid import UUID

import msgspec

from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.identity.models.users import Account, User, UserStatus

_ACCOUNT = """
    SELECT u.id, u.email, u.full_name, u.locale, u.status, c.password_hash, c.password_changed_at, c.totp_ciphertext,
      c.totp_key_id, c.totp_confirmed_at, coalesce(c.recovery_hashes, '{}') AS recovery_hashes,
      coalesce(c.failed_count, 0) AS failed_count, c.locked_until
    FROM alquimista_platform.users AS u
    LEFT JOIN alquimista_platform.user_credentials AS c ON c.user_id = u.id
"""
BY_EMAIL = Statement(_ACCOUNT + " WHERE u.email = %(email)s", Account)
BY_ID = Statement(_ACCOUNT + " WHERE u.id = %(id)s", Account)
LOCK_BY_ID = Statement(_ACCOUNT + " WHERE u.id = %(id)s FOR UPDATE OF u", Account)

_USER = "u.id, u.email, u.full_name, u.locale, u.status"
BY_IDENTITY = Statement(
    f"""
    SELECT {_USER}
    FROM alquimista_platform.user_identities AS i
    JOIN alquimista_platform.users AS u ON u.id = i.user_id
    WHERE i.issuer = %(issuer)s AND i.subject = %(subject)s
    """,  # noqa: S608 - The only interpolation is the constant column list above.
    User,
)
LINK = Statement(
    """
    INSERT INTO alquimista_platform.user_identities (issuer, subject, user_id, created_at)
    VALUES (%(issuer)s, %(subject)s, %(user_id)s, %(now)s)
    ON CONFLICT DO NOTHING
    """,
    NoRow,
)
INSERT = Statement(
    """
    INSERT INTO alquimista_platform.users (id, email, full_name, locale, status, created_at, updated_at)
    VALUES (%(id)s, %(email)s, %(full_name)s, %(locale)s, %(status)s, %(now)s, %(now)s)
    ON CONFLICT (email) DO NOTHING
    """,
    NoRow,
)
RENAME = Statement(
    """
    UPDATE alquimista_platform.users SET full_name = %(full_name)s, locale = %(locale)s, updated_at = %(now)s
    WHERE id = %(id)s
    """,
    NoRow,
)
ACTIVATE = Statement(
    """
    UPDATE alquimista_platform.users SET status = 'active', updated_at = %(now)s
    WHERE id = %(id)s AND status = 'pending'
    """,
    NoRow,
)
SET_PASSWORD = Statement(
    """
    INSERT INTO alquimista_platform.user_credentials AS c (user_id, password_hash, password_changed_at)
    VALUES (%(user_id)s, %(password_hash)s, %(now)s)
    ON CONFLICT (user_id) DO UPDATE SET password_hash = excluded.password_hash,
      password_changed_at = excluded.password_changed_at, failed_count = 0, locked_until = NULL
    """,
    NoRow,
)


class Failures(msgspec.Struct, frozen=True):
    """Failures in a row, the present one included."""

    failed_count: int


COUNT_FAILURE = Statement(
    """
    UPDATE alquimista_platform.user_credentials SET failed_count = failed_count + 1
    WHERE user_id = %(user_id)s AND (locked_until IS NULL OR locked_until <= %(now)s)
    RETURNING failed_count
    """,
    Failures,
)
SET_LOCK = Statement(
    "UPDATE alquimista_platform.user_credentials SET locked_until = %(until)s WHERE user_id = %(user_id)s",
    NoRow,
)
SUCCEED = Statement(
    """
    WITH cleared AS (
      UPDATE alquimista_platform.user_credentials SET failed_count = 0, locked_until = NULL
      WHERE user_id = %(user_id)s AND failed_count > 0
    )
    UPDATE alquimista_platform.users SET last_login_at = %(now)s, updated_at = %(now)s WHERE id = %(user_id)s
    """,
    NoRow,
)
USE_STEP = Statement(
    """
    UPDATE alquimista_platform.user_credentials SET totp_last_step = %(step)s
    WHERE user_id = %(user_id)s AND (totp_last_step IS NULL OR totp_last_step < %(step)s)
    """,
    NoRow,
)
USE_RECOVERY = Statement(
    """
    UPDATE alquimista_platform.user_credentials SET recovery_hashes = array_remove(recovery_hashes, %(hash)s::bytea)
    WHERE user_id = %(user_id)s AND %(hash)s::bytea = ANY (recovery_hashes)
    """,
    NoRow,
)
SET_TOTP = Statement(
    """
    INSERT INTO alquimista_platform.user_credentials (user_id, totp_ciphertext, totp_key_id)
    VALUES (%(user_id)s, %(ciphertext)s, %(key_id)s)
    ON CONFLICT (user_id) DO UPDATE SET totp_ciphertext = excluded.totp_ciphertext, totp_key_id = excluded.totp_key_id,
      totp_last_step = NULL
    WHERE user_credentials.totp_confirmed_at IS NULL
    """,
    NoRow,
)
CONFIRM_TOTP = Statement(
    """
    UPDATE alquimista_platform.user_credentials SET totp_confirmed_at = %(now)s, recovery_hashes = %(hashes)s::bytea[]
    WHERE user_id = %(user_id)s AND totp_ciphertext IS NOT NULL AND totp_confirmed_at IS NULL
    """,
    NoRow,
)
SET_RECOVERY = Statement(
    "UPDATE alquimista_platform.user_credentials SET recovery_hashes = %(hashes)s::bytea[] WHERE user_id = %(user_id)s",
    NoRow,
)
DROP_TOTP = Statement(
    """
    UPDATE alquimista_platform.user_credentials SET totp_confirmed_at = NULL, totp_ciphertext = NULL,
      totp_key_id = NULL, totp_last_step = NULL, recovery_hashes = '{}'
    WHERE user_id = %(user_id)s
    """,
    NoRow,
)


async def by_email(conn: Conn, email: str) -> Account | None:
    """The account with this address."""
    return await conn.fetch_one(BY_EMAIL, email=email)


async def by_id(conn: Conn, user_id: UUID) -> Account | None:
    """One account."""
    return await conn.fetch_one(BY_ID, id=user_id)


async def lock_by_id(conn: Conn, user_id: UUID) -> Account | None:
    """One account, held until the transaction ends."""
    return await conn.fetch_one(LOCK_BY_ID, id=user_id)


async def by_identity(conn: Conn, issuer: str, subject: str) -> User | None:
    """Who an external identity is here."""
    return await conn.fetch_one(BY_IDENTITY, issuer=issuer, subject=subject)


async def link(conn: Conn, issuer: str, subject: str, user_id: UUID, now: datetime) -> bool:
    """Bind an external identity to a person; False when it was bound already."""
    return bool(await conn.execute(LINK, issuer=issuer, subject=subject, user_id=user_id, now=now))


async def insert(conn: Conn, user: User, now: datetime) -> bool:
    """Store a new person; False when the address is taken."""
    return bool(
        await conn.execute(
            INSERT,
            id=user.id,
            email=user.email,
            full_name=user.full_name,
            locale=user.locale,
            status=UserStatus(user.status).value,
            now=now,
        )
    )


async def update_profile(conn: Conn, user_id: UUID, full_name: str, locale: str | None, now: datetime) -> None:
    """Change one's own name and language."""
    await conn.execute(RENAME, id=user_id, full_name=full_name, locale=locale, now=now)


async def activate(conn: Conn, user_id: UUID, now: datetime) -> bool:
    """Pending becomes active; False when it was not pending."""
    return bool(await conn.execute(ACTIVATE, id=user_id, now=now))


async def set_password(conn: Conn, user_id: UUID, password_hash: str, now: datetime) -> None:
    """Store a new hash and open a locked account."""
    await conn.execute(SET_PASSWORD, user_id=user_id, password_hash=password_hash, now=now)


async def count_failure(conn: Conn, user_id: UUID, now: datetime) -> int | None:
    """Failures in a row with this one; None when the account is locked, since then nothing counts."""
    row = await conn.fetch_one(COUNT_FAILURE, user_id=user_id, now=now)
    return row.failed_count if row else None


async def lock(conn: Conn, user_id: UUID, until: datetime) -> None:
    """Refuse sign-in until a moment."""
    await conn.execute(SET_LOCK, user_id=user_id, until=until)


async def succeed(conn: Conn, user_id: UUID, now: datetime) -> None:
    """Forget failures and note the sign-in."""
    await conn.execute(SUCCEED, user_id=user_id, now=now)


async def use_step(conn: Conn, user_id: UUID, step: int) -> bool:
    """Take a TOTP time step; False when it, or a later one, was taken before."""
    return bool(await conn.execute(USE_STEP, user_id=user_id, step=step))


async def use_recovery(conn: Conn, user_id: UUID, code_hash: bytes) -> bool:
    """Take a recovery code; False when there is no such unused code."""
    return bool(await conn.execute(USE_RECOVERY, user_id=user_id, hash=code_hash))


async def set_totp(conn: Conn, user_id: UUID, key_id: str, ciphertext: bytes) -> bool:
    """Store a secret that is not confirmed yet; False when a confirmed one exists."""
    return bool(await conn.execute(SET_TOTP, user_id=user_id, key_id=key_id, ciphertext=ciphertext))


async def confirm_totp(conn: Conn, user_id: UUID, recovery_hashes: list[bytes], now: datetime) -> bool:
    """From now on the factor is asked for; False when there is nothing to confirm."""
    return bool(await conn.execute(CONFIRM_TOTP, user_id=user_id, hashes=recovery_hashes, now=now))


async def set_recovery(conn: Conn, user_id: UUID, recovery_hashes: list[bytes]) -> None:
    """Replace the recovery codes, used and unused."""
    await conn.execute(SET_RECOVERY, user_id=user_id, hashes=recovery_hashes)


async def drop_totp(conn: Conn, user_id: UUID) -> None:
    """Forget the second factor."""
    await conn.execute(DROP_TOTP, user_id=user_id)
