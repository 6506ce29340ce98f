"""Forgotten, reset and changed passwords."""

import msgspec

from alquimista.access import Permission
from alquimista.http.context import Context
from alquimista.http.routes import Limit, Route
from alquimista.identity.api.tokens import Email, Password, Token
from alquimista.identity.guards import client_of
from alquimista.identity.models.problems import InvalidLink
from alquimista.identity.service.passwords import change_password, forgot_password, reset_password


class Forgot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose password was forgotten."""

    email: Email


class Reset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The mailed link's token and the new password."""

    token: Token
    password: Password


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The present password and the new one."""

    current_password: Password
    password: Password


async def _forgot(context: Context) -> None:
    await forgot_password(context.services, context.body.email, client_of(context))


async def _reset(context: Context) -> None:
    await reset_password(context.services, context.body.token, context.body.password, client_of(context))


async def _change(context: Context) -> None:
    body: Change = context.body
    await change_password(context.services, context.who, body.current_password, body.password, client_of(context))


ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/auth/password/forgot",
        handler=_forgot,
        summary="Ask for a reset link by mail; the answer is the same for every address",
        tag="auth",
        permission=None,
        kinds=frozenset(),
        body=Forgot,
        status=202,
        limits=(Limit(count=10, seconds=60, per=("ip",)),),
        example=Forgot("ana@empresa.com.br"),
    ),
    Route(
        method="POST",
        path="/auth/password/reset",
        handler=_reset,
        summary="Set a new password with a mailed link; every session ends",
        tag="auth",
        permission=None,
        kinds=frozenset(),
        body=Reset,
        limits=(Limit(count=20, seconds=60, per=("ip",)),),
        problems=(InvalidLink,),
        example=Reset("x0dSg3…", "Cafe-Com-Leite-7"),
    ),
    Route(
        method="POST",
        path="/auth/password/change",
        handler=_change,
        summary="Change one's own password; every other session ends",
        tag="auth",
        permission=Permission.ACCOUNT_MANAGE,
        body=Change,
        limits=(Limit(count=10, seconds=60, per=("user",)),),
        example=Change("Cafe-Com-Leite-7", "Pao-De-Queijo-8"),
    ),
)
