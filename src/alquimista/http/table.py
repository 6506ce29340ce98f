"""The router: exact paths by one dictionary lookup, parametrised ones by Starlette's compiled patterns."""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from starlette.routing import compile_path

from alquimista.http.plan import Plan
from alquimista.http.routes import Route

_UUID_PARAMETER: Final = re.compile(r"\{(\w+):uuid\}")
_ANY_SEGMENT: Final = ""


class Match(NamedTuple):
    """What a request's method and path lead to; `plan` is None when only other methods are `allowed` (or none)."""

    plan: Plan | None
    path: dict[str, str]
    allowed: tuple[str, ...]


class _Pattern(NamedTuple):
    regex: re.Pattern[str]
    plans: dict[str, Plan]


class Table:
    """All routes, compiled. `{name:uuid}` matches any segment; a value that is no UUID is answered 400, not 404."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.plans: list[Plan] = []
        self._exact: dict[str, dict[str, Plan]] = {}
        self._patterns: dict[str, list[_Pattern]] = {}
        for route in routes:
            self._add(route)

    def _add(self, route: Route) -> None:
        plan = Plan(route, tuple(_UUID_PARAMETER.findall(route.path)))
        self.plans.append(plan)
        if "{" not in route.path:
            methods = self._exact.setdefault(route.path, {})
        else:
            methods = self._pattern(_UUID_PARAMETER.sub(r"{\1}", route.path)).plans
        if route.method in methods:
            raise ValueError(f"{plan.name} is declared twice")
        methods[route.method] = plan

    def _pattern(self, path: str) -> _Pattern:
        regex, _, _ = compile_path(path)
        bucket = self._patterns.setdefault(_first_segment(path), [])
        for pattern in bucket:
            if pattern.regex.pattern == regex.pattern:
                return pattern
        bucket.append(_Pattern(regex, {}))
        return bucket[-1]

    def match(self, method: str, path: str) -> Match:
        """The route of a request. HEAD is answered by GET's route."""
        wanted = "GET" if method == "HEAD" else method
        exact = self._exact.get(path)
        if exact is not None and (plan := exact.get(wanted)) is not None:
            return Match(plan, {}, ())
        allowed = set(exact or ())
        for bucket in (_first_segment(path), _ANY_SEGMENT):
            for pattern in self._patterns.get(bucket, ()):
                if (found := pattern.regex.fullmatch(path)) is None:
                    continue
                if (plan := pattern.plans.get(wanted)) is not None:
                    return Match(plan, found.groupdict(), ())
                allowed.update(pattern.plans)
        return Match(None, {}, _with_derived(allowed))


def _first_segment(path: str) -> str:
    segment = path.removeprefix("/").partition("/")[0]
    return _ANY_SEGMENT if "{" in segment else segment


def _with_derived(methods: set[str]) -> tuple[str, ...]:
    if not methods:
        return ()
    derived = {"OPTIONS", "HEAD"} if "GET" in methods else {"OPTIONS"}
    return tuple(sorted(methods | derived))
