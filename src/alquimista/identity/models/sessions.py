"""Sessions, refresh tokens and the rules of their life."""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from enum import Enum, StrEnum, auto
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista.access import Role, Viewing
from alquimista.identity.models.users import MemberStatus, UserStatus

ACCESS_LIFE: Final = timedelta(minutes=15)
REFRESH_LIFE: Final = timedelta(days=7)
REFRESH_GRACE: Final = timedelta(seconds=10)
TOUCH_EVERY: Final = timedelta(seconds=60)


ViewReason = Annotated[str, Meta(min_length=3, max_length=300, pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)")]


class SessionKind(StrEnum):
    """A browser holds one opaque cookie; an API client holds an access token and a refresh token."""

    BROWSER = "browser"
    API = "api"


class Client(msgspec.Struct, frozen=True):
    """Where a request comes from. `locale` is the language for mails to a person who has none on record."""

    ip: str
    user_agent: str
    locale: str = "pt-BR"


class Standing(msgspec.Struct, frozen=True):
    """A session joined with everything that must still be true for it to be good."""

    session_id: UUID
    kind: SessionKind
    last_seen_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    issuer: str | None
    user_id: UUID
    email: str
    full_name: str
    locale: str | None
    user_status: UserStatus
    tenant_id: UUID
    tenant_name: str
    tenant_status: str
    role: Role
    member_status: MemberStatus
    totp_confirmed_at: datetime | None
    granted: bool  # Whether anything was granted to the person beyond the role.
    viewed_id: UUID | None
    viewed_name: str | None
    viewed_until: datetime | None

    def good(self, now: datetime, idle: timedelta) -> bool:
        """Whether the session still opens anything. Only browsers idle out: a device's life is its refresh token's."""
        return (
            self.revoked_at is None
            and self.expires_at > now
            and (self.kind == SessionKind.API or self.last_seen_at + idle > now)
            and self.user_status == UserStatus.ACTIVE
            and self.member_status == MemberStatus.ACTIVE
            and self.tenant_status != "inactive"
        )


def viewing_of(standing: Standing, now: datetime) -> Viewing | None:
    """The company that the session looks at; None when it looks at none, or its hour is over, or the company left."""
    if standing.viewed_id is None or standing.viewed_name is None or standing.viewed_until is None:
        return None
    over = standing.viewed_until <= now
    return None if over else Viewing(standing.viewed_id, standing.viewed_name, standing.viewed_until)


class SessionRow(msgspec.Struct, frozen=True):
    """A session as its owner sees it."""

    id: UUID
    kind: SessionKind
    ip: str | None
    user_agent: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


class Tokens(msgspec.Struct, frozen=True):
    """What an API client gets, as OAuth 2 names it. Lifetimes in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int
    refresh_expires_in: int
    token_type: str = "Bearer"  # noqa: S105 - A kind, not a secret.


class Opened(msgspec.Struct, frozen=True):
    """A session just opened. `token` is the refresh token or the cookie's value, known only now."""

    session_id: UUID
    token: str
    expires_at: datetime


class Verdict(Enum):
    """What to do with a refresh token that was presented."""

    ROTATE = auto()
    REPEAT = auto()  # The race of two refreshes: hand out the same successor again.
    REUSE = auto()  # Somebody else has a copy: the whole family ends.
    DEAD = auto()


def judge(
    expires_at: datetime, rotated_at: datetime | None, successor_rotated_at: datetime | None, now: datetime
) -> Verdict:
    """The rotation rule: one use, and for a few seconds the same successor again while nobody has used that."""
    if rotated_at is None:
        return Verdict.ROTATE if expires_at > now else Verdict.DEAD
    if successor_rotated_at is None and now - rotated_at <= REFRESH_GRACE:
        return Verdict.REPEAT
    return Verdict.REUSE


class Presented(Standing, frozen=True):
    """The standing of a session whose refresh token was presented, and that token's and its successor's state."""

    token_expires_at: datetime
    rotated_at: datetime | None
    successor_expires_at: datetime | None
    successor_rotated_at: datetime | None

    def verdict(self, now: datetime, idle: timedelta) -> Verdict:
        """What to do with the token."""
        if not self.good(now, idle):
            return Verdict.DEAD
        return judge(self.token_expires_at, self.rotated_at, self.successor_rotated_at, now)


def new_token() -> str:
    """256 random bits for a cookie, a refresh token or a link."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """What is stored of a token. It is random and long, so one SHA-256 is enough."""
    return hashlib.sha256(token.encode()).digest()


def successor_of(token: str, key: bytes) -> str:
    """The next refresh token, derived: the loser of a race gets the same one although only hashes are kept."""
    return base64.urlsafe_b64encode(hmac.digest(key, token.encode(), hashlib.sha256)).rstrip(b"=").decode()
