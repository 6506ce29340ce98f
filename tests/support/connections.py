"""The services that companies connect, in one fake server that speaks their HTTP on a real socket."""

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from alquimista.config import Settings
from alquimista.integrations.gateway import Endpoints, Gateways
from support.faults import Faulty
from support.listening import listening

TOKEN = "EAAGm0PX4ZCpsBAZebraSecretaDoMeta"
API_KEY = "ZebraSecretaDaEvolution"
STRIPE_KEY = "sk_test_51ZebraSecretaDaStripe"
ASAAS_KEY = "$aact_hmlg_ZebraSecretaDoAsaas"
SIGNING = base64.b64encode(b"zebra secreta que assina eventos").decode()
CLIENT_SECRET = "GOCSPX-ZebraSecretaDoGoogle"
CALENDAR = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"
NUMBER = "106540352242922"
Json = dict[str, Any]


@dataclass
class FakeServices:
    """Every service. `refused` is answered by each while it is set; `ended` are refresh tokens withdrawn."""

    url: str = ""
    refused: int | None = None
    state: str = "open"
    events: list[Json] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    codes: dict[str, str] = field(default_factory=dict)  # Code to the challenge that it was given for.
    ended: set[str] = field(default_factory=set)
    granted: int = 0
    tokens: set[str] = field(default_factory=set)
    faulty: Faulty = field(init=False)

    def __post_init__(self) -> None:
        self.faulty = Faulty(self._app(), slow_s=2)

    @property
    def endpoints(self) -> Endpoints:
        return Endpoints(
            graph=self.url,
            stripe=self.url,
            asaas=f"{self.url}/asaas-production/v3",
            asaas_sandbox=f"{self.url}/asaas/v3",
            google_consent=f"{self.url}/consent",
            google_token=f"{self.url}/token",
            google_calendar=f"{self.url}/calendar/v3",
        )

    def reset(self) -> None:
        """As good as new."""
        self.refused, self.state = None, "open"
        self.faulty.calm()
        self.ended.clear()
        self.events.clear()

    def _app(self) -> Starlette:
        async def refusing(handler: Any, request: Request) -> Response:
            self.hosts.append(request.headers["host"])
            if self.refused:
                words = {"error": f"no, not {dict(request.headers)} {request.url}"}
                return JSONResponse(words, self.refused)
            found: Response = await handler(request)
            return found

        def route(path: str, handler: Any, method: str = "GET") -> Route:
            async def answer(request: Request) -> Response:
                return await refusing(handler, request)

            return Route(path, answer, methods=[method])

        return Starlette(
            routes=[
                route("/token", self._token, "POST"),
                route("/calendar/v3/users/me/calendarList/{id}", self._calendar),
                route("/instance/connectionState/{name}", self._instance),
                route("/v1/account", self._stripe),
                route("/asaas/v3/myAccount/status", self._asaas),
                route("/agenda.ics", self._ics),
                route("/page.ics", self._page),
                route("/moved.ics", self._moved),
                route("/hook", self._hook, "POST"),
                route("/{version}/{number}", self._graph),
            ]
        )

    async def _graph(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return JSONResponse({"error": {"code": 190, "message": "Invalid OAuth access token"}}, 400)
        if request.path_params["number"] != NUMBER:
            return JSONResponse({"error": {"code": 100, "message": "Unsupported get request"}}, 400)
        return JSONResponse({"id": NUMBER})

    async def _instance(self, request: Request) -> Response:
        if request.headers.get("apikey") != API_KEY:
            return JSONResponse({"status": 401, "error": "Unauthorized"}, 401)
        if request.path_params["name"] != "recepção 1":
            return JSONResponse({"status": 404, "error": "Not Found"}, 404)
        return JSONResponse({"instance": {"instanceName": "recepção 1", "state": self.state}})

    async def _stripe(self, request: Request) -> Response:
        shown = request.headers.get("authorization")
        if shown != f"Bearer {STRIPE_KEY}":
            return JSONResponse({"error": {"message": f"Invalid API Key provided: {shown}"}}, 401)
        return JSONResponse({"id": "acct_1", "object": "account"})

    async def _asaas(self, request: Request) -> Response:
        if request.headers.get("access_token") != ASAAS_KEY:
            return JSONResponse({"errors": [{"code": "invalid_access_token"}]}, 401)
        return JSONResponse({"id": "1", "commercialInfo": "APPROVED", "general": "APPROVED"})

    async def _ics(self, request: Request) -> Response:
        return Response(CALENDAR, media_type="text/calendar")

    async def _page(self, request: Request) -> Response:
        return PlainTextResponse("<html>Entre na sua conta</html>", media_type="text/html")

    async def _moved(self, request: Request) -> Response:
        return RedirectResponse("/agenda.ics")

    async def _hook(self, request: Request) -> Response:
        """A receiver that verifies what it gets, by itself."""
        body = await request.body()
        event_id, moment = request.headers["webhook-id"], request.headers["webhook-timestamp"]
        mac = hmac.digest(base64.b64decode(SIGNING), f"{event_id}.{moment}.".encode() + body, "sha256")
        if request.headers["webhook-signature"] != f"v1,{base64.b64encode(mac).decode()}":
            return JSONResponse({}, 401)
        self.events.append(await request.json())
        return Response(status_code=204)

    async def _token(self, request: Request) -> Response:
        sent = dict(parse_qsl((await request.body()).decode()))
        if sent["client_secret"] != CLIENT_SECRET:
            return JSONResponse({"error": "invalid_client"}, 401)
        if sent["grant_type"] == "authorization_code":
            digest = hashlib.sha256(sent["code_verifier"].encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            if self.codes.pop(sent["code"], None) != challenge:
                return JSONResponse({"error": "invalid_grant"}, 400)
            return self._grant() if not self.ended else self._grant(refresh=False)
        if sent["refresh_token"] in self.ended:
            return JSONResponse({"error": "invalid_grant", "error_description": sent["refresh_token"]}, 400)
        return self._grant(refresh=False)

    def _grant(self, *, refresh: bool = True) -> Response:
        self.granted += 1
        access = f"ya29.ZebraSecreta{self.granted}"
        self.tokens = {access}
        found = {"access_token": access, "expires_in": 3599, "token_type": "Bearer", "scope": "calendar"}
        return JSONResponse(found | ({"refresh_token": f"1//ZebraSecreta{self.granted}"} if refresh else {}))

    async def _calendar(self, request: Request) -> Response:
        shown = request.headers.get("authorization", "").removeprefix("Bearer ")
        if shown not in self.tokens:
            return JSONResponse({"error": {"code": 401}}, 401)
        if request.path_params["id"] != "primary":
            return JSONResponse({"error": {"code": 404}}, 404)
        return JSONResponse({"kind": "calendar#calendarListEntry", "id": "dona@example.com"})


def on_premises(settings: Settings, **more: Any) -> Settings:
    """The same settings of an installation that may reach its own network, with an application at Google."""
    return replace(
        settings, outbound_private=True, google_client_id="1234.apps", google_client_secret=CLIENT_SECRET, **more
    )


def gateways(settings: Settings, services: FakeServices, **more: Any) -> Gateways:
    """Gateways that lead to the fake services."""
    return Gateways(on_premises(settings), services.endpoints, **more)


@asynccontextmanager
async def running_services() -> AsyncIterator[FakeServices]:
    """The services, on a free port."""
    services = FakeServices()
    async with listening(services.faulty) as url:
        services.url = url
        yield services


def bodies(services: FakeServices) -> dict[str, Json]:
    """What connects each provider that is reached by HTTP."""
    return {
        "cloud_api": {"config": {"phone_number_id": NUMBER}, "credentials": {"access_token": TOKEN}},
        "evolution": {
            "config": {"base_url": services.url, "instance": "recepção 1"},
            "credentials": {"api_key": API_KEY},
        },
        "ics": {"credentials": {"url": f"{services.url}/agenda.ics"}},
        "webhook": {"credentials": {"url": f"{services.url}/hook", "secret": f"whsec_{SIGNING}"}},
        "stripe": {"credentials": {"api_key": STRIPE_KEY}},
        "asaas": {"config": {"environment": "sandbox"}, "credentials": {"api_key": ASAAS_KEY}},
    }
