"""What pages look like: a picture of each beside the one that is kept, of the same data at the same moment.

`UPDATE_SNAPSHOTS=1` keeps the pictures of this run; look at them before they are committed. Letters are compared with
patience, since machines smooth their edges differently; what has moved or lost its colour is not.
"""

import io
import itertools
import os
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from PIL import Image, ImageChops, ImageFilter

import factories
from alquimista import clock
from alquimista.catalogue import files
from alquimista.catalogue.load import load
from alquimista.demo.catalogue import with_tiers
from alquimista.usage.service import rollups
from factories import activate_agent, make_agent, make_api_key, make_tenant, make_user
from web.conftest import serving
from web.test_browser_pages import Visit, open_page

pytestmark = pytest.mark.browser
KEPT = Path(__file__).parent / "snapshots"
UPDATE = os.environ.get("UPDATE_SNAPSHOTS") == "1"
MOMENT = datetime(2026, 3, 10, 15, 30, tzinfo=UTC)
SIZE = {"width": 1000, "height": 700}
COLOURS = 256
APART = 40  # Of 255: how far a blurred pixel may be from the kept one.
SHARE = 0.0003  # Of the pixels that may be further: other smoothing of letters makes a tenth, a title 6 px lower more.
PAGES = {
    "login": Visit("/login", 1000, "light", "en"),
    "overview": Visit("/app/dashboard?period=7d", 1000, "light", "en", "admin"),
    "overview-dark": Visit("/app/dashboard?period=7d", 1000, "dark", "pt-BR", "admin"),
    "usage": Visit("/app/dashboard/usage?period=7d", 1000, "light", "en", "admin"),
    "agents": Visit("/app/dashboard/agents", 1000, "light", "en", "admin"),
    "company": Visit("/app/company?period=7d", 1000, "light", "en", "staff"),
    "tenants": Visit("/app/company/tenants", 1000, "light", "en", "staff"),
    "operations": Visit("/app/company/operations", 1000, "light", "en", "staff"),
}


@pytest.fixture(scope="module")
async def still(site_settings, db):
    """A site whose clock stands, with the same two companies each time."""
    with clock.frozen(MOMENT), pytest.MonkeyPatch.context() as patch:
        numbers = itertools.cycle(["11222333000181", "11444777000161"])
        patch.setattr(factories, "new_cnpj", lambda: next(numbers))
        tenant = await make_tenant(db, name="Clínica Aurora", plan="expert")
        await make_tenant(db, name="Padaria do Largo", segment="alimentacao")
        agents = [await make_agent(db, name=name) for name in ("Agendamento por WhatsApp", "Prospecção ativa")]
        for agent in agents:
            await activate_agent(db, tenant.id, agent.id)
        await load(db, with_tiers(files.read()), clock.now())
        key = await make_api_key(db, tenant.id, scopes=("ingest",))
        async with serving(site_settings, db) as site:
            site.people["admin"] = await make_user(db, tenant.id, name="Marina Costa")
            site.people["staff"] = await make_user(db, name="Ana Souza")
            async with site.browser() as api:
                for count in range(20):
                    body = {
                        "agent_id": str(agents[count % 3 % 2].id),
                        "status": "error" if count % 10 == 0 else "success",
                        "response_time_ms": 400 + 10 * count,
                        "idempotency_key": uuid4().hex,
                    }
                    sent = await api.post("/v1/agent-requests", json=body, headers={"authorization": f"Bearer {key}"})
                    assert sent.status_code < 300, sent.text
            while await rollups.fold(db, tenant.id):
                pass
            yield site


async def taken(chromium, site, visit):
    """The picture of a page: without charts, which are drawn on a canvas, and what refreshes itself."""
    page = await open_page(chromium, site, visit)
    await page.set_viewport_size(SIZE)
    await page.evaluate("document.fonts.ready")
    await page.reload()  # Letters that came late are shown from the second page on.
    await page.evaluate("document.fonts.ready")
    png = await page.screenshot(
        animations="disabled", caret="hide", scale="css", mask=[page.locator("canvas")], mask_color="#808080"
    )
    await page.context.close()
    return Image.open(io.BytesIO(png)).convert("RGB")


def difference(one, other):
    """The share of pixels that are apart, once edges are smoothed."""
    soft = [image.filter(ImageFilter.GaussianBlur(2)) for image in (one, other)]
    apart = ImageChops.difference(*soft)
    worst = ImageChops.lighter(ImageChops.lighter(*apart.split()[:2]), apart.split()[2])
    return sum(worst.histogram()[APART:]) / (one.width * one.height)


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_looks_as_it_did(still, chromium, tmp_path, name):
    shown = await taken(chromium, still, PAGES[name])
    kept = KEPT / f"{name}.png"
    if UPDATE:
        shown.quantize(COLOURS, kmeans=2, dither=Image.Dither.NONE).save(kept, optimize=True)
    before = Image.open(kept).convert("RGB")
    assert shown.size == before.size
    now = tmp_path / f"{name}.png"
    shown.save(now)
    assert difference(shown, before) <= SHARE, f"{now} is not as {kept}"
