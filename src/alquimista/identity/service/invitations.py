"""Inviting people into a tenant, and accepting."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from psycopg.errors import UniqueViolation

from alquimista import clock
from alquimista.access import Actor, Role
from alquimista.audit import service as audit
from alquimista.db.statement import Conn
from alquimista.db.tenancy import login_transaction, tenant_transaction
from alquimista.errors import FieldError, Invalid, TooManyRequests
from alquimista.i18n import N_
from alquimista.identity.models.invitations import INVITATION_LIFE, INVITATIONS_PER_HOUR, Invitation, InvitationState
from alquimista.identity.models.passwords import check_password
from alquimista.identity.models.problems import AlreadyInvited, AlreadyMember, InvalidLink, UnknownInvitation
from alquimista.identity.models.sessions import Client, new_token, token_hash
from alquimista.identity.models.users import MemberStatus, User, UserStatus, clean_email, clean_full_name, clean_role
from alquimista.identity.queries import invitations as queries
from alquimista.identity.queries import members, users
from alquimista.identity.service.kit import Identity, announce, note
from alquimista.identity.service.members import require_seat
from alquimista.notifications import service as notifications
from alquimista.tenants import service as tenants
from alquimista.wiring import Services

_HOUR: Final = timedelta(hours=1)


async def list_invitations(conn: Conn, tenant_id: UUID, limit: int, offset: int) -> tuple[list[Invitation], int]:
    """One page of open invitations, the newest first, and how many there are."""
    now = clock.now()
    return (
        await queries.list_open(conn, tenant_id, now, limit, offset),
        await queries.count_open(conn, tenant_id, now),
    )


async def newest_invitations(conn: Conn, tenant_id: UUID, limit: int) -> list[Invitation]:
    """The newest of the open invitations."""
    return await queries.list_open(conn, tenant_id, clock.now(), limit, 0)


async def invite(services: Services, actor: Actor, tenant_id: UUID, email: str, role: Role, locale: str) -> Invitation:
    """Mail an invitation to an address; it is good for seven days.

    Raises:
        Invalid: the address or the role is wrong.
        AlreadyMember, AlreadyInvited: as they say.
        UserLimitReached: the plan is full.
        TooManyRequests: this address was invited often enough within an hour.
    """
    async with tenant_transaction(services.db, tenant_id) as conn:
        return await invite_within(conn, services, actor, tenant_id, email, role, locale)


async def invite_within(
    conn: Conn, services: Services, actor: Actor, tenant_id: UUID, email: str, role: Role, locale: str
) -> Invitation:
    """As `invite`, in the caller's transaction of that tenant."""
    kit, now, token = services.get(Identity), clock.now(), new_token()
    invitation = Invitation(clock.new_id(), clean_email(email), clean_role(role, tenant_id), now, now + INVITATION_LIFE)
    await members.lock_administrators(conn, tenant_id)
    if await members.is_member(conn, tenant_id, invitation.email):
        raise AlreadyMember
    await require_seat(conn, tenant_id)
    if await queries.recent(conn, tenant_id, invitation.email, now - _HOUR) >= INVITATIONS_PER_HOUR:
        raise TooManyRequests(retry_after=int(_HOUR.total_seconds()))
    await _store(conn, tenant_id, invitation, actor.user_id)
    await queries.insert_token(
        conn,
        token_hash(token),
        "invite",
        now,
        invitation.expires_at,
        tenant_id=tenant_id,
        invitation_id=invitation.id,
    )
    tenant = await tenants.get(conn, tenant_id)
    await notifications.send_mail(
        conn,
        tenant_id,
        invitation.email,
        "invitation",
        locale,
        company=tenant.name,
        inviter=actor.name,
        link=f"{kit.settings.public_url}/accept-invitation?token={token}",
        days=INVITATION_LIFE.days,
    )
    await audit.record(
        conn,
        actor,
        "user.invited",
        category="user",
        resource_type="invitation",
        resource_id=str(invitation.id),
        details={"email": invitation.email, "role": role.value},
        tenant_id=tenant_id,
    )
    return invitation


async def _store(conn: Conn, tenant_id: UUID, invitation: Invitation, invited_by: UUID | None) -> None:
    try:
        await queries.insert(
            conn,
            tenant_id,
            invitation.id,
            invitation.email,
            invitation.role,
            invited_by,
            invitation.created_at,
            invitation.expires_at,
        )
    except UniqueViolation:
        raise AlreadyInvited from None


async def resend_invitation(
    services: Services, actor: Actor, tenant_id: UUID, invitation_id: UUID, locale: str
) -> Invitation:
    """Invite the same address anew, for seven days more; the link that was mailed before stops working.

    Raises:
        UnknownInvitation: it is not open any more.
        AlreadyMember: the person joined in another way meanwhile.
    """
    async with tenant_transaction(services.db, tenant_id) as conn:
        before = await queries.state(conn, tenant_id, invitation_id)
        if before is None or not before.open(clock.now()):
            raise UnknownInvitation
        await _revoke(conn, actor, tenant_id, invitation_id)
        return await invite_within(conn, services, actor, tenant_id, before.email, before.role, locale)


