"""/app/company/system: how well each part is, and what cannot be known."""

import re
from datetime import timedelta

import psycopg
import pytest

from alquimista import clock
from alquimista.cache.bus import Bus
from alquimista.dashboards import service as dashboards
from alquimista.jobs.queries import beat
from alquimista.operations.service.effects import health_check
from alquimista.web.pages.staff import system as page
from factories import make_user
from web.reading import sign_in, text_of

PAGE = "/app/company/system"


@pytest.fixture(scope="module")
async def support(site):
    async with site.browser() as browser:
        await sign_in(browser, await make_user(site.db, role="INTERNAL_SUPPORT"))
        yield browser


async def test_the_parts_are_shown_as_they_are_and_what_is_not_known_says_so(site, support):
    await beat(site.db.staff(), clock.new_id(), clock.now())
    await beat(site.db.staff(), clock.new_id(), clock.now() - timedelta(minutes=5))
    text = text_of((await support.get(PAGE)).text)
    assert "Database Well It answers within its time." in text
    assert "Message bus Well" in text
    assert "Made for 14 days ahead." in text
    assert "There is no data directory on this machine" in text
    assert "Backups not known here" in text
    assert "alive" in text
    assert "silent since 5 minutes ago" in text
    assert "Version 0.1.0" in text
    assert re.search(r"\d+ applied, 0 pending", text)
    assert "A day of usage was closed never yet" in text


async def test_jobs_are_told_by_kind_with_those_that_failed(site, support, migrated):
    site.services.extras.pop(health_check.Platform, None)
    async with await psycopg.AsyncConnection.connect(migrated.admin_url, autocommit=True) as conn:
        await conn.execute(
            "INSERT INTO alquimista_platform.job_queue (entrypoint, priority, status, execute_after)"
            " VALUES ('demo.slow', 0, 'queued', now() - interval '10 minutes'),"
            " ('demo.slow', 0, 'queued', now() + interval '1 hour'), ('demo.broken', 0, 'failed', now())"
        )
    text = text_of((await support.get(PAGE)).text)
    assert "demo.slow 1 1 0 0 10.0 min" in text.replace("\u00a0", " ")
    assert re.search(r"demo\.broken 0 0 0 1 –", text)
    assert "Queue Down The oldest job has waited for" in text
    assert 'href="/app/company/operations"' in (await support.get(PAGE)).text


async def test_a_bus_that_is_not_heard_impairs_the_cache_too(site, support, monkeypatch):
    site.services.extras.pop(health_check.Platform, None)  # What was found a moment ago is not looked for again.
    monkeypatch.setattr(site.services.get(Bus), "healthy", False)
    text = text_of((await support.get(PAGE)).text)
    assert "Message bus Impaired" in text
    assert "It is passed by until the bus is heard" in text


async def test_a_shared_cache_is_told_as_it_was_found(site, support, monkeypatch):
    found = await page.look(site.services)
    away = {"status": "degraded", "latency_ms": 1.0, "reason": "ConnectionError"}

    async def looked(_services):
        return found | {"probes": found["probes"] | {"cache": away}}

    monkeypatch.setattr(page, "look", looked)
    text = text_of((await support.get(PAGE)).text)
    assert "Cache Impaired It could not be looked at: ConnectionError." in text


async def test_open_circuits_are_named(site, support, monkeypatch):
    async def samples(_self, _family):
        return [({"service": "webhooks", "host": "crm.example"}, 1.0)]

    monkeypatch.setattr(page.Exposition, "samples", samples)
    text = text_of((await support.get(PAGE)).text)
    assert "Services outside Impaired" in text
    assert "webhooks · crm.example" in text


async def test_migrations_that_cannot_be_read_leave_the_rest(site, support, monkeypatch):
    async def unknown(_settings):
        return None

    monkeypatch.setattr(dashboards, "migrations", unknown)
    html = (await support.get(PAGE)).text
    assert "This part could not be loaded" in html
    assert "Database" in html


async def test_it_refreshes_itself_and_only_staff_read_it(site, support):
    html = (await support.get(PAGE)).text
    live = re.search(r'hx-get="(/app/company/system/live[^"]*)"', html)[1]
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', html)[1]
    assert (await support.get(live, params={"seen": seen})).status_code in {200, 204}
    assert (await support.get(live, params={"seen": "0" * 48})).text.lstrip().startswith('<div id="system"')
    async with site.browser() as browser:
        await sign_in(browser, site.people["admin"])
        assert (await browser.get(PAGE)).headers["location"] == "/app/dashboard?error=forbidden"
