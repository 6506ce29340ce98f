"""Cached answers of the route table: keys, headers, and 304 for what the reader already has."""

import hashlib
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from alquimista.cache.store import Cache, Entry, Fill
from alquimista.http.context import Context
from alquimista.http.plan import Plan
from alquimista.http.responses import Answer, Head, RawHeaders, head

_VARY: Final = "Accept-Language, Authorization, Cookie"


class Hit(NamedTuple):
    """An answer whose headers were prepared by an earlier HIT: nothing is left to do but to send it."""

    head: Head
    body: bytes


class Place(NamedTuple):
    """Where an answer is kept, but for the version of the tenant's usage, which a live answer's key ends with."""

    stem: str
    live: bool


class Lookup(NamedTuple):
    """What there is of an answer, and how it is told to the browser. No key: not kept (no-store)."""

    key: str
    place: Place
    entry: Entry | None
    fill: Fill | None


async def look_up(cache: Cache, plan: Plan, context: Context, canonical_query: str) -> Lookup:
    """Find the answer, or announce that it is about to be computed.

    Answers to staff about a tenant are never kept: each one is a read that its handler writes into the tenant's audit.
    """
    rule = plan.route.cache
    actor = context.actor
    assert rule is not None
    live = rule.live is not None and rule.live(context)
    if actor is not None and actor.internal and context.tenant_id is not None:
        return Lookup("", Place("", live), None, None)
    reader = f"{actor.role or actor.kind}{actor.beyond}" if actor is not None else "anybody"
    # A pattern's name says nothing of what stands in its place.
    named = msgspec.json.encode(context.path).decode() if context.path else ""
    place = Place(f"{plan.name}{named}|{context.tenant.hex}|{reader}|{context.locale}|{canonical_query}", live)
    where = key(cache, context.tenant, place)
    if (entry := await cache.get(where)) is not None:
        return Lookup(where, place, entry, None)
    return Lookup(where, place, None, cache.begin(context.tenant, rule.topics) if cache.usable else None)


def key(cache: Cache, tenant_id: UUID, place: Place) -> str:
    """The key of an answer at this moment."""
    return f"{place.stem}|{cache.usage_version(tenant_id)}" if place.live else place.stem


async def keep(cache: Cache, plan: Plan, context: Context, lookup: Lookup, body: bytes) -> Answer:
    """Keep a computed body where `lookup` says; its answer."""
    entry = Entry(b'"' + hashlib.blake2b(body, digest_size=16).hexdigest().encode() + b'"', body)
    rule = plan.route.cache
    assert rule is not None
    if lookup.fill is not None:
        await cache.put(lookup.key, entry, lookup.fill, ttl=rule.ttl)
    return _answer(plan, context, lookup, entry, "MISS")


def hit(plan: Plan, context: Context, lookup: Lookup, entry: Entry, common: RawHeaders) -> Hit | Answer:
    """The answer to a HIT; `common` are the headers of every answer."""
    if b"if-none-match" in context.headers:
        return _answer(plan, context, lookup, entry, "HIT")
    if entry.prepared is None:
        entry.prepared = head([*common, *_answer(plan, context, lookup, entry, "HIT").raw_headers({})])
    return Hit(entry.prepared, entry.body)


def _answer(plan: Plan, context: Context, lookup: Lookup, entry: Entry, status: str) -> Answer:
    """The entry as an answer, or 304 when If-None-Match names it."""
    rule = plan.route.cache
    assert rule is not None
    headers = {"x-cache-status": status, "vary": _VARY if plan.authenticates else "Accept-Language"}
    if not lookup.key:
        return Answer(200, entry.body, headers=headers | {"cache-control": "no-store"})
    headers["etag"] = entry.etag.decode("ascii")
    if lookup.place.live:
        headers["cache-control"] = "private, max-age=0, must-revalidate"
    else:
        headers["cache-control"] = f"{'private' if plan.authenticates else 'public'}, max-age={rule.max_age}"
    if _matches(context.headers.get(b"if-none-match", b""), entry.etag):
        return Answer(304, headers=headers)
    return Answer(200, entry.body, headers=headers)


def _matches(if_none_match: bytes, etag: bytes) -> bool:
    known = {part.strip().removeprefix(b"W/") for part in if_none_match.split(b",")}
    return etag in known or b"*" in known
