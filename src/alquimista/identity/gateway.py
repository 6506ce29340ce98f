"""The external OpenID Connect issuer (Amazon Cognito first): discovery, keys, and the exchange of codes."""

import asyncio
import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpx
import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from alquimista.breaker import CircuitOpen
from alquimista.clock import now
from alquimista.config import ConfigError, Settings, variable
from alquimista.identity.models.keys import LEEWAY
from alquimista.identity.models.oidc import meant_for
from alquimista.identity.models.problems import IssuerDown, OidcRefused
from alquimista.observability.circuits import CIRCUITS

ALGORITHMS: Final = ("RS256", "ES256", "PS256")
_KEEP: Final = timedelta(hours=1)
# A key that we do not know makes us ask again, but a stream of forgeries must not become one at the issuer.
_ASK_AGAIN: Final = timedelta(seconds=30)
# A silent issuer costs one request its patience, not every request.
_REST_S: Final = 5.0
# While it is silent, keys that we know serve for this long.
_KEEP_AT_MOST: Final = timedelta(hours=24)
_MAX_ANSWER: Final = 512 * 1024
_TIMEOUT_S: Final = 5


class Discovery(msgspec.Struct, frozen=True):
    """What we use of /.well-known/openid-configuration (OpenID Connect Discovery 1.0)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str | None = None


class _TokenAnswer(msgspec.Struct, frozen=True):
    """A token endpoint's answer; only the ID token is of use here."""

    id_token: str


class Issuer:
    """One issuer, with its documents kept for an hour."""

    def __init__(self, settings: Settings) -> None:
        if settings.production and not settings.oidc_issuer.startswith("https://"):
            raise ConfigError(f"Set {variable('oidc_issuer')} to an https:// address.")
        self._settings = settings
        self._http = httpx.AsyncClient(timeout=_TIMEOUT_S, follow_redirects=False, trust_env=False)
        self._lock = asyncio.Lock()
        self._discovery: tuple[datetime, Discovery] | None = None
        self._keys: tuple[datetime, KeySet] | None = None
        self._breakers = CIRCUITS.watched("oidc", failures=1, pause_s=_REST_S)

    @property
    def redirect_uri(self) -> str:
        """Where the issuer sends the browser back to."""
        return f"{self._settings.public_url}/auth/oidc/callback"

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def authorization_url(self, state: str, nonce: str, verifier: str) -> str:
        """Where the browser signs in: authorization code with PKCE (RFC 7636, S256). Raises IssuerDown."""
        discovery = await self._discover()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "client_id": self._settings.oidc_client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "openid email profile",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return _with_query(discovery.authorization_endpoint, query)

    async def exchange(self, code: str, verifier: str) -> str:
        """The ID token for an authorization code, not verified yet.

        Raises:
            OidcRefused: the issuer does not accept the code.
            IssuerDown: it does not answer.
        """
        discovery = await self._discover()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "client_id": self._settings.oidc_client_id,
            "code_verifier": verifier,
        }
        secret = self._settings.oidc_client_secret
        auth = httpx.BasicAuth(self._settings.oidc_client_id, secret) if secret else httpx.USE_CLIENT_DEFAULT
        with self._calling(discovery.token_endpoint):
            answer = await self._http.post(discovery.token_endpoint, data=form, auth=auth)
            if answer.status_code >= 500:
                raise IssuerDown(retry_after=5)
        if answer.status_code != 200 or len(answer.content) > _MAX_ANSWER:
            raise OidcRefused
        try:
            return msgspec.json.decode(answer.content, type=_TokenAnswer).id_token
        except msgspec.MsgspecError:
            raise OidcRefused from None

    async def verify(self, token: str, kid: object) -> dict[str, Any]:
        """The claims of a genuine, current token of the issuer that is meant for us.

        Raises:
            OidcRefused: it is not.
            IssuerDown: its keys cannot be fetched.
        """
        keys = await self._key_set(kid)
        rules = jwt.JWTClaimsRegistry(
            now=int(now().timestamp()),
            leeway=int(LEEWAY.total_seconds()),
            iss={"essential": True, "value": self._settings.oidc_issuer},
            exp={"essential": True},
            sub={"essential": True},
        )
        try:
            claims = jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims
            rules.validate(claims)
        except (JoseError, ValueError, TypeError):
            raise OidcRefused from None
        if not meant_for(claims, self._settings.oidc_client_id):
            raise OidcRefused
        return claims

    async def logout_url(self) -> str | None:
        """Where the browser ends the issuer's own session, or None when the issuer offers no such place.

        Cognito's /logout takes client_id and logout_uri; OpenID Connect RP-Initiated Logout 1.0 takes client_id and
        post_logout_redirect_uri. Each ignores the other's parameter.
        """
        settings = self._settings
        try:
            place = settings.oidc_logout_url or (await self._discover()).end_session_endpoint
        except IssuerDown:
            place = None
        if not place:
            return None
        back = f"{settings.public_url}/login"
        query = {"client_id": settings.oidc_client_id, "logout_uri": back, "post_logout_redirect_uri": back}
        return _with_query(place, query)

    async def _discover(self) -> Discovery:
        async with self._lock:
            if self._discovery is None or now() - self._discovery[0] > _KEEP:
                address = self._settings.oidc_issuer.rstrip("/") + "/.well-known/openid-configuration"
                try:
                    found = msgspec.json.decode(await self._get(address), type=Discovery)
                except msgspec.MsgspecError:
                    raise IssuerDown(retry_after=30) from None
                if found.issuer != self._settings.oidc_issuer:
                    raise IssuerDown(retry_after=30)
                self._discovery = (now(), found)
            return self._discovery[1]

    async def _key_set(self, kid: object) -> KeySet:
        held = self._keys
        age = now() - held[0] if held else timedelta.max
        known = held is not None and any(key.kid == kid for key in held[1].keys)
        if held is not None and age <= _KEEP and (known or age <= _ASK_AGAIN):
            return held[1]
        try:
            address = self._settings.oidc_jwks_url or (await self._discover()).jwks_uri
            keys = KeySet.import_key_set(msgspec.json.decode(await self._get(address)))
        except IssuerDown:
            if held is not None and known and age <= _KEEP_AT_MOST:
                return held[1]
            raise
        except (msgspec.MsgspecError, JoseError, ValueError, TypeError, KeyError):
            raise IssuerDown(retry_after=30) from None
        self._keys = (now(), keys)
        return keys

    async def _get(self, address: str) -> bytes:
        with self._calling(address):
            answer = await self._http.get(address)
            if answer.status_code != 200 or len(answer.content) > _MAX_ANSWER:
                raise IssuerDown(retry_after=5)
            return answer.content

    @contextmanager
    def _calling(self, address: str) -> Iterator[None]:
        """Call the address in the block, unless its host failed a moment ago. Raises IssuerDown."""
        try:
            with self._breakers.of(urlsplit(address).netloc).call(httpx.HTTPError, IssuerDown):
                yield
        except (CircuitOpen, httpx.HTTPError):
            raise IssuerDown(retry_after=5) from None


def _with_query(address: str, query: dict[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"