async def invite_again(
    services: Services, actor: Actor, tenant_id: UUID, invitation_id: UUID, locale: str
) -> Invitation:
    """Invite whom an invitation was withdrawn from, as before and with a link of its own.

    Raises:
        UnknownInvitation: none of this id was withdrawn.
        AlreadyMember, AlreadyInvited, UserLimitReached, TooManyRequests: as `invite`.
    """
    async with tenant_transaction(services.db, tenant_id) as conn:
        before = await queries.state(conn, tenant_id, invitation_id)
        if before is None or before.revoked_at is None:
            raise UnknownInvitation
        return await invite_within(conn, services, actor, tenant_id, before.email, before.role, locale)


async def revoke_invitation(services: Services, actor: Actor, tenant_id: UUID, invitation_id: UUID) -> None:
    """Withdraw an open invitation; its link stops working. Raises UnknownInvitation."""
    async with tenant_transaction(services.db, tenant_id) as conn:
        await _revoke(conn, actor, tenant_id, invitation_id)


async def _revoke(conn: Conn, actor: Actor, tenant_id: UUID, invitation_id: UUID) -> None:
    if not await queries.revoke(conn, tenant_id, invitation_id, clock.now()):
        raise UnknownInvitation
    await audit.record(
        conn,
        actor,
        "user.invitation_revoked",
        category="user",
        resource_type="invitation",
        resource_id=str(invitation_id),
        tenant_id=tenant_id,
    )


async def read_invitation(services: Services, token: str) -> tuple[InvitationState, bool]:
    """What a link invites to, and whether its address has an account already (then no password is asked).

    Raises:
        InvalidLink: used, expired, withdrawn or not genuine.
    """
    kit = services.get(Identity)
    conn = kit.db.login()
    _, _, state = await _find(conn, token)
    account = await users.by_email(conn, state.email)
    return state, account is not None and account.status != UserStatus.PENDING


async def _find(conn: Conn, token: str) -> tuple[UUID, UUID, InvitationState]:
    now = clock.now()
    found = await queries.read_token(conn, token_hash(token), "invite", now)
    if found is None or found.tenant_id is None or found.invitation_id is None:
        raise InvalidLink
    state = await queries.state(conn, found.tenant_id, found.invitation_id)
    if state is None or not state.open(now):
        raise InvalidLink
    return found.tenant_id, found.invitation_id, state


async def accept_invitation(
    services: Services, token: str, full_name: str | None, password: str | None, client: Client
) -> str:
    """Join the tenant; a new person sets a name and a password. The link proves the address. Answers the e-mail.

    Raises:
        InvalidLink: used, expired, withdrawn or not genuine.
        Invalid: a new person's name or password is missing or breaks a rule.
        AlreadyMember: the person joined in another way meanwhile.
    """
    kit = services.get(Identity)
    tenant_id, invitation_id, state = await _find(kit.db.login(), token)
    account = await users.by_email(kit.db.login(), state.email)
    if account is not None and account.status == UserStatus.DEACTIVATED:
        raise InvalidLink
    # Somebody who signed up and never confirmed has set no password yet, and is new here too.
    fresh = account is None or account.status == UserStatus.PENDING
    name, password_hash = await _new_person(kit, state.email, full_name, password) if fresh else ("", None)
    now = clock.now()
    async with login_transaction(kit.db) as conn:
        used = await queries.use_token(conn, token_hash(token), "invite", now)
        if used is None or not await queries.accept(conn, tenant_id, invitation_id, now):
            raise InvalidLink
        if account is None:
            user = User(clock.new_id(), state.email, name, client.locale, UserStatus.ACTIVE)
            if not await users.insert(conn, user, now):
                raise AlreadyMember
        else:
            user = User(account.id, account.email, name or account.full_name, account.locale, UserStatus.ACTIVE)
        if password_hash is not None:
            await users.activate(conn, user.id, now)
            await users.update_profile(conn, user.id, user.full_name, user.locale, now)
            await users.set_password(conn, user.id, password_hash, now)
        await members.lock_administrators(conn, tenant_id)
        present = await members.get(conn, tenant_id, user.id)
        if present is None:
            await members.insert(conn, tenant_id, user.id, state.role, state.invited_by, now)
        elif present.status == MemberStatus.ACTIVE:
            raise AlreadyMember
        else:
            await members.update(conn, tenant_id, user.id, state.role, MemberStatus.ACTIVE, now)
        await announce(conn, user_id=user.id)
        await note(conn, "user.joined", client, user, tenant_id, role=state.role.value)
    kit.actors.purge(user_id=user.id)
    return state.email


async def _new_person(kit: Identity, email: str, full_name: str | None, password: str | None) -> tuple[str, str]:
    missing = [field for field, value in (("full_name", full_name), ("password", password)) if not value]
    if missing or full_name is None or password is None:
        required = N_("This field is required.")
        raise Invalid(errors=tuple(FieldError(field, required, "required") for field in missing))
    check_password(password, email)
    return clean_full_name(full_name), await kit.hasher.hash(password)
