"""Who asks: the access token is verified for every request, then its role is checked."""

import os
from pathlib import Path
from typing import Annotated, NamedTuple
from uuid import UUID

import jwt
from fastapi import Depends, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

ISSUER = os.environ.get("ISSUER", "http://localhost:8080")
AUDIENCE = os.environ.get("AUDIENCE", "alquimista")
READERS = {"TENANT_ADMIN", "TENANT_USER"}

_keys = {key.key_id: key.key for key in jwt.PyJWKSet.from_json(Path(os.environ["JWKS_FILE"]).read_text()).keys}
_bearer = HTTPBearer()


class Principal(NamedTuple):
    """A verified member of a tenant."""

    tenant_id: UUID
    role: str


async def member(credentials: Annotated[HTTPAuthorizationCredentials, Depends(_bearer)]) -> Principal:
    """The tenant's member who sends the request: 401 without a good token, 403 for anybody else's role."""
    token = credentials.credentials
    try:
        header = jwt.get_unverified_header(token)
        claims = jwt.decode(
            token,
            _keys[header["kid"]],
            algorithms=["ES256"],
            issuer=ISSUER,
            audience=AUDIENCE,
            leeway=5,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )
    except (jwt.InvalidTokenError, KeyError):
        raise HTTPException(401, "Invalid token", {"WWW-Authenticate": "Bearer"}) from None
    if header.get("typ") != "at+jwt":
        raise HTTPException(401, "Invalid token", {"WWW-Authenticate": "Bearer"})
    role = next(iter(claims.get("cognito:groups", ())), "")
    if role not in READERS or "custom:tenant_id" not in claims:
        raise HTTPException(403, "Forbidden")
    return Principal(UUID(claims["custom:tenant_id"]), role)


Member = Annotated[Principal, Depends(member)]
