"""What an external issuer's token says about a person."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from alquimista.access import PLATFORM_TENANT, Role
from alquimista.identity.models.problems import OidcRefused


class External(msgspec.Struct, frozen=True):
    """A verified token of the issuer, read."""

    issuer: str
    subject: str
    email: str | None  # Only when the issuer says that it verified it.
    name: str
    role: Role
    tenant_id: UUID
    expires_at: datetime
    nonce: str | None


def groups_of(claim: object) -> list[str]:
    """The groups of `cognito:groups`: a list, or the text that API Gateway makes of it, "[A B]" or "A,B"."""
    if isinstance(claim, list):
        return [group for group in claim if isinstance(group, str)]
    if isinstance(claim, str):
        return [group for group in re.split(r"[\s,]+", claim.strip().removeprefix("[").removesuffix("]")) if group]
    return []


def meant_for(claims: Mapping[str, Any], client_id: str) -> bool:
    """Whether a token is for us: ID tokens by `aud`, Cognito's access tokens by `client_id` and `token_use`."""
    if claims.get("token_use") == "access":
        return claims.get("client_id") == client_id
    audience = claims.get("aud")
    if isinstance(audience, list) and len(audience) > 1:
        return client_id in audience and claims.get("azp") == client_id
    return audience in (client_id, [client_id]) and claims.get("token_use", "id") == "id"


def read_external(claims: Mapping[str, Any]) -> External:
    """The person that verified claims describe, in the highest role of their groups.

    Raises:
        OidcRefused: no group is a role of ours, or a tenant's role comes without a tenant.
    """
    groups = groups_of(claims.get("cognito:groups"))
    role = next((role for role in Role if role.value in groups), None)
    subject, verified = claims.get("sub"), claims.get("email_verified")
    if role is None or not isinstance(subject, str) or not 1 <= len(subject) <= 255:
        raise OidcRefused
    email = (
        str(claims["email"]).strip().lower()
        if claims.get("email") and (verified is True or verified == "true")
        else None
    )
    try:
        tenant_id = PLATFORM_TENANT if role.internal else UUID(str(claims.get("custom:tenant_id")))
        expires_at = datetime.fromtimestamp(claims["exp"], UTC)
    except (ValueError, KeyError, TypeError, OverflowError):
        raise OidcRefused from None
    if not role.internal and tenant_id == PLATFORM_TENANT:
        raise OidcRefused
    return External(
        issuer=str(claims["iss"]),
        subject=subject,
        email=email,
        name=str(claims.get("name") or email or subject)[:200],
        role=role,
        tenant_id=tenant_id,
        expires_at=expires_at,
        nonce=claims.get("nonce") if isinstance(claims.get("nonce"), str) else None,
    )


def local_path(raw: str | None, default: str) -> str:
    """A path on this site to return to; anything that could lead elsewhere becomes the default.

    It may be long: a selection of every agent is still there after the sign-in.
    """
    if raw and re.fullmatch(r"/(?![/\\])[^\\\x00-\x20\x7f]{0,2000}", raw):
        return raw
    return default
