"""Access and refresh tokens, and the keys that verify them."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta
from starlette.responses import JSONResponse

from alquimista.http.context import Context
from alquimista.http.routes import Limit, Route
from alquimista.identity.guards import client_of
from alquimista.identity.models.keys import JWKS_MAX_AGE
from alquimista.identity.models.problems import (
    AccountInactive,
    InvalidRefresh,
    TotpRequired,
    WrongCode,
    WrongCredentials,
)
from alquimista.identity.models.sessions import SessionKind, Tokens
from alquimista.identity.service.kit import Identity
from alquimista.identity.service.sessions import refresh, tokens_of
from alquimista.identity.service.signin import sign_in

Email = Annotated[str, Meta(max_length=254, examples=["ana@empresa.com.br"])]
Password = Annotated[str, Meta(max_length=256)]
Token = Annotated[str, Meta(max_length=256)]
Code = Annotated[str, Meta(max_length=32, description="A code of the authenticator app, or a recovery code.")]


class Login(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """E-mail, password and, when enrolled, the second factor."""

    email: Email
    password: Password
    totp: Code = ""


class Refresh(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The refresh token; it is replaced by the one in the answer."""

    refresh_token: Token


class KeySet(msgspec.Struct, frozen=True):
    """A JSON Web Key Set (RFC 7517)."""

    keys: list[dict[str, Any]]


async def _login(context: Context) -> Tokens:
    body: Login = context.body
    signed_in = await sign_in(
        context.services, body.email, body.password, body.totp, SessionKind.API, client_of(context)
    )
    return await tokens_of(context.services, signed_in.opened)


async def _refresh(context: Context) -> Tokens:
    return await refresh(context.services, context.body.refresh_token, client_of(context))


async def _jwks(context: Context) -> JSONResponse:
    keys = await context.services.get(Identity).keys.published()
    return JSONResponse({"keys": keys}, headers={"Cache-Control": f"public, max-age={JWKS_MAX_AGE}"})


_LOGIN = Login("ana@empresa.com.br", "Ipê-roxo 7 flores")

ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/auth/login",
        handler=_login,
        summary="Sign in with e-mail and password",
        tag="auth",
        permission=None,
        kinds=frozenset(),
        body=Login,
        response=Tokens,
        limits=(Limit(count=60, seconds=60, per=("ip",)),),
        problems=(WrongCredentials, TotpRequired, WrongCode, AccountInactive),
        example=_LOGIN,
    ),
    Route(
        method="POST",
        path="/auth/refresh",
        handler=_refresh,
        summary="Exchange a refresh token for new tokens",
        tag="auth",
        permission=None,
        kinds=frozenset(),
        body=Refresh,
        response=Tokens,
        limits=(Limit(count=300, seconds=60, per=("ip",)),),
        problems=(InvalidRefresh,),
        example=Refresh("n3J8xq…"),
    ),
    Route(
        method="GET",
        path="/.well-known/jwks.json",
        handler=_jwks,
        summary="The public keys that verify access tokens",
        tag="auth",
        permission=None,
        kinds=frozenset(),
        response=KeySet,
        example={
            "keys": [
                {
                    "kty": "EC",
                    "crv": "P-256",
                    "x": "f83OJ3D2xF1B…",
                    "y": "x_FEzRu9m36H…",
                    "kid": "2026-03",
                    "alg": "ES256",
                    "use": "sig",
                }
            ]
        },
    ),
)
