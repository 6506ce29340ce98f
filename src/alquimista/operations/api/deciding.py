"""Cancelling, approving and rejecting a command."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from alquimista.access import Permission
from alquimista.approvals.models import ApprovalClosed, ApprovalExpired, NotApprover, OwnRequest
from alquimista.db.statement import Conn
from alquimista.db.tenancy import tenant_transaction
from alquimista.http.context import Context
from alquimista.http.routes import Route, TenantScope
from alquimista.operations import service
from alquimista.operations.api.reading import LINE
from alquimista.operations.guards import DECIDING
from alquimista.operations.models.commands import (
    Command,
    CommandEnded,
    CommandLine,
    NotAwaitingApproval,
    UnknownCommand,
)


class CommandRejection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a command must not run."""

    reason: Annotated[str, Meta(max_length=1000)] = ""


async def _move(context: Context, move: Callable[[Conn, Command], Awaitable[Command]]) -> CommandLine:
    """Make a move in the command's own tenant, and answer what it has become."""
    command = await service.find(context.db.staff(), context.uuid("command_id"))
    async with tenant_transaction(context.db, command.tenant_id) as conn:
        await move(conn, command)
    service.tell(context.services, command.id)
    return await service.line(context.db.staff(), command.id, context.locale)


async def cancel(context: Context) -> CommandLine:
    """Cancel it, now or at its next step."""
    return await _move(context, lambda conn, command: service.cancel(conn, context.who, command, context.now))


async def approve(context: Context) -> CommandLine:
    """Let it run."""
    return await _move(context, lambda conn, command: service.approve(conn, context.who, command, context.now))


async def reject(context: Context) -> CommandLine:
    """End it before it begins."""
    reason = context.body.reason
    return await _move(context, lambda conn, command: service.reject(conn, context.who, command, reason, context.now))


_STAFF: Final[dict[str, Any]] = {
    "tag": "operations",
    "scope": TenantScope.PLATFORM,
    "response": CommandLine,
    "limits": DECIDING,
}
_DECIDING: Final = (UnknownCommand, NotAwaitingApproval, ApprovalClosed, ApprovalExpired, OwnRequest, NotApprover)
ROUTES: Final = (
    Route(
        method="POST",
        path="/internal/operations/commands/{command_id:uuid}/cancel",
        handler=cancel,
        summary="Cancel a command: at once, or at its next step when it runs",
        permission=Permission.COMMAND_RUN,
        problems=(UnknownCommand, CommandEnded),
        example=LINE,
        **_STAFF,
    ),
    Route(
        method="POST",
        path="/internal/operations/commands/{command_id:uuid}/approve",
        handler=approve,
        summary="Approve somebody else's command, which then runs",
        permission=Permission.APPROVAL_DECIDE,
        problems=_DECIDING,
        example=LINE,
        **_STAFF,
    ),
    Route(
        method="POST",
        path="/internal/operations/commands/{command_id:uuid}/reject",
        handler=reject,
        summary="Reject somebody else's command, which then never runs",
        permission=Permission.APPROVAL_DECIDE,
        body=CommandRejection,
        problems=_DECIDING,
        example=CommandRejection("Na semana do fechamento não."),
        **_STAFF,
    ),
)
