"""A real OpenID Connect issuer on a real socket, as Amazon Cognito is one: discovery, keys, codes with PKCE, logout."""

import asyncio
import base64
import hashlib
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from alquimista import clock

CLIENT_ID = "alquimista-web"


@dataclass
class FakeIssuer:
    """Whom it vouches for is `claims`; what it serves can be changed between requests."""

    url: str
    claims: dict[str, Any] = field(default_factory=dict)
    keys: list[RSAKey] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    down: bool = False

    def new_key(self) -> None:
        """Sign with a new key from now on; the older ones stay published."""
        self.keys.append(RSAKey.generate_key(2048, {"kid": secrets.token_hex(4), "use": "sig", "alg": "RS256"}))

    def token(self, key: RSAKey | None = None, **changes: Any) -> str:
        """A signed ID token for `claims`, changed; a change to None leaves the claim out."""
        now = int(clock.now().timestamp())
        claims = {"iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "token_use": "id", **self.claims}
        claims = {name: value for name, value in (claims | changes).items() if value is not None}
        key = key or self.keys[-1]
        return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key, algorithms=["RS256"])

    def app(self) -> Starlette:
        """What it serves. Its keys are at an address of their own."""
        routes = [
            Route("/.well-known/openid-configuration", self._discovery),
            Route("/keys/of/the/pool.json", self._keys),
            Route("/oauth2/authorize", self._authorize),
            Route("/oauth2/token", self._token, methods=["POST"]),
        ]
        return Starlette(routes=routes)

    async def _discovery(self, request: Request) -> Response:
        self.fetched.append("discovery")
        if self.down:
            return Response(status_code=503)
        places = {
            "authorization_endpoint": "/oauth2/authorize",
            "token_endpoint": "/oauth2/token",
            "jwks_uri": "/keys/of/the/pool.json",
            "end_session_endpoint": "/logout",
        }
        return JSONResponse({"issuer": self.url, **{name: self.url + path for name, path in places.items()}})

    async def _keys(self, request: Request) -> Response:
        self.fetched.append("keys")
        return Response(status_code=503) if self.down else JSONResponse(KeySet(self.keys).as_dict(private=False))

    async def _authorize(self, request: Request) -> Response:
        query = dict(request.query_params)
        assert (query["response_type"], query["client_id"], query["code_challenge_method"]) == (
            "code",
            CLIENT_ID,
            "S256",
        )
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return RedirectResponse(f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}")

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        asked = self.codes.pop(form["code"], None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        expected = base64.b64encode(f"{CLIENT_ID}:hush".encode()).decode()
        good = asked is not None and asked["code_challenge"] == challenge.decode()
        if not good or request.headers.get("authorization") != f"Basic {expected}":
            return JSONResponse({"error": "invalid_grant"}, 400)
        assert asked is not None
        assert asked["redirect_uri"] == form["redirect_uri"]
        return JSONResponse({"id_token": self.token(nonce=asked["nonce"]), "access_token": "x", "token_type": "Bearer"})


@asynccontextmanager
async def running_issuer() -> AsyncIterator[FakeIssuer]:
    """The issuer, listening on a free port."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        issuer = FakeIssuer(f"http://127.0.0.1:{listening.getsockname()[1]}")
        issuer.new_key()
        server = uvicorn.Server(uvicorn.Config(issuer.app(), log_level="error", lifespan="off"))
        task = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:  # noqa: ASYNC110 - uvicorn offers a flag only.
            await asyncio.sleep(0.01)
        yield issuer
        server.should_exit = True
        await task
