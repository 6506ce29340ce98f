"""Name, language and time zone of a company: its administrators' form in settings, and that of staff."""

import re

import pytest

from alquimista.access import Role
from alquimista.clock import now
from alquimista.tenants import service as tenants
from alquimista.tenants.models import clean_time_zone
from alquimista.web import zones
from factories import make_tenant, make_user
from web.reading import send, sign_in, text_of

COMPANY = "/app/dashboard/settings/company"
GOOD = {"name": "Oficina Nova", "time_zone": "America/Manaus", "locale": "en"}


@pytest.fixture
async def tenant(db):
    return await make_tenant(db, name="Oficina & Filhos")


@pytest.fixture
async def administrator(site, db, tenant):
    async with site.browser() as browser:
        await sign_in(browser, await make_user(db, tenant.id))
        yield browser


async def test_an_administrator_changes_them_and_every_page_follows_at_once(db, tenant, administrator):
    before = (await administrator.get("/tenant/me")).json()
    assert before["time_zone"] == "America/Sao_Paulo"
    overview = (await administrator.get("/app/dashboard")).text
    shown = (await administrator.get(COMPANY)).text
    assert 'value="Oficina &amp; Filhos"' in shown
    assert '<option value="America/Sao_Paulo" selected>' in shown
    assert '<optgroup label="Brazil">' in shown
    saved = await send(administrator, COMPANY, COMPANY, **GOOD)
    assert saved.headers["location"] == f"{COMPANY}?saved=true"
    after = (await administrator.get(saved.headers["location"])).text
    assert "Saved. All people of the company see it at once." in text_of(after)
    assert '<option value="America/Manaus" selected>' in after
    me = (await administrator.get("/tenant/me")).json()
    assert (me["name"], me["time_zone"]) == ("Oficina Nova", "America/Manaus")
    assert "America/Manaus" in text_of((await administrator.get("/account/profile")).text)
    assert "Oficina Nova" in (await administrator.get("/app/dashboard")).text
    assert "Oficina Nova" not in overview
    assert (await tenants.get(db.tenant(tenant.id), tenant.id)).locale == "en"


async def test_what_is_wrong_stands_at_its_field_and_keeps_what_was_written(db, tenant, administrator):
    refused = await send(administrator, COMPANY, COMPANY, name=" ", time_zone="Asia/Kolkata", locale="fr")
    assert refused.status_code == 400
    for field in ("name", "time_zone", "locale"):
        assert f'id="error-{field}"' in refused.text
    assert "not a whole hour" in text_of(refused.text)
    assert (await tenants.get(db.tenant(tenant.id), tenant.id)).name == tenant.name


async def test_others_read_it_without_a_form(site, db, tenant):
    async with site.browser() as member:
        await sign_in(member, await make_user(db, tenant.id, role=Role.TENANT_USER))
        html = (await member.get(COMPANY)).text
        assert "America/Sao_Paulo An administrator of the company chooses it." in text_of(html)
        assert f'action="{COMPANY}"' not in html
        assert (await send(member, COMPANY, COMPANY, **GOOD)).status_code == 403
    async with site.browser() as staff:
        await sign_in(staff, await make_user(db))
        view = await send(
            staff, f"{COMPANY}?tenant_id={tenant.id}", "/app/company/view-as", tenant_id=str(tenant.id), reason="4711"
        )
        assert view.status_code == 303
        assert f'action="{COMPANY}"' not in (await staff.get(COMPANY)).text
        assert (await send(staff, COMPANY, COMPANY, **GOOD)).status_code == 403


async def test_staff_change_the_segment_too(site, db, tenant):
    path = f"/app/company/tenants/{tenant.id}"
    async with site.browser() as staff:
        await sign_in(staff, await make_user(db))
        assert f'href="{path}/profile"' in (await staff.get(path)).text
        wrong = await send(staff, f"{path}/profile", f"{path}/profile", **GOOD, segment=" ")
        assert wrong.status_code == 400
        assert 'id="error-segment"' in wrong.text
        assert 'value="Oficina Nova"' in wrong.text
        done = await send(staff, f"{path}/profile", f"{path}/profile", **GOOD, segment="varejo")
        assert done.headers["location"] == f"{path}?done=changed"
        assert "The customer is changed" in text_of((await staff.get(done.headers["location"])).text)
    changed = await tenants.get(db.staff(), tenant.id)
    assert (changed.name, changed.segment, changed.time_zone) == ("Oficina Nova", "varejo", "America/Manaus")
    async with site.browser() as support:
        await sign_in(support, await make_user(db, role=Role.INTERNAL_SUPPORT))
        assert f'href="{path}/profile"' not in (await support.get(path)).text
        assert (await send(support, path, f"{path}/profile", **GOOD, segment="x")).status_code == 403


async def test_each_zone_that_is_offered_may_be_taken(db):
    offered = {name for _, group in zones.choices("America/Sao_Paulo", "pt-BR", now()) for name, _ in group}
    assert {"America/Sao_Paulo", "America/Rio_Branco", "Europe/Lisbon", "Asia/Tokyo"} <= offered
    for name in offered:
        assert clean_time_zone(name) == name
        assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_+/-]{0,63}", name), "the database takes no other"


def test_a_zone_that_is_not_offered_stays_chosen():
    first, *_ = zones.choices("Etc/GMT+3", "en", now())
    assert first[1] == [("Etc/GMT+3", "Etc/GMT+3")]
