"""Inviting people into a company; and, under /internal, into the staff."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec

from alquimista.access import Permission, Role
from alquimista.audit.guards import seen_within
from alquimista.db.tenancy import tenant_transaction
from alquimista.http.context import Context
from alquimista.http.pagination import Page
from alquimista.http.routes import Route, TenantScope
from alquimista.http.shares import ACTING, READING
from alquimista.identity.api.tokens import Email
from alquimista.identity.guards import INVITING
from alquimista.identity.models.invitations import Invitation
from alquimista.identity.models.problems import AlreadyInvited, AlreadyMember, UnknownInvitation, UserLimitReached
from alquimista.identity.service.invitations import invite, list_invitations, revoke_invitation


class InvitationAnswer(msgspec.Struct, frozen=True):
    """An open invitation."""

    id: UUID
    email: str
    role: Role
    created_at: datetime
    expires_at: datetime


class Invitations(msgspec.Struct, frozen=True):
    """One page of open invitations, the newest first, and how many there are."""

    invitations: list[InvitationAnswer]
    total: int


class Invite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to invite, as what."""

    email: Email
    role: Role


def _answer(invitation: Invitation) -> InvitationAnswer:
    return InvitationAnswer(**msgspec.structs.asdict(invitation))


async def _list(context: Context) -> Invitations:
    page: Page = context.query
    async with tenant_transaction(context.db, context.tenant) as conn:
        await seen_within(conn, context)
        found, total = await list_invitations(conn, context.tenant, page.limit, page.offset)
    return Invitations([_answer(invitation) for invitation in found], total)


async def _invite(context: Context) -> InvitationAnswer:
    body: Invite = context.body
    return _answer(await invite(context.services, context.who, context.tenant, body.email, body.role, context.locale))


async def _revoke(context: Context) -> None:
    await revoke_invitation(context.services, context.who, context.tenant, context.uuid("invitation_id"))


_ID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
_MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)
_INVITATION = InvitationAnswer(_ID, "ana@empresa.com.br", Role.TENANT_USER, _MOMENT, _MOMENT)


def _routes(prefix: str, scope: TenantScope, whose: str) -> tuple[Route, ...]:
    return (
        Route(
            method="GET",
            path=f"{prefix}/invitations",
            handler=_list,
            summary=f"Open invitations to {whose}",
            tag="users",
            permission=Permission.USER_READ,
            scope=scope,
            query=Page,
            limits=READING,
            response=Invitations,
            example=Invitations([_INVITATION], 1),
        ),
        Route(
            method="POST",
            path=f"{prefix}/invitations",
            handler=_invite,
            summary=f"Invite a person to {whose} by mail",
            tag="users",
            permission=Permission.USER_MANAGE,
            scope=scope,
            body=Invite,
            response=InvitationAnswer,
            status=201,
            limits=INVITING,
            problems=(AlreadyMember, AlreadyInvited, UserLimitReached),
            example=Invite("ana@empresa.com.br", _INVITATION.role),
        ),
        Route(
            method="DELETE",
            path=f"{prefix}/invitations/{{invitation_id:uuid}}",
            handler=_revoke,
            summary=f"Withdraw an invitation to {whose}",
            tag="users",
            permission=Permission.USER_MANAGE,
            scope=scope,
            limits=ACTING,
            problems=(UnknownInvitation,),
        ),
    )


ROUTES: tuple[Route, ...] = (
    *_routes("/tenant", TenantScope.OWN, "the company"),
    *_routes("/internal", TenantScope.PLATFORM, "the vendor's staff"),
)
