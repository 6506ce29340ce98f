"""Plain JSON requests, one or a list, for curl and scripts (POST /v1/agent-requests)."""

from datetime import datetime
from typing import Any, Final

import msgspec

from alquimista.errors import Invalid
from alquimista.i18n import N_
from alquimista.usage.models.events import Event, EventId, Measures, Moment
from alquimista.usage.models.parsing import Maker, Parsed, decode, decode_all, read_each, shaped

SOURCE: Final = "agent-requests"


class AgentRequest(Measures, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """One request that an agent served. The same `idempotency_key` counts once; `occurred_at` defaults to now."""

    idempotency_key: EventId | None = None
    occurred_at: Moment | None = None


_many: Final = msgspec.json.Decoder(list[AgentRequest])
_one: Final = msgspec.json.Decoder(AgentRequest)


def read_many(body: bytes, now: datetime) -> Parsed:
    """The requests of a JSON list.

    Raises:
        MalformedEvents, TooManyEvents: the body as a whole cannot be read.
    """
    maker = _maker(now)
    return read_each(decode_all(body, _many), lambda index, item: _event(index, item, None, maker))


def read_one(body: bytes, header_key: str | None, now: datetime) -> Event:
    """The request of a JSON object. `header_key` is the Idempotency-Key header, for a body without a key.

    Raises:
        MalformedEvents: the body is not JSON.
        Invalid: it is not a valid request; every wrong field is named.
    """
    try:
        item: Any = _one.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        item = decode(body)
    return _event(0, item, header_key, _maker(now))


def _maker(now: datetime) -> Maker:
    return Maker("plain", now, id_field="idempotency_key", time_field="occurred_at")


def _event(index: int, item: object, header_key: str | None, maker: Maker) -> Event:
    request = shaped(item, AgentRequest)
    key = request.idempotency_key or header_key
    if not key:
        raise Invalid.of(
            "idempotency_key",
            N_("Give each request a key of its own, so that sending it again does not count it twice."),
            "required",
        )
    return maker.make(index, request, SOURCE, key, request.occurred_at)
