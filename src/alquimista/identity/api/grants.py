"""Permissions beyond roles: a company's grants, and what one may do oneself."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista import clock
from alquimista.access import Permission
from alquimista.audit.guards import seen_within
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Invalid
from alquimista.http.context import Context
from alquimista.http.pagination import Page
from alquimista.http.routes import Limit, Route, TenantScope
from alquimista.http.shares import READING
from alquimista.i18n import N_
from alquimista.identity.guards import GRANTING
from alquimista.identity.models.grants import DAY_MINUTES, Grant, Reason, clock_of, minute_of
from alquimista.identity.models.problems import (
    GrantExists,
    GrantToOneself,
    NotYoursToGrant,
    TooManyGrants,
    UnknownGrant,
    UnknownUser,
)
from alquimista.identity.service import grants as service

_Kind = Annotated[str, Meta(pattern=r"^[a-z][a-z_]{0,49}$(?!\n)", description="Kind of one thing, such as agent.")]
_Thing = Annotated[
    str, Meta(pattern=r"^[!-~]{1,200}$(?!\n)", description="Its id, as the addresses of its routes have it.")
]
_Day = Annotated[int, Meta(ge=1, le=7)]
_TIME: Final = r"([01][0-9]|2[0-3]):[0-5][0-9]"


class GrantWindow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When it holds, in the company's time zone. Days: 1 is Monday. From the first minute until before the last."""

    days: Annotated[tuple[_Day, ...], Meta(min_length=1, max_length=7)] | None = None
    from_time: Annotated[str, Meta(pattern=rf"^{_TIME}$(?!\n)")] | None = None
    until_time: Annotated[str, Meta(pattern=rf"^({_TIME}|24:00)$(?!\n)")] | None = None


class NewGrant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who gets which permission, for everything or for one thing, and within which limits."""

    user_id: UUID
    permission: Permission
    resource_type: _Kind | None = None
    resource_id: _Thing | None = None
    window: GrantWindow | None = None
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None


class GrantAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A permission that a person has beyond those of their role."""

    id: UUID
    user_id: UUID
    permission: str
    resource_type: str | None
    resource_id: str | None
    window: GrantWindow | None
    expires_at: datetime | None
    granted_by: UUID
    created_at: datetime


class Grants(msgspec.Struct, frozen=True):
    """One page of grants in force, the newest first, and how many there are."""

    grants: list[GrantAnswer]
    total: int


class PermissionQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one would do, and to which thing."""

    permission: Permission
    resource_type: _Kind | None = None
    resource_id: _Thing | None = None


class PermissionAnswer(msgspec.Struct, frozen=True):
    """Whether one may do it now, and why."""

    allowed: bool
    reason: Reason


def _answer(grant: Grant) -> GrantAnswer:
    window = None
    if grant.windowed:
        times = (grant.from_minute, grant.until_minute)
        window = GrantWindow(grant.days, *(clock_of(one) if one is not None else None for one in times))
    return GrantAnswer(
        id=grant.id,
        user_id=grant.user_id,
        permission=grant.permission,
        resource_type=grant.resource_type,
        resource_id=grant.resource_id,
        window=window,
        expires_at=grant.expires_at,
        granted_by=grant.granted_by,
        created_at=grant.created_at,
    )


def _one_thing(kind: str | None, thing: str | None) -> tuple[str, str] | None:
    if (kind is None) != (thing is None):
        raise Invalid.of("resource_id", N_("Name both the kind of the thing and its id, or neither."))
    return (kind, thing.lower()) if kind is not None and thing is not None else None


def _hours(window: GrantWindow) -> tuple[int, int] | tuple[None, None]:
    if window.from_time is None and window.until_time is None:
        return None, None
    start = minute_of(window.from_time) if window.from_time is not None else 0
    end = minute_of(window.until_time) if window.until_time is not None else DAY_MINUTES
    if start >= end:
        raise Invalid.of("window.until_time", N_("Let it end after it begins, on the same day."))
    return start, end


async def _list(context: Context) -> Grants:
    page: Page = context.query
    async with tenant_transaction(context.db, context.tenant) as conn:
        await seen_within(conn, context)
        found, total = await service.list_grants(conn, context.tenant, context.now, page.limit, page.offset)
    return Grants([_answer(one) for one in found], total)


async def _give(context: Context) -> GrantAnswer:
    body: NewGrant = context.body
    kind, thing = _one_thing(body.resource_type, body.resource_id) or (None, None)
    window = body.window or GrantWindow()
    start, end = _hours(window)
    if body.expires_at is not None and body.expires_at <= context.now:
        raise Invalid.of("expires_at", N_("Choose a moment in the future."))
    assert context.who.user_id is not None  # The route is for people.
    grant = Grant(
        id=clock.new_id(),
        user_id=body.user_id,
        permission=body.permission.value,
        resource_type=kind,
        resource_id=thing,
        days=tuple(sorted(set(window.days))) if window.days is not None else None,
        from_minute=start,
        until_minute=end,
        expires_at=body.expires_at,
        granted_by=context.who.user_id,
        created_at=context.now,
    )
    return _answer(await service.give(context.services, context.who, context.tenant, grant))


async def _take_back(context: Context) -> None:
    await service.take_back(context.services, context.who, context.tenant, context.uuid("grant_id"))


async def _check(context: Context) -> PermissionAnswer:
    query: PermissionQuery = context.query
    thing = _one_thing(query.resource_type, query.resource_id)
    return PermissionAnswer(*await service.check(context.services, context.who, query.permission, thing, context.now))


_ID: Final = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
_WINDOW: Final = GrantWindow((1, 2, 3, 4, 5), "08:00", "18:00")
_GRANT: Final = GrantAnswer(
    id=_ID,
    user_id=_ID,
    permission=Permission.AGENT_MANAGE.value,
    resource_type="agent",
    resource_id=str(_ID),
    window=_WINDOW,
    expires_at=None,
    granted_by=_ID,
    created_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
)
_OWN: Final[dict[str, Any]] = {"tag": "grants", "permission": Permission.GRANT_MANAGE, "scope": TenantScope.OWN}

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/tenant/grants",
        handler=_list,
        summary="Permissions that people have beyond those of their role",
        limits=READING,
        query=Page,
        response=Grants,
        example=Grants([_GRANT], 1),
        **_OWN,
    ),
    Route(
        method="POST",
        path="/tenant/grants",
        handler=_give,
        summary="Give a person a permission beyond their role; only what your own role allows, and never to yourself",
        body=NewGrant,
        response=GrantAnswer,
        status=201,
        limits=GRANTING,
        problems=(UnknownUser, GrantExists, TooManyGrants, GrantToOneself, NotYoursToGrant),
        example=NewGrant(
            user_id=_ID,
            permission=Permission.AGENT_MANAGE,
            resource_type="agent",
            resource_id=str(_ID),
            window=_WINDOW,
        ),
        **_OWN,
    ),
    Route(
        method="DELETE",
        path="/tenant/grants/{grant_id:uuid}",
        handler=_take_back,
        summary="Take such a permission back; it ends at once",
        limits=GRANTING,
        problems=(UnknownGrant,),
        **_OWN,
    ),
    Route(
        method="GET",
        path="/api/permissions/check",
        handler=_check,
        summary="Whether you may do something now, to everything or to one thing",
        tag="grants",
        permission=Permission.ACCOUNT_MANAGE,
        query=PermissionQuery,
        response=PermissionAnswer,
        limits=(Limit(count=600, seconds=60, per=("user",)),),
        example=PermissionAnswer(allowed=True, reason=Reason.ROLE),
    ),
)
