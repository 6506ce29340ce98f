"""Connecting a company's services, testing them, and taking them away. The list is of dashboards."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType
from starlette.responses import RedirectResponse

from alquimista.access import ActorKind, Permission
from alquimista.audit.guards import reader
from alquimista.db.tenancy import tenant_transaction
from alquimista.http.context import Context
from alquimista.http.routes import ALL_KINDS, Route, TenantScope
from alquimista.http.shares import ACTING, READING
from alquimista.integrations import service
from alquimista.integrations.guards import TIMEOUT_S, TRYING, shows_errors
from alquimista.integrations.models.connections import (
    PROVIDERS,
    Connection,
    GoogleConfig,
    MailboxCredentials,
    SmtpConfig,
    SmtpConnection,
)
from alquimista.integrations.models.failures import (
    AuthorizationFailed,
    AuthorizationNotConfigured,
    ChangedMeanwhile,
    ConsentIsTheirs,
    Demonstration,
    IntegrationFailure,
    NameTaken,
    NotConnected,
    TestFailed,
    TooManyIntegrations,
    UnknownIntegration,
)
from alquimista.integrations.models.integrations import NAME_LIMIT, IntegrationRecord, IntegrationStatus

_BACK_TO: Final = "/app/dashboard/integrations?done=connected"
_Name = Annotated[str, Meta(min_length=1, max_length=NAME_LIMIT, description="What people call it.")]


class ConnectIntegration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new connection: a name, and what its provider needs."""

    name: _Name
    connection: Connection


class ReconnectIntegration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """New credentials for an integration, of the provider that it has."""

    connection: Connection


class StartConsent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For a new integration its name; for one that is connected again, its id."""

    name: _Name | None = None
    integration_id: UUID | None = None
    config: GoogleConfig = GoogleConfig()


class ConsentStarted(msgspec.Struct, frozen=True):
    """Where the browser goes to consent, and until when it may come back, in the same session."""

    url: str
    expires_at: datetime


class ConsentCallback(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the service sends back (RFC 6749, RFC 9207); most of it is not used."""

    state: Annotated[str, Meta(max_length=200)] = ""
    code: Annotated[str, Meta(max_length=2000)] = ""
    error: Annotated[str, Meta(max_length=200)] = ""
    error_description: Annotated[str, Meta(max_length=2000)] = ""
    error_subtype: Annotated[str, Meta(max_length=200)] = ""
    error_uri: Annotated[str, Meta(max_length=2000)] = ""
    scope: Annotated[str, Meta(max_length=2000)] = ""
    authuser: Annotated[str, Meta(max_length=200)] = ""
    prompt: Annotated[str, Meta(max_length=200)] = ""
    hd: Annotated[str, Meta(max_length=254)] = ""
    iss: Annotated[str, Meta(max_length=500)] = ""


