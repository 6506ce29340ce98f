"""Query strings, read strictly into Structs. Answers are remembered, since clients repeat themselves."""

from types import UnionType
from typing import Annotated, Any, Final, NamedTuple, Union, get_args, get_origin
from urllib.parse import parse_qsl

import msgspec

from alquimista.errors import FieldError, Invalid
from alquimista.http.explain import INT64, MAX_ERRORS, explain
from alquimista.http.refusals import MalformedQuery
from alquimista.i18n import N_

TENANT: Final = "tenant_id"
MAX_PARAMETERS: Final = 100
_REMEMBERED: Final = 1024
_LONGEST_REMEMBERED: Final = 512
_NOT_NUMBERS: Final = frozenset({"nan", "inf", "infinity"})

Pairs = list[tuple[str, str]]


class Query(NamedTuple):
    """A read query string: the shape, and the canonical text that caches use (equal queries have equal texts)."""

    tenant: str | None
    shape: Any
    canonical: str


class QueryReader:
    """Reads the query strings of one route. `names_tenant` routes also take ?tenant_id=, which is no field."""

    def __init__(self, shape: type[msgspec.Struct] | None, *, names_tenant: bool) -> None:
        self._shape = shape
        self._kinds = {f.encode_name: _kinds(f.type) for f in msgspec.structs.fields(shape)} if shape else {}
        self._names_tenant = names_tenant and TENANT not in self._kinds
        self._remembered: dict[bytes, Query] = {}

    def recall(self, raw: bytes) -> Query | None:
        """The query that these bytes were read into before."""
        return self._remembered.get(raw)

    def pairs(self, raw: bytes) -> tuple[str | None, Pairs]:
        """The value of ?tenant_id= on routes that take it, and the other parameters.

        Raises:
            MalformedQuery: not percent-encoded UTF-8, or too many parameters.
            Invalid: ?tenant_id= is repeated.
        """
        try:
            pairs = parse_qsl(
                raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS
            )
        except ValueError:
            raise MalformedQuery(limit=MAX_PARAMETERS) from None
        if not self._names_tenant:
            return None, pairs
        tenants = [value for name, value in pairs if name == TENANT]
        if len(tenants) > 1:
            raise Invalid.of(TENANT, N_("Give this parameter once."), "repeated")
        return (tenants[0] if tenants else None), [pair for pair in pairs if pair[0] != TENANT]

    def read(self, raw: bytes, tenant: str | None, pairs: Pairs) -> Query:
        """The query in the route's shape, remembered for the next time.

        Raises:
            Invalid: unknown, repeated or wrong parameters, each named.
        """
        shape = self.shaped(pairs)
        query = Query(tenant, shape, msgspec.json.encode(shape).decode())
        if len(raw) <= _LONGEST_REMEMBERED:
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            self._remembered[raw] = query
        return query

    def shaped(self, pairs: Pairs) -> Any:  # noqa: ANN401 - The route's own Struct, or None.
        """The pairs in the route's shape, not remembered (forms hold passwords).

        Raises:
            Invalid: unknown, repeated or wrong parameters, each named.
        """
        errors: list[FieldError] = []
        values: dict[str, Any] = {}
        for name, value in pairs:
            if (error := self._refusal(name, value, values)) is not None:
                errors.append(error)
            elif list in self._kinds[name]:
                values.setdefault(name, []).append(value)
            else:
                values[name] = value
        if errors:
            raise Invalid(errors=tuple(errors[:MAX_ERRORS]))
        if self._shape is None:
            return None
        try:
            shape = msgspec.convert(values, self._shape, strict=False)
        except msgspec.ValidationError as error:
            raise Invalid(errors=explain(values, self._shape, str(error), strict=False)) from None
        beyond = [name for name in values if type(n := getattr(shape, name, None)) is int and n not in INT64]
        if beyond:
            reason = N_("The number is too large or too small.")
            raise Invalid(errors=tuple(FieldError(name, reason, "range") for name in beyond))
        return shape

    def _refusal(self, name: str, value: str, seen: dict[str, Any]) -> FieldError | None:
        if name not in self._kinds:
            known = ", ".join(sorted(self._kinds)) or N_("none")
            return FieldError(name[:100], N_("Unknown parameter; this address takes: {known}.", known=known), "unknown")
        if "\0" in value:
            return FieldError(name, N_("Remove the NUL character."), "nul")
        if float in self._kinds[name] and value.strip().lower().lstrip("+-") in _NOT_NUMBERS:
            return FieldError(name, N_("Give {kinds}.", kinds=N_("a number")), "type")
        if name in seen and list not in self._kinds[name]:
            return FieldError(name, N_("Give this parameter once."), "repeated")
        return None


def _kinds(shape: Any) -> frozenset[Any]:  # noqa: ANN401 - A type form.
    """The plain types in an annotation: `list` for any list, the members of a union one by one."""
    while get_origin(shape) is Annotated:
        shape = get_args(shape)[0]
    if get_origin(shape) in {Union, UnionType}:
        return frozenset().union(*map(_kinds, get_args(shape)))
    return frozenset({get_origin(shape) or shape})
