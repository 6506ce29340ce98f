"""Health that really looks, and measurements that are not for the public."""

import asyncio
from dataclasses import replace

import pytest

from alquimista.http import health
from alquimista.http.health import Checks, metrics_token
from alquimista.observability.exposition import Exposition
from support.web import route


async def well():
    return True


async def unwell():
    return False


async def broken():
    raise RuntimeError("postgresql://user:password@host")


async def stuck():
    await asyncio.Event().wait()


@pytest.fixture
def ask(connect):
    async def get(path, needed, informational=None):
        client = connect(*health.ROUTES, wire=[Checks(needed, informational or {})])
        return await client.get(path)

    return get


async def test_live_needs_nothing(ask):
    answer = await ask("/health/live", {"database": broken})
    assert (answer.status_code, answer.json()) == (200, {"ok": True})


async def test_ready_names_each_part(ask):
    answer = await ask("/health/ready", {"database": well, "migrations": well}, {"worker": unwell})
    assert answer.status_code == 200
    assert answer.json() == {"ok": True, "checks": {"database": True, "migrations": True, "worker": False}}


@pytest.mark.parametrize("failing", [unwell, broken, stuck])
async def test_one_needed_part_that_is_not_well_is_503(ask, failing, monkeypatch):
    monkeypatch.setattr(health, "WITHIN_S", 0.01)
    answer = await ask("/health/ready", {"database": well, "listener": failing})
    assert answer.status_code == 503
    assert answer.json() == {"ok": False, "checks": {"database": True, "listener": False}}
    assert "password" not in answer.text


async def test_the_founding_form(ask):
    up = await ask("/health", {"database": well})
    assert (up.status_code, up.headers["cache-control"]) == (200, "no-store")
    assert up.json() == {"ok": True, "service": "alquimista", "environment": "development", "db_status": "connected"}
    down = await ask("/health", {"database": broken})
    assert (down.status_code, down.json()["ok"], down.json()["db_status"]) == (503, False, "disconnected")


async def test_a_flood_of_questions_runs_the_checks_once(connect):
    asked = []

    async def count():
        asked.append(1)
        await asyncio.sleep(0.01)

    client = connect(*health.ROUTES, wire=[Checks({"database": count}, {})])
    await asyncio.gather(*(client.get("/health") for _ in range(50)))
    assert len(asked) == 1


@pytest.fixture
def scrape(connect, plain_settings):
    async def get(*, production=False, peer="127.0.0.1", **headers):
        settings = plain_settings
        if production:
            settings = replace(settings, environment="production", public_url="https://alquimista.example")
        client = connect(*health.ROUTES, route("GET", "/x"), wire=[Exposition()], settings=settings, peer=peer)
        return await client.get("/metrics", headers=headers)

    return get


async def test_metrics_are_for_the_machine_itself_in_development(scrape):
    assert (await scrape()).status_code == 200
    assert (await scrape(peer="203.0.113.9")).status_code == 401
    for forwarded in ("x-forwarded-for", "forwarded", "via", "x-real-ip"):
        assert (await scrape(**{forwarded: "127.0.0.1"})).status_code == 401
    assert (await scrape(host="rebound.example:8080")).status_code == 401


async def test_metrics_need_their_token_in_production(scrape, plain_settings):
    bearer = {"authorization": f"Bearer {metrics_token(plain_settings)}"}
    assert (await scrape(production=True)).status_code == 401
    assert (await scrape(production=True, authorization="Bearer x")).status_code == 401
    assert (await scrape(production=True, authorization="Bearer é".encode())).status_code == 401
    assert (await scrape(production=True, peer="203.0.113.9", **bearer)).status_code == 200


async def test_requests_are_measured_by_route(make_app):
    app = make_app(route("GET", "/things/{name}"))
    exposition = Exposition()
    exposition.add(app.metrics)
    app.metrics.served("GET /things/{name}", 200, 0.003)
    app.metrics.served("GET /things/{name}", 404, 20.0)
    app.metrics.refused("not_found")
    app.metrics.cached("GET /things/{name}", "HIT")
    text = (await exposition.render()).decode()
    label = 'route="GET /things/{name}"'
    for line in (
        f'alquimista_http_requests_total{{{label},status="200"}} 1.0',
        f'alquimista_http_request_duration_seconds_bucket{{le="0.005",{label}}} 1.0',
        f'alquimista_http_request_duration_seconds_bucket{{le="10.0",{label}}} 1.0',
        f'alquimista_http_request_duration_seconds_bucket{{le="+Inf",{label}}} 2.0',
        f"alquimista_http_request_duration_seconds_count{{{label}}} 2.0",
        'alquimista_http_problems_total{code="not_found"} 1.0',
        f'alquimista_http_cache_total{{result="HIT",{label}}} 1.0',
    ):
        assert line in text, text


async def test_an_unknown_path_never_becomes_a_label(connect, make_app):
    client = connect(route("GET", "/x"))
    for number in range(3):
        await client.get(f"/secret-{number}")
    app = client._transport.app
    assert set(app.metrics._latency) == {"unknown"}
