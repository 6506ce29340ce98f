"""People and their memberships."""

import re
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from alquimista.access import PLATFORM_TENANT, Role
from alquimista.errors import Invalid
from alquimista.i18n import LOCALES, N_

NAME_LIMIT: Final = 200
# A bare address: nothing that has a meaning of its own in a mail's header (RFC 5322, section 3.2.3), no empty label.
_NO_SPECIALS: Final = r"[^@\s\x00-\x1f\x7f<>()\[\]\",:;\\"
_EMAIL: Final = re.compile(rf"{_NO_SPECIALS}]{{1,64}}@(?:{_NO_SPECIALS}.]+\.)+{_NO_SPECIALS}.]{{2,}}")


class UserStatus(StrEnum):
    """Pending: the e-mail is not confirmed yet."""

    ACTIVE = "active"
    PENDING = "pending"
    DEACTIVATED = "deactivated"


class MemberStatus(StrEnum):
    """A deactivated membership keeps its history and opens nothing."""

    ACTIVE = "active"
    DEACTIVATED = "deactivated"


class User(msgspec.Struct, frozen=True):
    """A person."""

    id: UUID
    email: str
    full_name: str
    locale: str | None
    status: UserStatus


class Account(msgspec.Struct, frozen=True):
    """A person with what proves who it is; only the login role reads it."""

    id: UUID
    email: str
    full_name: str
    locale: str | None
    status: UserStatus
    password_hash: str | None
    password_changed_at: datetime | None
    totp_ciphertext: bytes | None
    totp_key_id: str | None
    totp_confirmed_at: datetime | None
    recovery_hashes: list[bytes]
    failed_count: int
    locked_until: datetime | None

    @property
    def totp_enabled(self) -> bool:
        """Whether a second factor is asked for at sign-in."""
        return self.totp_confirmed_at is not None


class Membership(msgspec.Struct, frozen=True):
    """What one person is in one tenant."""

    tenant_id: UUID
    tenant_name: str
    tenant_status: str
    role: Role
    status: MemberStatus

    @property
    def open(self) -> bool:
        """Whether it may be signed in to; people of a suspended tenant may, to settle it."""
        return self.status == MemberStatus.ACTIVE and self.tenant_status != "inactive"


class Member(msgspec.Struct, frozen=True):
    """A person as the administrators of a tenant see it."""

    id: UUID
    email: str
    full_name: str
    role: Role
    status: MemberStatus
    created_at: datetime
    last_login_at: datetime | None
    locale: str | None = None


class MemberFilter(msgspec.Struct, frozen=True):
    """Which people are meant: by a part of the name or address, by role, by state; None is any."""

    text: str | None = None
    role: Role | None = None
    status: MemberStatus | None = None


class Headcount(msgspec.Struct, frozen=True):
    """How many people of a tenant have what; `invited` are open invitations."""

    active: int
    deactivated: int
    invited: int
    grants: int

    @property
    def seats(self) -> int:
        """How many places of the plan are taken: an open invitation holds one."""
        return self.active + self.invited


def clean_email(raw: str, field: str = "email") -> str:
    """The address in lower case.

    Raises:
        Invalid: it is not one address.
    """
    email = raw.strip().lower()
    if len(email) > 254 or not _EMAIL.fullmatch(email):
        raise Invalid.of(field, N_("Write one e-mail address, such as ana@empresa.com.br."))
    return email


def clean_full_name(raw: str) -> str:
    """A person's name without surrounding space.

    Raises:
        Invalid: it is empty, too long or holds control characters.
    """
    name = " ".join(raw.split())
    if not 1 <= len(name) <= NAME_LIMIT or not name.isprintable():
        raise Invalid.of("full_name", N_("Write a name of 1 to {limit} characters.", limit=NAME_LIMIT))
    return name


def clean_user_locale(raw: str) -> str:
    """One of the product's languages. Raises Invalid."""
    if raw not in LOCALES:
        raise Invalid.of("locale", N_("Use one of: {locales}.", locales=", ".join(LOCALES)))
    return raw


def clean_role(role: Role, tenant_id: UUID) -> Role:
    """A role that fits the tenant: INTERNAL_* on the platform, TENANT_* on every other. Raises Invalid."""
    if role.internal != (tenant_id == PLATFORM_TENANT):
        fitting = ", ".join(r for r in Role if r.internal == (tenant_id == PLATFORM_TENANT))
        raise Invalid.of("role", N_("Use one of: {roles}.", roles=fitting))
    return role


def administrator(tenant_id: UUID) -> tuple[Role, int]:
    """The role that runs a tenant and how many active holders must remain (requirements 1.1: two for the platform)."""
    return (Role.INTERNAL_ADMIN, 2) if tenant_id == PLATFORM_TENANT else (Role.TENANT_ADMIN, 1)