class IntegrationView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An integration, never its credentials. `last_error` is for administrators and staff."""

    id: UUID
    type: str
    provider: str
    name: str
    status: IntegrationStatus
    config: dict[str, Any]
    last_sync_at: datetime | None
    checked_at: datetime | None
    sync_count: int
    error_count: int
    created_at: datetime
    updated_at: datetime
    last_error: str | UnsetType | None = UNSET


class IntegrationTested(msgspec.Struct, frozen=True):
    """What a test found. `failure` and `reason` say why it did not succeed."""

    ok: bool
    failure: IntegrationFailure | None
    reason: str | None
    integration: IntegrationView


class ProviderView(msgspec.Struct, frozen=True):
    """What a provider needs, as JSON Schemas for forms. With `consent`, nobody types credentials: begin a consent."""

    kind: str
    provider: str
    consent: bool
    config_schema: dict[str, Any]
    credentials_schema: dict[str, Any]


class IntegrationKinds(msgspec.Struct, frozen=True):
    """Every provider that can be connected."""

    providers: list[ProviderView]


async def get_kinds(_context: Context) -> IntegrationKinds:
    """What can be connected."""
    return IntegrationKinds(
        [
            ProviderView(
                kind=one.kind.value,
                provider=one.name,
                consent=one.consent,
                config_schema=msgspec.json.schema(one.config),
                credentials_schema=msgspec.json.schema(one.credentials),
            )
            for one in service.kinds()
        ]
    )


async def get_integration(context: Context) -> IntegrationView:
    """One integration."""
    found = await service.get(await reader(context), context.tenant, context.uuid("integration_id"))
    return _view(context, found)


async def connect(context: Context) -> IntegrationView:
    """A new connection."""
    body: ConnectIntegration = context.body
    made = await service.connect(context.services, context.who, context.tenant, body.name, body.connection, context.now)
    return _view(context, made)


async def test(context: Context) -> IntegrationTested:
    """Whether it works now."""
    failed, found = await service.test(context.services, context.who, context.tenant, context.uuid("integration_id"))
    reason = failed.reason.render(context.locale) if failed else None
    return IntegrationTested(failed is None, failed.failure if failed else None, reason, _view(context, found))


async def reconnect(context: Context) -> IntegrationView:
    """New credentials."""
    body: ReconnectIntegration = context.body
    found = await service.reconnect(
        context.services, context.who, context.tenant, context.uuid("integration_id"), body.connection, context.now
    )
    return _view(context, found)


async def disconnect(context: Context) -> IntegrationView:
    """No credentials any more."""
    async with tenant_transaction(context.db, context.tenant) as conn:
        found = await service.disconnect(conn, context.who, context.tenant, context.uuid("integration_id"), context.now)
    return _view(context, found)


async def start_consent(context: Context) -> ConsentStarted:
    """A consent at the service."""
    body: StartConsent = context.body
    url, expires_at = await service.start_authorization(
        context.services, context.who, context.tenant, body.name, body.integration_id, body.config, context.now
    )
    return ConsentStarted(url, expires_at)


async def finish_consent(context: Context) -> RedirectResponse:
    """Back from the service."""
    query: ConsentCallback = context.query
    code = "" if query.error else query.code
    await service.finish_authorization(context.services, context.who, context.tenant, query.state, code, context.now)
    return RedirectResponse(_BACK_TO, 303)


def _view(context: Context, found: IntegrationRecord) -> IntegrationView:
    return IntegrationView(
        id=found.id,
        type=found.type,
        provider=found.provider,
        name=found.name,
        status=found.status,
        config=found.config,
        last_sync_at=found.last_sync_at,
        checked_at=found.checked_at,
        sync_count=found.sync_count,
        error_count=found.error_count,
        created_at=found.created_at,
        updated_at=found.updated_at,
        last_error=found.last_error if shows_errors(context.who) else UNSET,
    )


_ID: Final = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
_MOMENT: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
_VIEW: Final = IntegrationView(
    id=_ID,
    type="email",
    provider="smtp",
    name="E-mail da recepção",
    status=IntegrationStatus.ACTIVE,
    config={"host": "mail.empresa.example", "sender": "recepcao@empresa.example", "port": 587, "security": "starttls"},
    last_sync_at=_MOMENT,
    checked_at=_MOMENT,
    sync_count=42,
    error_count=1,
    created_at=_MOMENT,
    updated_at=_MOMENT,
    last_error=None,
)
_CONNECTION: Final = SmtpConnection(
    config=SmtpConfig(host="mail.empresa.example", sender="recepcao@empresa.example"),
    credentials=MailboxCredentials(username="recepcao@empresa.example", password="a senha do e-mail"),  # noqa: S106
)
_OWN: Final[dict[str, Any]] = {"tag": "integrations", "scope": TenantScope.OWN}
_READ: Final = {**_OWN, "permission": Permission.INTEGRATION_READ, "kinds": ALL_KINDS}
_MANAGE: Final = {**_OWN, "permission": Permission.INTEGRATION_MANAGE}
_BROWSER: Final = {**_MANAGE, "kinds": frozenset({ActorKind.SESSION})}
_ONE: Final = "/tenant/integrations/{integration_id:uuid}"
ROUTES: Final = (
    Route(
        method="GET",
        path="/tenant/integrations/kinds",
        handler=get_kinds,
        summary="What can be connected, and what each provider needs",
        limits=READING,
        response=IntegrationKinds,
        example=IntegrationKinds(
            [
                ProviderView(
                    kind="email",
                    provider="smtp",
                    consent=False,
                    config_schema={"type": "object"},
                    credentials_schema={"type": "object"},
                )
            ]
        ),
        **_READ,
    ),
    Route(
        method="GET",
        path=_ONE,
        handler=get_integration,
        summary="One integration: its settings, its last success and its last error",
        limits=READING,
        response=IntegrationView,
        problems=(UnknownIntegration,),
        example=_VIEW,
        **_READ,
    ),
    Route(
        method="POST",
        path="/tenant/integrations",
        handler=connect,
        summary="Connect a service; it is tried first, and stored only if it works",
        body=ConnectIntegration,
        response=IntegrationView,
        status=201,
        timeout_s=TIMEOUT_S,
        limits=(TRYING,),
        problems=(TestFailed, NameTaken, TooManyIntegrations),
        example=ConnectIntegration("E-mail da recepção", _CONNECTION),
        **_MANAGE,
    ),
    Route(
        method="POST",
        path=f"{_ONE}/test",
        handler=test,
        summary="Test an integration now",
        response=IntegrationTested,
        timeout_s=TIMEOUT_S,
        limits=(TRYING,),
        problems=(UnknownIntegration, NotConnected, Demonstration),
        example=IntegrationTested(ok=True, failure=None, reason=None, integration=_VIEW),
        **_MANAGE,
    ),
    Route(
        method="POST",
        path=f"{_ONE}/reconnect",
        handler=reconnect,
        summary="Give an integration new credentials; they are tried first",
        body=ReconnectIntegration,
        response=IntegrationView,
        timeout_s=TIMEOUT_S,
        limits=(TRYING,),
        problems=(UnknownIntegration, Demonstration, TestFailed, ChangedMeanwhile),
        example=ReconnectIntegration(_CONNECTION),
        **_MANAGE,
    ),
    Route(
        method="POST",
        path=f"{_ONE}/disconnect",
        handler=disconnect,
        summary="Destroy an integration's credentials and turn it off; its history stays",
        response=IntegrationView,
        limits=ACTING,
        problems=(UnknownIntegration,),
        example=_VIEW,
        **_MANAGE,
    ),
    *(
        Route(
            method="POST",
            path=f"/tenant/integrations/oauth/{one.name}/start",
            handler=start_consent,
            summary="Begin a consent at the service, for a new integration or one to connect again",
            body=StartConsent,
            response=ConsentStarted,
            limits=(TRYING,),
            problems=(
                AuthorizationNotConfigured,
                ConsentIsTheirs,
                NameTaken,
                TooManyIntegrations,
                UnknownIntegration,
                Demonstration,
            ),
            example=StartConsent(name="Agenda da recepção"),
            **_BROWSER,
        )
        for one in PROVIDERS.values()
        if one.consent
    ),
    Route(
        method="GET",
        path="/integrations/oauth/callback",
        handler=finish_consent,
        summary="Where a service sends the browser back to after a consent",
        query=ConsentCallback,
        status=303,
        timeout_s=TIMEOUT_S,
        limits=(TRYING,),
        problems=(
            AuthorizationFailed,
            TestFailed,
            NameTaken,
            TooManyIntegrations,
            UnknownIntegration,
            ChangedMeanwhile,
        ),
        page=True,
        documented=False,
        **_BROWSER,
    ),
)
