"""The people of a company; and, under /internal, the staff itself."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec

from alquimista.access import Permission, Role
from alquimista.audit.guards import seen_within
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Invalid
from alquimista.http.context import Context
from alquimista.http.pagination import Page
from alquimista.http.routes import Route, TenantScope
from alquimista.http.shares import ACTING, READING
from alquimista.i18n import N_
from alquimista.identity.models.problems import LastAdministrator, UnknownUser, UserLimitReached
from alquimista.identity.models.users import Member, MemberStatus
from alquimista.identity.service.members import change_member, list_members


class MemberAnswer(msgspec.Struct, frozen=True):
    """A person in the company."""

    id: UUID
    email: str
    full_name: str
    role: Role
    status: MemberStatus
    created_at: datetime
    last_login_at: datetime | None


class Members(msgspec.Struct, frozen=True):
    """One page of people, by name, and how many there are."""

    users: list[MemberAnswer]
    total: int


class ChangeMember(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to change; at least one of the two."""

    role: Role | None = None
    status: MemberStatus | None = None


def _answer(member: Member) -> MemberAnswer:
    return MemberAnswer(**{name: getattr(member, name) for name in MemberAnswer.__struct_fields__})


async def _list(context: Context) -> Members:
    page: Page = context.query
    async with tenant_transaction(context.db, context.tenant) as conn:
        await seen_within(conn, context)
        members, total = await list_members(conn, context.tenant, page.limit, page.offset)
    return Members([_answer(member) for member in members], total)


async def _change(context: Context) -> MemberAnswer:
    body: ChangeMember = context.body
    if body.role is None and body.status is None:
        raise Invalid.of("role", N_("Name a role, a status, or both."))
    return _answer(
        await change_member(
            context.services, context.who, context.tenant, context.uuid("user_id"), body.role, body.status
        )
    )


async def _remove(context: Context) -> None:
    await change_member(
        context.services, context.who, context.tenant, context.uuid("user_id"), status=MemberStatus.DEACTIVATED
    )


_ID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
_MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)
_MEMBER = MemberAnswer(_ID, "ana@empresa.com.br", "Ana Souza", Role.TENANT_USER, MemberStatus.ACTIVE, _MOMENT, _MOMENT)


def _routes(prefix: str, scope: TenantScope, whose: str) -> tuple[Route, ...]:
    problems = (UnknownUser, LastAdministrator, UserLimitReached)
    return (
        Route(
            method="GET",
            path=f"{prefix}/users",
            handler=_list,
            summary=f"The people of {whose}",
            tag="users",
            permission=Permission.USER_READ,
            scope=scope,
            query=Page,
            limits=READING,
            response=Members,
            example=Members([_MEMBER], 1),
        ),
        Route(
            method="PATCH",
            path=f"{prefix}/users/{{user_id:uuid}}",
            handler=_change,
            summary=f"Change the role or status of a person of {whose}",
            tag="users",
            permission=Permission.USER_MANAGE,
            scope=scope,
            body=ChangeMember,
            response=MemberAnswer,
            limits=ACTING,
            problems=problems,
            example=ChangeMember(_MEMBER.role),
        ),
        Route(
            method="DELETE",
            path=f"{prefix}/users/{{user_id:uuid}}",
            handler=_remove,
            summary=f"Deactivate a person of {whose}; their sessions there end at once",
            tag="users",
            permission=Permission.USER_MANAGE,
            scope=scope,
            limits=ACTING,
            problems=problems,
        ),
    )


ROUTES: tuple[Route, ...] = (
    *_routes("/tenant", TenantScope.OWN, "the company"),
    *_routes("/internal", TenantScope.PLATFORM, "the vendor's staff"),
)
