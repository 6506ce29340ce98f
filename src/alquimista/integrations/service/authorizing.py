"""Connecting by a consent at the service itself: OAuth 2 with a state that one session can use once, within minutes.

The verifier of PKCE follows from the state and a key of ours, so that nothing secret waits in the database.
"""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from alquimista.access import Actor
from alquimista.config import Settings
from alquimista.db.crypto import derive
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Invalid
from alquimista.i18n import N_
from alquimista.integrations.gateway import Gateways
from alquimista.integrations.models.connections import PROVIDERS, GoogleConfig, plain
from alquimista.integrations.models.failures import AuthorizationFailed, ConsentIsTheirs, Failed, TestFailed
from alquimista.integrations.models.integrations import IntegrationRecord, clean_name
from alquimista.integrations.queries import authorizations as queries
from alquimista.integrations.queries.authorizations import Pending
from alquimista.integrations.service.connecting import (
    keep_again,
    keep_new,
    require_provider,
    require_room,
    tried,
)
from alquimista.integrations.service.notes import note
from alquimista.integrations.service.reading import get
from alquimista.wiring import Services

LIFE: Final = timedelta(minutes=10)
_GOOGLE: Final = PROVIDERS["google"]


async def start_authorization(
    services: Services,
    actor: Actor,
    tenant_id: UUID,
    name: str | None,
    integration_id: UUID | None,
    config: GoogleConfig,
    now: datetime,
) -> tuple[str, datetime]:
    """Where to send the browser for Google's consent, and until when it may come back.

    It is for a new integration of a name, or for one that is there.

    Raises:
        Invalid: neither or both are given, or the integration is of another provider.
        ConsentIsTheirs: staff, who belong to no company, cannot consent for one.
        NameTaken, TooManyIntegrations, UnknownIntegration, Demonstration: as `connect` and `reconnect`.
        AuthorizationNotConfigured: this installation has no application at Google.
    """
    if actor.internal or actor.session_id is None:
        raise ConsentIsTheirs
    if (name is None) == (integration_id is None):
        raise Invalid.of("name", N_("Give the name of a new integration, or the id of the one to connect again."))
    state = secrets.token_urlsafe(32)
    url = services.get(Gateways).google.consent_url(state, _verifier(services.settings, state))
    async with tenant_transaction(services.db, tenant_id) as conn:
        if name is not None:
            name = clean_name(name)
            await require_room(conn, tenant_id, _GOOGLE, name)
        elif integration_id is not None:
            require_provider(await get(conn, tenant_id, integration_id), _GOOGLE)
        await queries.purge(conn, tenant_id, now)
        pending = Pending(_GOOGLE.name, name, integration_id, plain(config))
        await queries.insert(conn, tenant_id, _hashed(state), actor.session_id, pending, now, now + LIFE)
        await note(
            conn,
            actor,
            "integration.authorization_started",
            tenant_id,
            integration_id,
            kind=_GOOGLE.kind,
            provider=_GOOGLE.name,
        )
    return url, now + LIFE


async def finish_authorization(
    services: Services, actor: Actor, tenant_id: UUID, state: str, code: str, now: datetime
) -> IntegrationRecord:
    """Connect what somebody consented to. The state is used up, whatever comes of it; without a code, by a refusal.

    Raises:
        AuthorizationFailed: the state is not one of this session's, is old or was used; or the service says no.
        TestFailed: the consent was given, but the calendar cannot be read.
        NameTaken, TooManyIntegrations, UnknownIntegration, ChangedMeanwhile: as `connect` and `reconnect`.
    """
    if actor.session_id is None:
        raise AuthorizationFailed
    async with tenant_transaction(services.db, tenant_id) as conn:
        pending = await queries.take(conn, tenant_id, _hashed(state), actor.session_id, now)
    if pending is None or not code:
        raise AuthorizationFailed
    conn_once = services.db.tenant(tenant_id)
    seen = await get(conn_once, tenant_id, pending.integration_id) if pending.integration_id else None
    try:
        credentials = await services.get(Gateways).exchange(code, _verifier(services.settings, state))
    except Failed as failed:
        raise TestFailed(reason=failed.reason) from None
    config = msgspec.convert(pending.config, type=GoogleConfig)
    await tried(services, actor, tenant_id, seen, _GOOGLE, config, credentials)
    if seen is not None:
        return await keep_again(services, actor, tenant_id, seen, config, credentials, now)
    assert pending.name is not None
    return await keep_new(services, actor, tenant_id, pending.name, _GOOGLE, config, credentials, now)


def _hashed(state: str) -> bytes:
    return hashlib.sha256(state.encode()).digest()


def _verifier(settings: Settings, state: str) -> str:
    key = derive(settings, "verifiers of integrations")
    return base64.urlsafe_b64encode(hmac.digest(key, state.encode(), "sha256")).rstrip(b"=").decode()
