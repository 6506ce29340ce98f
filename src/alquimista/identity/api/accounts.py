"""Opening an account: sign-up with confirmation, and accepting an invitation."""

import msgspec

from alquimista.access import Role
from alquimista.http.context import Context
from alquimista.http.routes import Limit, Route
from alquimista.identity.api.tokens import Email, Password, Token
from alquimista.identity.guards import client_of
from alquimista.identity.models.problems import AlreadyMember, InvalidLink, SignupClosed
from alquimista.identity.service.invitations import accept_invitation, read_invitation
from alquimista.identity.service.signup import confirm_signup, sign_up
from alquimista.tenants.models import CnpjTaken, NewTenant


class SignUp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who wants an account. The password is set with the mailed link."""

    email: Email
    full_name: str


class Company(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The company that the account is opened for."""

    name: str
    cnpj: str
    segment: str
    time_zone: str = "America/Sao_Paulo"


class Confirm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The mailed link's token, the password, and the company."""

    token: Token
    password: Password
    company: Company


class TokenOnly(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The mailed link's token."""

    token: Token


class InvitedTo(msgspec.Struct, frozen=True):
    """What a link invites to. `has_account`: then neither name nor password is asked for."""

    email: str
    company: str
    role: Role
    has_account: bool


class Accept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The mailed link's token; name and password for a new person."""

    token: Token
    full_name: str | None = None
    password: Password | None = None


class AccountReady(msgspec.Struct, frozen=True):
    """The address to sign in with."""

    email: str


async def _sign_up(context: Context) -> None:
    await sign_up(context.services, context.body.email, context.body.full_name, client_of(context))


async def _confirm(context: Context) -> AccountReady:
    body: Confirm = context.body
    company = NewTenant(
        name=body.company.name,
        cnpj=body.company.cnpj,
        segment=body.company.segment,
        time_zone=body.company.time_zone,
        locale=context.locale,
    )
    done = await confirm_signup(context.services, body.token, body.password, company, client_of(context))
    return AccountReady(done.email)


async def _read(context: Context) -> InvitedTo:
    state, has_account = await read_invitation(context.services, context.body.token)
    return InvitedTo(state.email, state.tenant_name, state.role, has_account)


async def _accept(context: Context) -> AccountReady:
    body: Accept = context.body
    email = await accept_invitation(context.services, body.token, body.full_name, body.password, client_of(context))
    return AccountReady(email)


_SPARINGLY = (Limit(count=20, seconds=60, per=("ip",)),)

_TOKEN = "x0dSg3…"  # noqa: S105 - An example.
_PASSWORD = "Cafe-Com-Leite-7"  # noqa: S105 - An example.

ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/auth/signup",
        handler=_sign_up,
        summary="Ask for an account; the answer is the same for every address",
        tag="auth",
        permission=None,
        kinds=frozenset(),
        body=SignUp,
        status=202,
        limits=(Limit(count=5, seconds=60, per=("ip",)),),
        problems=(SignupClosed,),
        example=SignUp("ana@empresa.com.br", "Ana Souza"),
    ),
    Route(
        method="POST",
        path="/auth/signup/confirm",
        handler=_confirm,
        summary="Open the company with the mailed link",
        tag="auth",
        permission=None,
        kinds=frozenset(),
        body=Confirm,
        response=AccountReady,
        status=201,
        limits=_SPARINGLY,
        problems=(SignupClosed, InvalidLink, CnpjTaken),
        example=Confirm(_TOKEN, _PASSWORD, Company("Clínica Aurora", "12.ABC.345/01DE-35", "saude")),
    ),
    Route(
        method="POST",
        path="/auth/invitations/read",
        handler=_read,
        summary="What an invitation link invites to",
        tag="auth",
        permission=None,
        kinds=frozenset(),
        body=TokenOnly,
        response=InvitedTo,
        limits=_SPARINGLY,
        problems=(InvalidLink,),
        example=TokenOnly(_TOKEN),
    ),
    Route(
        method="POST",
        path="/auth/invitations/accept",
        handler=_accept,
        summary="Join the company that invited",
        tag="auth",
        permission=None,
        kinds=frozenset(),
        body=Accept,
        response=AccountReady,
        limits=_SPARINGLY,
        problems=(InvalidLink, AlreadyMember),
        example=Accept(_TOKEN, "Ana Souza", _PASSWORD),
    ),
)
