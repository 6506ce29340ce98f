"""Access tokens: made for 15 minutes, verified with pinned algorithm, type, issuer and audience."""

import json
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from joserfc import jws, jwt
from joserfc.errors import JoseError

from alquimista.access import PLATFORM_TENANT, Role
from alquimista.clock import new_id
from alquimista.config import Settings
from alquimista.identity.models.keys import ALGORITHM, AUDIENCE, LEEWAY, TOKEN_TYPE, Claims
from alquimista.identity.models.problems import InvalidToken
from alquimista.identity.models.sessions import ACCESS_LIFE, Standing
from alquimista.identity.service.keys import KeyRing

MAX_TOKEN: Final = 8 * 1024


async def mint(keys: KeyRing, settings: Settings, standing: Standing, now: datetime) -> str:
    """An access token for a session; the claims of the founding system, and sid for revocation at once."""
    key = await keys.signing_key()
    issued = int(now.timestamp())
    claims: dict[str, Any] = {
        "iss": settings.public_url,
        "aud": AUDIENCE,
        "sub": str(standing.user_id),
        "email": standing.email,
        "name": standing.full_name,
        "cognito:groups": [standing.role.value],
        "iat": issued,
        "exp": issued + int(ACCESS_LIFE.total_seconds()),
        "jti": str(new_id()),
        "sid": str(standing.session_id),
    }
    if standing.tenant_id != PLATFORM_TENANT:
        claims["custom:tenant_id"] = str(standing.tenant_id)
    header = {"alg": ALGORITHM, "typ": TOKEN_TYPE, "kid": key.kid}
    return jwt.encode(header, claims, key, algorithms=[ALGORITHM])


def peek(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The header and claims of a token, NOT VERIFIED: only to choose who verifies it.

    Raises:
        InvalidToken: it is no JWT.
    """
    if len(token) > MAX_TOKEN:
        raise InvalidToken
    try:
        parts = jws.extract_compact(token.encode())
        claims = json.loads(parts.payload)
    except (JoseError, ValueError, RecursionError):
        raise InvalidToken from None
    if not isinstance(claims, dict):
        raise InvalidToken
    return parts.headers(), claims


async def verify(keys: KeyRing, settings: Settings, token: str, now: datetime) -> Claims:
    """What a genuine, current access token of ours says; whether its session stands is another question.

    Raises:
        InvalidToken: forged, of another kind, for another audience, expired, or not a token.
    """
    header, _ = peek(token)
    kid = header.get("kid")
    if header.get("alg") != ALGORITHM or header.get("typ") != TOKEN_TYPE or not isinstance(kid, str):
        raise InvalidToken
    key = await keys.verifying_key(kid)
    if key is None:
        raise InvalidToken
    rules = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=int(LEEWAY.total_seconds()),
        iss={"essential": True, "value": settings.public_url},
        aud={"essential": True, "value": AUDIENCE},
        exp={"essential": True},
        iat={"essential": True},
    )
    try:
        claims = jwt.decode(token, key, algorithms=[ALGORITHM]).claims
        rules.validate(claims)
        tenant = claims.get("custom:tenant_id")
        return Claims(
            user_id=UUID(claims["sub"]),
            session_id=UUID(claims["sid"]),
            tenant_id=UUID(tenant) if tenant is not None else PLATFORM_TENANT,
            role=Role(claims["cognito:groups"][0]),
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        )
    except (JoseError, ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError):
        raise InvalidToken from None
