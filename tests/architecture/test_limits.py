"""Every address has a limit; staff are counted each, and together for the company that a request names."""

import pytest

from alquimista.app import API
from alquimista.http.plan import names_tenant
from alquimista.http.routes import Route, TenantScope

# Addresses without a limit of their own, and why.
UNLIMITED = {
    "/health": "asked by whatever watches the process, which a limit would blind",
    "/health/live": "the same",
    "/health/ready": "the same",
    "/metrics": "the same; it has a token of its own",
    "/.well-known/jwks.json": "a constant of the process, which browsers and proxies keep",
    "/v1/events": "counted by events and not by requests, when they are taken",
    "/v1/agent-requests": "the same",
    "/v1/traces": "the same",
}


def name_of(route: Route) -> str:
    return f"{route.method} {route.path}"


@pytest.mark.parametrize("route", API, ids=name_of)
def test_an_address_has_a_limit_or_a_reason(route):
    assert bool(route.limits) != (route.path in UNLIMITED)


@pytest.mark.parametrize("route", [one for one in API if one.scope is TenantScope.PLATFORM], ids=name_of)
def test_staffs_are_counted_by_the_person_and_by_the_company_that_they_name(route):
    kinds = {kind for limit in route.limits for kind in limit.per}
    assert kinds == {"user", "tenant"} if names_tenant(route) else {"user"}


def test_no_reason_is_left_of_an_address_that_is_gone():
    assert UNLIMITED.keys() <= {route.path for route in API}
