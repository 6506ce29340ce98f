"""Endpoints as a company's administrators keep them. Every act leaves a row in the audit; no secret does."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from alquimista.access import Actor
from alquimista.audit import service as audit
from alquimista.clock import new_id
from alquimista.config import Settings
from alquimista.db.crypto import Sealed, Sealer
from alquimista.db.statement import Conn
from alquimista.webhooks.models.endpoints import (
    MOST_ENDPOINTS,
    OVERLAP,
    EndpointStatus,
    TooManyEndpoints,
    UnknownEndpoint,
    WebhookEndpoint,
    clean_types,
    clean_url,
    seal_context,
)
from alquimista.webhooks.models.signing import new_secret
from alquimista.webhooks.queries import endpoints as queries


async def list_endpoints(conn: Conn, tenant_id: UUID) -> list[WebhookEndpoint]:
    """A company's endpoints, the oldest first."""
    return await queries.list_endpoints(conn, tenant_id)


async def get(conn: Conn, tenant_id: UUID, endpoint_id: UUID) -> WebhookEndpoint:
    """One of them.

    Raises:
        UnknownEndpoint: the company has none with this id.
    """
    found = await queries.find(conn, tenant_id, endpoint_id)
    if found is None:
        raise UnknownEndpoint
    return found


async def create(
    conn: Conn,
    actor: Actor,
    tenant_id: UUID,
    *,
    url: str,
    description: str,
    event_types: Sequence[str],
    settings: Settings,
    now: datetime,
) -> tuple[WebhookEndpoint, str]:
    """A new endpoint, and its secret, which is never shown again. Takes a transaction.

    Raises:
        Invalid: the address or a type.
        TooManyEndpoints: the company has as many as it may.
    """
    endpoint = WebhookEndpoint(
        id=new_id(),
        url=clean_url(url, secure=settings.production, private=settings.outbound_private),
        description=" ".join(description.split()),
        event_types=clean_types(event_types),
        status=EndpointStatus.ENABLED,
        disabled_reason=None,
        failing_since=None,
        previous_until=None,
        created_by=actor.user_id,
        created_at=now,
        updated_at=now,
    )
    if await queries.take_turn(conn, tenant_id) >= MOST_ENDPOINTS:
        raise TooManyEndpoints(limit=MOST_ENDPOINTS)
    secret, sealed = _new_secret(settings, tenant_id, endpoint.id)
    await queries.insert(conn, tenant_id, endpoint, sealed)
    await _record(conn, actor, tenant_id, endpoint.id, "created", {"event_types": endpoint.event_types})
    return endpoint, secret


async def change(
    conn: Conn,
    actor: Actor,
    tenant_id: UUID,
    endpoint_id: UUID,
    *,
    url: str | None,
    description: str | None,
    event_types: Sequence[str] | None,
    enabled: bool | None,
    settings: Settings,
    now: datetime,
) -> WebhookEndpoint:
    """Change what is given. Enabling it again forgets how it failed. Takes a transaction.

    Raises:
        UnknownEndpoint: the company has none with this id.
        Invalid: the address or a type.
    """
    before = await get(conn, tenant_id, endpoint_id)
    status = before.status
    if enabled is not None:
        status = EndpointStatus.ENABLED if enabled else EndpointStatus.DISABLED
    await queries.change(
        conn,
        tenant_id,
        endpoint_id,
        url=before.url
        if url is None
        else clean_url(url, secure=settings.production, private=settings.outbound_private),
        description=before.description if description is None else " ".join(description.split()),
        event_types=before.event_types if event_types is None else clean_types(event_types),
        status=status,
        now=now,
    )
    after = await get(conn, tenant_id, endpoint_id)
    changed = [
        name
        for name in ("url", "description", "event_types", "status")
        if getattr(before, name) != getattr(after, name)
    ]
    details = {"changed": changed, "status": after.status.value}
    await _record(conn, actor, tenant_id, endpoint_id, "changed", details)
    return after


async def delete(conn: Conn, actor: Actor, tenant_id: UUID, endpoint_id: UUID) -> None:
    """Remove it; what waits for it is not sent any more. Takes a transaction.

    Raises:
        UnknownEndpoint: the company has none with this id.
    """
    if not await queries.delete(conn, tenant_id, endpoint_id):
        raise UnknownEndpoint
    await _record(conn, actor, tenant_id, endpoint_id, "deleted", {})


async def rotate_secret(
    conn: Conn, actor: Actor, tenant_id: UUID, endpoint_id: UUID, settings: Settings, now: datetime
) -> tuple[WebhookEndpoint, str]:
    """A new secret, never shown again; the one before signs too for a day. Takes a transaction.

    Raises:
        UnknownEndpoint: the company has none with this id.
    """
    secret, sealed = _new_secret(settings, tenant_id, endpoint_id)
    if not await queries.rotate(conn, tenant_id, endpoint_id, sealed, now + OVERLAP, now):
        raise UnknownEndpoint
    await _record(conn, actor, tenant_id, endpoint_id, "secret_rotated", {})
    return await get(conn, tenant_id, endpoint_id), secret


async def reseal(conn: Conn, tenant_id: UUID, sealer: Sealer, now: datetime) -> int:
    """Seal again, with the active key, what older keys sealed; how many endpoints changed. Safe to repeat."""
    rows = await queries.sealed_before(conn, tenant_id, sealer.active_key_id)
    for row in rows:
        context = seal_context(tenant_id, row.id)
        secret = sealer.open(Sealed(row.secret_key_id, row.secret_ciphertext), context)
        previous = None
        if row.previous_key_id is not None and row.previous_ciphertext is not None:
            clear = sealer.open(Sealed(row.previous_key_id, row.previous_ciphertext), context)
            previous = sealer.seal(clear, context).ciphertext
        await queries.reseal(conn, tenant_id, row.id, sealer.seal(secret, context), previous, now)
    return len(rows)


def _new_secret(settings: Settings, tenant_id: UUID, endpoint_id: UUID) -> tuple[str, Sealed]:
    secret = new_secret()
    return secret, Sealer(settings).seal(secret.encode(), seal_context(tenant_id, endpoint_id))


async def _record(
    conn: Conn, actor: Actor, tenant_id: UUID, endpoint_id: UUID, verb: str, details: Mapping[str, Any]
) -> None:
    await audit.record(
        conn,
        actor,
        f"webhook.{verb}",
        category="integration",
        resource_type="webhook",
        resource_id=str(endpoint_id),
        details=msgspec.to_builtins(details),
        tenant_id=tenant_id,
    )
