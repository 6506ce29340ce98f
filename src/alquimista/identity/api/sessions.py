"""One's own sessions and profile."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import msgspec

from alquimista.access import Permission, Role
from alquimista.http.context import Context
from alquimista.http.routes import Limit, Route
from alquimista.http.shares import ACTING, READING
from alquimista.identity.api.tokens import Token
from alquimista.identity.guards import clear_session_cookie, client_of
from alquimista.identity.models.problems import UnknownSession, VouchedElsewhere
from alquimista.identity.models.sessions import SessionKind
from alquimista.identity.service import sessions as service
from alquimista.identity.service.sessions import Me

# A browser may keep answers for five minutes, and the next reader at it may be somebody else.
_FORGET: Final = {"clear-site-data": '"cache"'}


class Logout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A client whose access token has expired names its session by the refresh token; others send nothing."""

    refresh_token: Token = ""


class SwitchTenant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The tenant to act in; null is the platform, for staff."""

    tenant_id: UUID | None


class Switched(msgspec.Struct, frozen=True):
    """The active tenant, and an access token for it (null for a browser, whose cookie follows)."""

    tenant_id: UUID | None
    access_token: str | None


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Name and language; a null language follows the browser."""

    full_name: str
    locale: str | None = None


class TenantOfMine(msgspec.Struct, frozen=True):
    """A company that the person may switch to."""

    id: UUID
    name: str
    role: Role


class MeAnswer(msgspec.Struct, frozen=True):
    """Who is signed in, and what they may do."""

    id: UUID
    email: str
    name: str
    role: Role
    tenant_id: UUID | None
    locale: str | None
    permissions: list[Permission]
    tenants: list[TenantOfMine]
    totp_enabled: bool
    totp_required: bool


class Session(msgspec.Struct, frozen=True):
    """A device that is signed in."""

    id: UUID
    kind: SessionKind
    ip: str | None
    user_agent: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    current: bool


class Sessions(msgspec.Struct, frozen=True):
    """All open sessions of a person, the latest used first."""

    sessions: list[Session]


def _answer(me: Me) -> MeAnswer:
    return MeAnswer(
        id=me.id,
        email=me.email,
        name=me.name,
        role=me.role,
        tenant_id=me.tenant_id,
        locale=me.locale,
        permissions=me.permissions,
        tenants=[TenantOfMine(m.tenant_id, m.tenant_name, m.role) for m in me.tenants if not m.role.internal],
        totp_enabled=me.totp_enabled,
        totp_required=me.totp_required,
    )


async def _me(context: Context) -> MeAnswer:
    return _answer(await service.me(context.services, context.who))


async def _update(context: Context) -> MeAnswer:
    await service.update_profile(context.services, context.who, context.body.full_name, context.body.locale)
    return _answer(await service.me(context.services, context.who))


def _leave(context: Context) -> None:
    context.cookies.append(clear_session_cookie(context.services.settings))
    context.response_headers |= _FORGET


async def _logout(context: Context) -> None:
    if context.actor is not None:
        await service.logout(context.services, context.actor, client_of(context))
        _leave(context)
    if context.body.refresh_token:
        await service.logout_by_refresh(context.services, context.body.refresh_token, client_of(context))


async def _logout_all(context: Context) -> None:
    await service.logout_everywhere(context.services, context.who, client_of(context))
    _leave(context)


async def _switch(context: Context) -> Switched:
    wanted = context.body.tenant_id
    token = await service.switch_tenant(context.services, context.who, wanted, client_of(context))
    context.response_headers |= _FORGET
    return Switched(wanted, token)


async def _list(context: Context) -> Sessions:
    rows = await service.list_sessions(context.services, context.who)
    mine = context.who.session_id
    return Sessions([Session(**msgspec.structs.asdict(row), current=row.id == mine) for row in rows])


async def _end(context: Context) -> None:
    await service.end_session(context.services, context.who, context.uuid("session_id"), client_of(context))


_ID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
_MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)
_ME = MeAnswer(
    id=_ID,
    email="ana@empresa.com.br",
    name="Ana Souza",
    role=Role.TENANT_ADMIN,
    tenant_id=_ID,
    locale="pt-BR",
    permissions=[Permission.TENANT_READ, Permission.USAGE_READ],
    tenants=[TenantOfMine(_ID, "Clínica Aurora", Role.TENANT_ADMIN)],
    totp_enabled=False,
    totp_required=False,
)

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/auth/me",
        handler=_me,
        summary="Who is signed in",
        limits=READING,
        tag="auth",
        permission=Permission.ACCOUNT_MANAGE,
        response=MeAnswer,
        example=_ME,
    ),
    Route(
        method="PATCH",
        path="/auth/me",
        handler=_update,
        summary="Change one's own name and language",
        limits=ACTING,
        tag="auth",
        permission=Permission.ACCOUNT_MANAGE,
        body=Profile,
        response=MeAnswer,
        example=Profile("Ana Souza", "pt-BR"),
    ),
    Route(
        method="POST",
        path="/auth/logout",
        handler=_logout,
        summary="End this session",
        tag="auth",
        permission=None,
        body=Logout,
        while_viewing=True,
        limits=(Limit(count=300, seconds=60, per=("ip",)),),
        example=Logout("n3J8xq…"),
    ),
    Route(
        method="POST",
        path="/auth/logout-all",
        handler=_logout_all,
        summary="End all of one's sessions, on every device",
        limits=ACTING,
        tag="auth",
        permission=Permission.ACCOUNT_MANAGE,
        while_viewing=True,
    ),
    Route(
        method="POST",
        path="/auth/switch-tenant",
        handler=_switch,
        summary="Act in another of one's companies",
        limits=ACTING,
        tag="auth",
        permission=Permission.ACCOUNT_MANAGE,
        body=SwitchTenant,
        response=Switched,
        problems=(VouchedElsewhere,),
        example=SwitchTenant(_ID),
    ),
    Route(
        method="GET",
        path="/auth/sessions",
        handler=_list,
        summary="Where one is signed in",
        limits=READING,
        tag="auth",
        permission=Permission.ACCOUNT_MANAGE,
        response=Sessions,
        example=Sessions(
            [Session(_ID, SessionKind.BROWSER, "203.0.113.7", "Mozilla/5.0", _MOMENT, _MOMENT, _MOMENT, current=True)]
        ),
    ),
    Route(
        method="DELETE",
        path="/auth/sessions/{session_id:uuid}",
        handler=_end,
        summary="End one of one's sessions",
        limits=ACTING,
        tag="auth",
        permission=Permission.ACCOUNT_MANAGE,
        problems=(UnknownSession,),
    ),
)
