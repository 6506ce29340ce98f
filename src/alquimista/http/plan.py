"""A route, compiled: everything that can be known about it before the first request."""

from enum import Enum
from typing import Any, Final, get_args

import msgspec

from alquimista.http.querystring import QueryReader
from alquimista.http.routes import Limit, Route, TenantScope

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
FORM: Final = "application/x-www-form-urlencoded"
CLIENT_TIMEOUT_S: Final = 10  # Requirements 1.5: client handlers 10 s, internal ones 30 s.
STAFF_TIMEOUT_S: Final = 30


Counting = tuple[Limit, str, str]  # A limit, a kind of subject of it, and what the keys of both begin with.


class BodyKind(Enum):
    """What happens to a request's body."""

    NONE = "none"
    PARSED = "parsed"
    RAW = "raw"


class Plan:
    """One route with its decoders, names and flags."""

    __slots__ = (
        "authenticates",
        "body_kind",
        "body_optional",
        "decode_json",
        "form",
        "limits",
        "media",
        "name",
        "named_limits",
        "query",
        "route",
        "tenant_in",
        "timeout_s",
        "unsafe",
        "uuid_parameters",
    )

    def __init__(self, route: Route, uuid_parameters: tuple[str, ...]) -> None:
        self.route = route
        self.name = f"{route.method} {route.path}"
        self.uuid_parameters = uuid_parameters
        self.tenant_in = names_tenant(route)
        limits = [(limit, kind, limit.prefix(self.name, kind)) for limit in route.limits for kind in limit.per]
        # Which company a query or body names is known only once that has been read.
        later = not self.tenant_in.keys().isdisjoint(("query", "body"))
        self.named_limits = [one for one in limits if later and one[1] == "tenant"]
        self.limits = [one for one in limits if one not in self.named_limits]
        self.unsafe = route.method not in SAFE
        self.authenticates = bool(route.kinds)
        self.media = frozenset(route.media)
        usual = STAFF_TIMEOUT_S if route.scope is TenantScope.PLATFORM else CLIENT_TIMEOUT_S
        self.timeout_s = route.timeout_s or usual
        self.body_kind = BodyKind.RAW if route.raw_body else BodyKind.PARSED if route.body else BodyKind.NONE
        self.body_optional = body_optional(route)
        self.query = QueryReader(route.query, names_tenant=route.scope is TenantScope.OWN)
        self.decode_json: Any = msgspec.json.Decoder(route.body).decode if route.body else None
        self.form = QueryReader(route.body, names_tenant=False) if route.body and FORM in self.media else None
        self._check()

    def _check(self) -> None:
        route = self.route
        if route.body is not None and route.raw_body:
            raise ValueError(f"{self.name}: a body is either parsed or raw")
        if route.permission is None and route.scope is not TenantScope.NONE:
            raise ValueError(f"{self.name}: a public route touches no tenant")
        if route.permission is not None and not route.kinds:
            raise ValueError(f"{self.name}: a permission needs a kind of credential")
        if route.cache and (self.unsafe or (route.scope is TenantScope.NONE and route.kinds)):
            raise ValueError(f"{self.name}: only GET answers of a tenant, of the platform or to anybody are cached")
        per_tenant = any("tenant" in limit.per for limit in route.limits)
        if per_tenant and route.scope is TenantScope.PLATFORM and not self.tenant_in:
            raise ValueError(f"{self.name}: a limit per tenant counts nothing where no request names one")
        if route.body is not None:
            require_closed(route.body, self.name)


def names_tenant(route: Route) -> dict[str, str]:
    """Where a request of staff's across companies names the one that it is about, in its path, query or body, and how.

    Empty where nothing names one, and on routes of other scopes: there the actor says which company it is.
    """
    if route.scope is not TenantScope.PLATFORM:
        return {}
    if "{tenant_id:uuid}" in route.path:
        return {"path": "tenant_id"}
    bodies = get_args(route.body) or (route.body,)
    for where, shapes in (("query", (route.query,)), ("body", bodies)):
        for name in ("tenant_id", "tenant"):
            if all(shape is not None and name in shape.__struct_fields__ for shape in shapes):
                return {where: name}
    return {}


def body_optional(route: Route) -> bool:
    """Whether the body may be left out: no field of its shape is required."""
    one = isinstance(route.body, type)  # A choice between shapes is made by a field of the body.
    return one and not any(field.required for field in msgspec.structs.fields(route.body))


def require_closed(shape: Any, where: str) -> None:  # noqa: ANN401 - Any type that msgspec knows.
    """Check that a body's Structs all refuse unknown fields.

    Raises:
        ValueError: one does not; declare it with forbid_unknown_fields=True.
    """
    seen: set[type] = set()
    pending: list[Any] = [msgspec.inspect.type_info(shape)]
    while pending:
        info = pending.pop()
        if isinstance(info, msgspec.inspect.StructType):
            if info.cls in seen:
                continue
            seen.add(info.cls)
            if not info.forbid_unknown_fields:
                raise ValueError(f"{where}: {info.cls.__name__} must be declared with forbid_unknown_fields=True")
            pending.extend(field.type for field in info.fields)
        else:
            inner = (getattr(info, name, None) for name in ("item_type", "key_type", "value_type", "type"))
            pending.extend(part for part in inner if isinstance(part, msgspec.inspect.Type))
            pending.extend(getattr(info, "types", ()))
            pending.extend(getattr(info, "item_types", ()))
