"""/app/dashboard/settings/api-keys: made, shown once, replaced with an overlap, revoked."""

import re
from datetime import timedelta

import httpx
import pytest

from alquimista import clock
from alquimista.access import Role
from alquimista.db.tenancy import tenant_transaction
from alquimista.identity.service.api_keys import create_api_key, list_api_keys
from factories import make_tenant, make_user
from web.reading import send, sign_in, text_of

HERE = "/app/dashboard/settings/api-keys"
KEY = re.compile(r"alq_[a-z2-7]{8}_[a-z2-7]{52}")


@pytest.fixture
async def tenant(site):
    return await make_tenant(site.db)


@pytest.fixture
async def admin(site, tenant):
    async with site.browser() as browser:
        await sign_in(browser, await make_user(site.db, tenant.id))
        yield browser


async def keys(site, tenant):
    return (await list_api_keys(site.db.tenant(tenant.id), tenant.id, 100, 0))[0]


async def opens(site, key) -> bool:
    async with httpx.AsyncClient(base_url=site.url, headers={"authorization": f"Bearer {key}"}) as client:
        return (await client.get("/tenant/me")).status_code == 200


async def test_a_key_is_made_and_shown_once(site, tenant, admin):
    assert "No keys yet" in text_of((await admin.get(HERE)).text)
    made = await send(admin, HERE, HERE, name="Atendimento", scopes="read", days="90")
    assert (made.status_code, made.headers["cache-control"]) == (200, "no-store")
    (secret,) = set(KEY.findall(made.text))
    assert await opens(site, secret)
    again = await admin.get(HERE)
    assert KEY.search(again.text) is None
    shown = text_of(again.text)
    assert f"alq_{secret[4:12]}_…" in shown
    assert "Read figures" in shown
    assert "Last used" in shown or "Never used" in shown
    (key,) = await keys(site, tenant)
    assert timedelta(days=89) < key.expires_at - clock.now() < timedelta(days=91)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": "", "scopes": "read", "days": ""}, "name"),
        ({"name": "x", "days": ""}, "scopes"),
        ({"name": "x", "scopes": "everything", "days": ""}, "scopes"),
        ({"name": "x", "scopes": "read", "days": "9999"}, "days"),
    ],
)
async def test_a_wrong_key_comes_back_with_its_error(site, tenant, admin, fields, wrong):
    answer = await send(admin, HERE, HERE, **fields)
    assert answer.status_code == 400
    assert f'id="error-{wrong}"' in answer.text
    assert "data-again" in answer.text
    assert await keys(site, tenant) == []


async def test_a_key_is_replaced_with_an_overlap(site, tenant, admin):
    made = await send(admin, HERE, HERE, name="Atendimento", scopes="read", days="")
    old = KEY.search(made.text)[0]
    (key,) = await keys(site, tenant)
    replaced = await send(admin, HERE, f"{HERE}/{key.id}/rotate", overlap="1")
    new = KEY.search(replaced.text)[0]
    assert new != old
    assert await opens(site, old)
    assert await opens(site, new)
    by_id = {one.id: one for one in await keys(site, tenant)}
    assert timedelta(minutes=59) < by_id[key.id].expires_at - clock.now() <= timedelta(hours=1)
    assert "Ends soon" in text_of((await admin.get(HERE)).text)
    assert (await send(admin, HERE, f"{HERE}/{key.id}/rotate", overlap="77")).status_code == 400


async def test_a_key_is_revoked_for_good(site, tenant, admin):
    made = await send(admin, HERE, HERE, name="Antiga", scopes="read", days="")
    secret = KEY.search(made.text)[0]
    (key,) = await keys(site, tenant)
    assert "Revoke “Antiga”?" in text_of((await admin.get(HERE)).text)
    done = await send(admin, HERE, f"{HERE}/{key.id}/revoke")
    assert done.headers["location"] == f"{HERE}?done=revoked"
    assert "The key is revoked" in text_of((await admin.get(done.headers["location"])).text)
    assert not await opens(site, secret)
    again = await send(admin, HERE, f"{HERE}/{key.id}/revoke")
    assert again.status_code == 404
    assert "There is no active API key with this id." in text_of(again.text)


async def test_the_list_has_pages_and_tells_what_has_ended(site, tenant, admin):
    async with tenant_transaction(site.db, tenant.id) as conn:
        with clock.frozen(clock.now() - timedelta(days=2)):
            ends = clock.now() + timedelta(days=1)
            await create_api_key(conn, None, tenant.id, "Passada", ["ingest"], ends)
        for number in range(50):
            await create_api_key(conn, None, tenant.id, f"Chave <b>{number}</b>", ["ingest"])
    first = (await admin.get(HERE)).text
    assert "Chave &lt;b&gt;49&lt;/b&gt;" in first
    assert "1–50 of 51" in text_of(first)
    last = text_of((await admin.get(HERE, params={"page": "2"})).text)
    assert "Passada" in last
    assert "Over" in last


async def test_others_do_not_touch_them(site, tenant, admin):
    await send(admin, HERE, HERE, name="Nossa", scopes="read", days="")
    (key,) = await keys(site, tenant)
    async with site.browser() as stranger, site.browser() as user, site.browser() as support:
        await sign_in(stranger, await make_user(site.db, (await make_tenant(site.db)).id))
        for act, fields in (("rotate", {"overlap": "1"}), ("revoke", {})):
            assert (await send(stranger, HERE, f"{HERE}/{key.id}/{act}", **fields)).status_code == 404
        assert "Nossa" not in (await stranger.get(HERE)).text
        await sign_in(user, await make_user(site.db, tenant.id, role=Role.TENANT_USER))
        assert (await user.get(HERE)).status_code == 403
        await sign_in(support, await make_user(site.db, role=Role.INTERNAL_SUPPORT))
        read = await support.get(f"{HERE}?tenant_id={tenant.id}")
        assert "Nossa" in text_of(read.text)
        assert "/revoke" not in read.text
        refused = await send(support, "/account/profile", f"{HERE}/{key.id}/revoke?tenant_id={tenant.id}")
        assert refused.status_code == 403
