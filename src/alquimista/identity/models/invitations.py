"""Invitations and the links that mails carry."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from alquimista.access import Role

INVITATION_LIFE: Final = timedelta(days=7)
RESET_LIFE: Final = timedelta(minutes=30)
CONFIRM_LIFE: Final = timedelta(days=2)
RESETS_PER_HOUR: Final = 3
INVITATIONS_PER_HOUR: Final = 3  # Of one company to one address: an invitation is a mail that nobody has asked for.


class Invitation(msgspec.Struct, frozen=True):
    """An open invitation."""

    id: UUID
    email: str
    role: Role
    created_at: datetime
    expires_at: datetime


class InvitationState(msgspec.Struct, frozen=True):
    """An invitation with what decides whether it may be accepted."""

    email: str
    role: Role
    tenant_name: str
    expires_at: datetime
    accepted_at: datetime | None
    revoked_at: datetime | None
    invited_by: UUID | None

    def open(self, now: datetime) -> bool:
        """Whether it may still be accepted."""
        return self.accepted_at is None and self.revoked_at is None and self.expires_at > now
