"""One's own second factor."""

import msgspec

from alquimista.access import Permission
from alquimista.http.context import Context
from alquimista.http.routes import Route
from alquimista.identity.api.tokens import Code, Password
from alquimista.identity.guards import PROVING, client_of
from alquimista.identity.models.problems import TotpCompulsory, TotpState
from alquimista.identity.service import totp as service
from alquimista.identity.service.totp import Enrolment


class EnrolTotp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The password: an open session alone does not set up a factor that its owner has not."""

    password: Password


class ConfirmTotp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first code of the app."""

    code: Code


class DisableTotp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The password and a code, or a recovery code."""

    password: Password
    code: Code


class RecoveryCodes(msgspec.Struct, frozen=True):
    """Ten codes for a lost phone; each works once, and they are shown only now."""

    recovery_codes: list[str]


async def _enrol(context: Context) -> Enrolment:
    return await service.enrol(context.services, context.who, context.body.password, client_of(context))


async def _confirm(context: Context) -> RecoveryCodes:
    return RecoveryCodes(await service.confirm(context.services, context.who, context.body.code, client_of(context)))


async def _disable(context: Context) -> None:
    body: DisableTotp = context.body
    await service.disable(context.services, context.who, body.password, body.code, client_of(context))


ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/auth/totp/enrol",
        handler=_enrol,
        summary="Begin to set up a second factor",
        tag="auth",
        permission=Permission.ACCOUNT_MANAGE,
        body=EnrolTotp,
        response=Enrolment,
        limits=PROVING,
        problems=(TotpState,),
        example=EnrolTotp("Cafe-Com-Leite-7"),
    ),
    Route(
        method="POST",
        path="/auth/totp/confirm",
        handler=_confirm,
        summary="Take the second factor into use; answers the recovery codes",
        tag="auth",
        permission=Permission.ACCOUNT_MANAGE,
        body=ConfirmTotp,
        response=RecoveryCodes,
        limits=PROVING,
        problems=(TotpState,),
        example=ConfirmTotp("492039"),
    ),
    Route(
        method="POST",
        path="/auth/totp/disable",
        handler=_disable,
        summary="Give up the second factor",
        tag="auth",
        permission=Permission.ACCOUNT_MANAGE,
        body=DisableTotp,
        limits=PROVING,
        problems=(TotpState, TotpCompulsory),
        example=DisableTotp("Cafe-Com-Leite-7", "492039"),
    ),
)
