"""A company's API keys."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista.access import Permission
from alquimista.audit.guards import seen_within
from alquimista.db.tenancy import tenant_transaction
from alquimista.http.context import Context
from alquimista.http.pagination import Page
from alquimista.http.routes import Route, TenantScope
from alquimista.http.shares import ACTING, READING
from alquimista.identity.models.api_keys import ApiKey
from alquimista.identity.models.problems import UnknownApiKey
from alquimista.identity.service.api_keys import (
    create_api_key,
    list_api_keys,
    revoke_api_key,
    rotate_api_key,
)


class ApiKeyAnswer(msgspec.Struct, frozen=True):
    """A key without its secret. `prefix` is what to recognise it by, as in alq_<prefix>_<secret>."""

    id: UUID
    name: str
    prefix: str
    scopes: list[str]
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


class ApiKeys(msgspec.Struct, frozen=True):
    """One page of keys, the newest first, and how many there are."""

    api_keys: list[ApiKeyAnswer]
    total: int


class NewApiKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the key is for and what it opens: ingest (/v1/*), read (GET /tenant/*), agent, events."""

    name: str
    scopes: list[str]
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None


class RotateApiKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For how many hours the old key stays good beside the new one."""

    overlap_hours: Annotated[int, Meta(ge=0, le=168)] = 24


class CreatedApiKey(msgspec.Struct, frozen=True):
    """The new key. `key` is shown only now."""

    key: str
    api_key: ApiKeyAnswer


def _answer(key: ApiKey) -> ApiKeyAnswer:
    return ApiKeyAnswer(**msgspec.structs.asdict(key))


async def _list(context: Context) -> ApiKeys:
    page: Page = context.query
    async with tenant_transaction(context.db, context.tenant) as conn:
        await seen_within(conn, context)
        keys, total = await list_api_keys(conn, context.tenant, page.limit, page.offset)
    return ApiKeys([_answer(key) for key in keys], total)


async def _create(context: Context) -> CreatedApiKey:
    body: NewApiKey = context.body
    async with tenant_transaction(context.db, context.tenant) as conn:
        key, secret = await create_api_key(conn, context.who, context.tenant, body.name, body.scopes, body.expires_at)
    return CreatedApiKey(secret, _answer(key))


async def _rotate(context: Context) -> CreatedApiKey:
    overlap = timedelta(hours=context.body.overlap_hours)
    key_id = context.uuid("key_id")
    key, secret = await rotate_api_key(context.services, context.who, context.tenant, key_id, overlap)
    return CreatedApiKey(secret, _answer(key))


async def _revoke(context: Context) -> None:
    await revoke_api_key(context.services, context.who, context.tenant, context.uuid("key_id"))


_KEY = ApiKeyAnswer(
    id=UUID("01890a5d-ac96-774b-bcce-b302099a8057"),
    name="Atendimento",
    prefix="e7nlz625",
    scopes=["ingest"],
    created_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
    last_used_at=None,
    expires_at=None,
)

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/tenant/api-keys",
        handler=_list,
        summary="The company's API keys",
        limits=READING,
        tag="api keys",
        permission=Permission.API_KEY_READ,
        scope=TenantScope.OWN,
        query=Page,
        response=ApiKeys,
        example=ApiKeys([_KEY], 1),
    ),
    Route(
        method="POST",
        path="/tenant/api-keys",
        handler=_create,
        summary="Make an API key; it is shown once",
        limits=ACTING,
        tag="api keys",
        permission=Permission.API_KEY_MANAGE,
        scope=TenantScope.OWN,
        body=NewApiKey,
        response=CreatedApiKey,
        status=201,
        example=NewApiKey("Atendimento", ["ingest"]),
    ),
    Route(
        method="POST",
        path="/tenant/api-keys/{key_id:uuid}/rotate",
        handler=_rotate,
        summary="Make a key in the place of another one, which stays good for a while",
        limits=ACTING,
        tag="api keys",
        permission=Permission.API_KEY_MANAGE,
        scope=TenantScope.OWN,
        body=RotateApiKey,
        response=CreatedApiKey,
        status=201,
        problems=(UnknownApiKey,),
        example=RotateApiKey(24),
    ),
    Route(
        method="DELETE",
        path="/tenant/api-keys/{key_id:uuid}",
        handler=_revoke,
        summary="Revoke an API key, at once",
        limits=ACTING,
        tag="api keys",
        permission=Permission.API_KEY_MANAGE,
        scope=TenantScope.OWN,
        problems=(UnknownApiKey,),
    ),
)
