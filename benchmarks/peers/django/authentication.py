"""Who asks: the access token is verified for every request, then its role is checked."""

import os
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import jwt
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

ISSUER = os.environ.get("ISSUER", "http://localhost:8080")
AUDIENCE = os.environ.get("AUDIENCE", "alquimista")
READERS = {"TENANT_ADMIN", "TENANT_USER"}

_keys = {key.key_id: key.key for key in jwt.PyJWKSet.from_json(Path(os.environ["JWKS_FILE"]).read_text()).keys}


class Principal(NamedTuple):
    """Whoever the token names."""

    tenant_id: UUID | None
    role: str
    is_authenticated: bool = True


class AccessToken(BaseAuthentication):
    """`Authorization: Bearer` with an access token of the platform."""

    def authenticate(self, request: Request) -> tuple[Principal, dict[str, Any]] | None:
        """The principal and the claims; None without a token."""
        scheme, _, token = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
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
            raise AuthenticationFailed from None
        if header.get("typ") != "at+jwt":
            raise AuthenticationFailed
        tenant = claims.get("custom:tenant_id")
        role = next(iter(claims.get("cognito:groups", ())), "")
        return Principal(UUID(tenant) if tenant else None, role), claims

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 - The framework's signature.
        """Makes a missing token a 401."""
        return "Bearer"


class IsTenantMember(BasePermission):
    """For people of a tenant only."""

    def has_permission(self, request: Request, view: object) -> bool:  # noqa: ARG002 - As above.
        """Whether the token is a member's."""
        user = request.user
        return user is not None and user.role in READERS and user.tenant_id is not None
