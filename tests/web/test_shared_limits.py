"""A page and its API are two doors to one act: who uses both has no more of it than who uses one."""

from uuid import uuid4

import pytest

from alquimista.app import routes
from web.reading import sign_in, token_of

_SUBSCRIPTION, _BILLING = "/api/billing/subscription", "/app/billing"
_AGENT, _AGENT_PAGE = "/tenant/agents/{agent_id:uuid}", "/app/dashboard/agents/{agent_id:uuid}"
_TENANT, _TENANT_PAGE = "/internal/tenants/{tenant_id:uuid}", "/app/company/tenants/{tenant_id:uuid}"
_MONEY, _MONEY_PAGE = "/internal/billing/tenants/{tenant_id:uuid}", f"{_TENANT_PAGE}/billing"
_REFUND = "invoices/{invoice_id:uuid}/refund"
_HOOK, _HOOK_PAGE = "/tenant/webhooks/{webhook_id:uuid}", "/app/dashboard/settings/webhooks/{webhook_id:uuid}"
_COMMAND, _COMMAND_PAGE = "/internal/operations/commands", "/app/company/operations"
_INCIDENT, _INCIDENT_PAGE = "/internal/incidents", "/app/company/incidents"
DOORS = [  # Of the API, and of the page.
    ("POST", f"{_SUBSCRIPTION}/cancel", f"{_BILLING}/cancel"),
    ("POST", f"{_SUBSCRIPTION}/resume", f"{_BILLING}/resume"),
    ("POST", f"{_SUBSCRIPTION}/keep", f"{_BILLING}/keep"),
    ("POST", "/api/billing/portal", f"{_BILLING}/portal"),
    ("POST", "/api/billing/create-checkout-session", f"{_BILLING}/pay"),
    ("POST", "/api/billing/create-checkout-session", f"{_BILLING}/plan"),
    ("POST", f"{_MONEY}/credits", f"{_MONEY_PAGE}/credit"),
    ("POST", f"{_MONEY}/trial", f"{_MONEY_PAGE}/trial"),
    ("POST", f"{_MONEY}/{_REFUND}", f"{_MONEY_PAGE}/{_REFUND}"),
    ("POST", f"{_AGENT}/activate", f"{_AGENT_PAGE}/activate"),
    ("POST", f"{_AGENT}/pause", f"{_AGENT_PAGE}/pause"),
    ("POST", f"{_AGENT}/resume", f"{_AGENT_PAGE}/resume"),
    ("POST", f"{_AGENT}/restart", f"{_AGENT_PAGE}/restart"),
    ("PUT", f"{_AGENT}/config", f"{_AGENT_PAGE}/settings"),
    ("POST", f"{_TENANT}/suspend", f"{_TENANT_PAGE}/suspend"),
    ("POST", f"{_TENANT}/resume", f"{_TENANT_PAGE}/resume"),
    ("PUT", f"{_TENANT}/limits", f"{_TENANT_PAGE}/limits"),
    ("POST", "/internal/tenants", "/app/company/tenants/new"),
    ("POST", "/tenant/webhooks", "/app/dashboard/settings/webhooks/new"),
    ("POST", f"{_HOOK}/rotate-secret", f"{_HOOK_PAGE}/rotate"),
    ("POST", _COMMAND, f"{_COMMAND_PAGE}/new"),
    ("POST", f"{_COMMAND}/{{command_id:uuid}}/cancel", f"{_COMMAND_PAGE}/{{command_id:uuid}}/cancel"),
    ("POST", f"{_INCIDENT}/{{incident_id:uuid}}/resolve", f"{_INCIDENT_PAGE}/{{incident_id:uuid}}/resolve"),
    ("POST", _INCIDENT, f"{_INCIDENT_PAGE}/new"),
]


def counted(settings, method, path):
    """By which keys a route's requests are counted, and how many of each there may be."""
    (found,) = [route for route in routes(settings) if (route.method, route.path) == (method, path)]
    name = f"{method} {path}"
    return {(limit.prefix(name, kind), limit.count) for limit in found.limits for kind in limit.per}


@pytest.mark.parametrize(("method", "api", "page"), DOORS)
def test_both_doors_of_an_act_are_counted_together(settings, method, api, page):
    assert counted(settings, method, api) == counted(settings, "POST", page) != set()


def test_what_is_counted_by_one_name_has_one_quota(settings):
    quotas = {}
    for limit in (limit for route in routes(settings) for limit in route.limits if limit.name):
        assert quotas.setdefault((limit.name, limit.seconds), limit.count) == limit.count, limit.name


@pytest.mark.parametrize(
    ("who", "of", "api", "page", "times"),
    [
        ("admin", "/app/billing", "/api/billing/subscription/keep", "/app/billing/keep", 10),
        ("admin", "/app/billing", "/tenant/agents/{id}/pause", "/app/dashboard/agents/{id}/pause", 30),
        ("staff", "/app/company", "/internal/tenants/{id}/resume", "/app/company/tenants/{id}/resume", 60),
    ],
)
async def test_who_has_used_up_the_api_is_refused_by_the_page_and_told_when_to_come_back(
    site, who, of, api, page, times
):
    unknown = str(uuid4())
    async with site.browser() as browser:
        await sign_in(browser, site.people[who])
        token = token_of((await browser.get(of)).text)
        headers = {"x-csrf-token": token, "accept": "application/json"}
        for _ in range(times):
            answer = await browser.post(api.format(id=unknown), headers=headers, json={})
            assert answer.status_code != 429
        refused = await browser.post(page.format(id=unknown), data={"_csrf": token})
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) >= 1
