"""Google's consent: PKCE, and a state that one session of one company can use once, within ten minutes."""

import asyncio
import re
from contextlib import asynccontextmanager
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import msgspec
import pytest

import factories
from alquimista import clock
from alquimista.clock import now
from alquimista.db.crypto import Sealer
from alquimista.integrations import service
from alquimista.integrations.gateway import Gateways
from alquimista.integrations.models.connections import GoogleCredentials

START = "/tenant/integrations/oauth/google/start"
BACK = "/integrations/oauth/callback"


@asynccontextmanager
async def browser(process, person):
    """A browser that is signed in."""

    def token_of(page):
        found = re.search(r'name="_csrf" value="([0-9a-f]+)"', page.text)
        assert found, page.text[:500]
        return found[1]

    async with process.client() as client:
        form = {"_csrf": token_of(await client.get("/login")), "email": person.email, "password": person.password}
        answer = await client.post("/login", data=form)
        assert answer.status_code == 303, answer.text
        client.headers["x-csrf-token"] = token_of(await client.get(answer.headers["location"], follow_redirects=True))
        yield client


async def begin(client, fake, **body):
    """The state of a consent that Google was asked for, and the code that it gives."""
    answer = await client.post(START, json=body or {"name": "Agenda"})
    assert answer.status_code == 200, answer.text
    return consented(fake, answer.json()["url"])


def consented(fake, url):
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert url.startswith(f"{fake.url}/consent?")
    assert (asked["code_challenge_method"], asked["access_type"]) == ("S256", "offline")
    assert asked["redirect_uri"].endswith(BACK)
    code = f"4/{asked['state'][:8]}"
    fake.codes[code] = asked["code_challenge"]
    return {"state": asked["state"], "code": code, "scope": "calendar", "iss": "https://accounts.google.com"}


async def shown(company):
    return (await company.owner.get("/tenant/integrations")).json()["integrations"]


async def test_a_consent_becomes_a_calendar(company, process, fake, sql, settings, db):
    async with browser(process, company.people["owner"]) as client:
        query = await begin(client, fake)
        back = await client.get(BACK, params=query)
        assert (back.status_code, back.headers["location"]) == (303, "/app/dashboard/integrations?done=connected")
    (line,) = await shown(company)
    assert (line["type"], line["name"], line["status"]) == ("calendar", "Agenda", "active")
    clear = await service.credentials_of(db.tenant(company.id), company.id, UUID(line["id"]), Sealer(settings))
    kept = msgspec.json.decode(clear, type=GoogleCredentials)
    assert kept.access_token in fake.tokens
    rows = await sql(
        "SELECT a::text FROM alquimista_platform.audit_logs a WHERE tenant_id = %s AND category = 'integration'"
        " UNION ALL SELECT i::text FROM alquimista_platform.tenant_integrations i WHERE tenant_id = %s",
        company.id,
        company.id,
    )
    assert len(rows) == 3
    for secret in (kept.access_token, kept.refresh_token, query["code"], query["state"]):
        assert not any(secret in one for (one,) in rows)


async def test_a_state_works_once_even_when_it_comes_twice_at_once(company, process, fake):
    async with browser(process, company.people["owner"]) as client:
        query = await begin(client, fake)
        answers = await asyncio.gather(*(client.get(BACK, params=query) for _ in range(3)))
        assert sorted(one.status_code for one in answers) == [303, 400, 400]
    assert len(await shown(company)) == 1


async def test_a_state_is_of_its_session_alone(company, process, fake, db):
    mate = await factories.make_user(db, company.id)
    async with browser(process, company.people["owner"]) as client:
        query = await begin(client, fake)
        for person in (company.people["owner"], mate, company.people["outsider"]):
            async with browser(process, person) as other:
                assert (await other.get(BACK, params=query)).status_code == 400
        assert (await client.get(BACK, params=query)).status_code == 303


async def test_a_state_lasts_ten_minutes(company, process, fake):
    async with browser(process, company.people["owner"]) as client:
        query = await begin(client, fake)
        with clock.frozen(now() + timedelta(minutes=10, seconds=1)):
            assert (await client.get(BACK, params=query)).status_code == 400
    assert await shown(company) == []


@pytest.mark.parametrize(
    "change", [{"state": "another"}, {"code": ""}, {"error": "access_denied"}, {"code": "4/another"}]
)
async def test_what_google_did_not_say_is_refused_and_uses_the_state_up(company, process, fake, change):
    async with browser(process, company.people["owner"]) as client:
        query = await begin(client, fake)
        assert (await client.get(BACK, params=query | change)).status_code == 400
        if "state" not in change:
            assert (await client.get(BACK, params=query)).status_code == 400
            assert await shown(company) == []


async def test_a_consent_without_the_calendar_is_not_stored(company, process, fake):
    async with browser(process, company.people["owner"]) as client:
        query = await begin(client, fake, name="Agenda", config={"calendar_id": "another@example.com"})
        assert (await client.get(BACK, params=query)).status_code == 400
    assert await shown(company) == []


async def test_a_calendar_is_connected_again_under_its_id(company, process, fake):
    async with browser(process, company.people["owner"]) as client:
        await client.get(BACK, params=await begin(client, fake))
        (line,) = await shown(company)
        gone = await company.owner.post(f"/tenant/integrations/{line['id']}/disconnect")
        assert gone.json()["status"] == "inactive"
        back = await client.get(BACK, params=await begin(client, fake, integration_id=line["id"]))
        assert back.status_code == 303
    (again,) = await shown(company)
    assert (again["id"], again["status"]) == (line["id"], "active")


async def test_who_may_begin(company, process, fake):
    assert (await company.owner.post(START, json={"name": "A"})).status_code == 403  # A token has no browser.
    async with browser(process, company.people["teammate"]) as client:
        assert (await client.post(START, json={"name": "A"})).status_code == 403
        assert (await client.get(BACK, params={"state": "x", "code": "y"})).status_code == 403
    async with browser(process, company.people["owner"]) as client:
        stripe = await company.connected(fake)
        for body, status in (
            ({}, 400),
            ({"name": "A", "integration_id": stripe}, 400),
            ({"integration_id": stripe}, 400),
            ({"integration_id": str(clock.new_id())}, 404),
        ):
            assert (await client.post(START, json=body)).status_code == status, body
        client.headers.pop("x-csrf-token")
        assert (await client.post(START, json={"name": "A"})).status_code == 403


async def test_staff_cannot_consent_for_a_company(company, process):
    async with browser(process, company.people["staff"]) as client:
        answer = await client.post(START, params={"tenant_id": str(company.id)}, json={"name": "A"})
        assert (answer.status_code, answer.json()["error"]) == (403, "integration_consent")


async def test_without_an_application_at_google_it_says_what_to_set(company, process, fake, settings):
    services = process.app.services
    before = services.get(Gateways)
    services.add(Gateways(settings))
    try:
        async with browser(process, company.people["owner"]) as client:
            answer = await client.post(START, json={"name": "A"})
            assert answer.status_code == 503
            assert "ALQUIMISTA_GOOGLE_CLIENT_ID" in answer.json()["detail"]
    finally:
        services.add(before)
