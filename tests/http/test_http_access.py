"""Who gets in: credentials, kinds, permissions, and whose data a request touches."""

from dataclasses import replace
from uuid import UUID

import pytest

from alquimista.access import PLATFORM_TENANT, ActorKind, Permission
from alquimista.db.pool import Database
from alquimista.db.tenancy import tenant_transaction
from alquimista.http.routes import Cache, TenantScope
from support.web import ACME, ACTORS, OTHER, guarded, route


def bearer(name: str) -> dict[str, str]:
    return {"authorization": f"Bearer {name}"}


@pytest.fixture
def client(connect):
    return connect(
        route("GET", "/public"),
        route("GET", "/closed-eyes", kinds=frozenset()),
        guarded("GET", "/own", scope=TenantScope.OWN),
        guarded("GET", "/platform", permission=Permission.PLATFORM_READ, scope=TenantScope.PLATFORM),
        guarded("GET", "/account", permission=Permission.ACCOUNT_MANAGE),
        guarded(
            "POST",
            "/ingest",
            permission=Permission.USAGE_WRITE,
            kinds=frozenset({ActorKind.API_KEY}),
            scope=TenantScope.OWN,
        ),
        guarded("GET", "/manage", permission=Permission.USER_MANAGE, scope=TenantScope.OWN),
    )


@pytest.mark.parametrize("headers", [{}, bearer("nobody"), {"authorization": "Bearer"}, {"cookie": "session=gone"}])
async def test_without_a_good_credential_it_is_401_and_says_how(client, headers):
    answer = await client.get("/own", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["error"] == "unauthenticated"


async def test_a_public_route_takes_an_ended_session_for_a_stranger(client):
    assert (await client.get("/public", headers={"cookie": "session=gone"})).status_code == 200


async def test_a_route_without_kinds_never_authenticates(connect):
    async def explode(_context):
        raise RuntimeError

    client = connect(route("GET", "/x", kinds=frozenset()), authenticate=explode)
    assert (await client.get("/x", headers=bearer("admin"))).status_code == 200


async def test_nobody_is_asked_for_when_no_credential_is_shown(connect):
    async def explode(_context):
        raise RuntimeError

    assert (await connect(guarded("GET", "/x"), authenticate=explode).get("/x")).status_code == 401


async def test_an_authenticator_that_fails_lets_nobody_in(connect):
    async def broken(_context):
        raise RuntimeError("the key store is on fire")

    client = connect(guarded("GET", "/x"), route("GET", "/p"), authenticate=broken)
    for path in ("/x", "/p"):
        answer = await client.get(path, headers=bearer("admin"))
        assert answer.status_code == 500
        assert "fire" not in answer.text


async def test_another_kind_of_credential_is_403_and_names_the_right_one(client):
    answer = await client.post("/ingest", headers=bearer("admin"))
    assert (answer.status_code, answer.json()["error"]) == (403, "wrong_credential")
    assert "api_key" in answer.json()["detail"]
    assert (await client.get("/own", headers=bearer("key"))).json()["error"] == "wrong_credential"
    assert (await client.post("/ingest", headers=bearer("key"))).json()["tenant"] == str(ACME)


async def test_a_missing_permission_is_403(client):
    assert (await client.get("/manage", headers=bearer("user"))).json()["error"] == "forbidden"
    assert (await client.get("/manage", headers=bearer("admin"))).status_code == 200


async def test_only_staff_read_the_platform(client):
    assert (await client.get("/platform", headers=bearer("admin"))).status_code == 403
    answer = await client.get("/platform", headers=bearer("staff"))
    assert (answer.status_code, answer.json()["tenant"]) == (200, "")


async def test_a_member_reads_the_own_company_named_or_not(client):
    for path in ("/own", f"/own?tenant_id={ACME}", f"/own?tenant_id={str(ACME).upper()}"):
        answer = await client.get(path, headers=bearer("user"))
        assert (answer.status_code, answer.json()["tenant"]) == (200, str(ACME))


async def test_a_member_may_not_name_another_company(client):
    answer = await client.get(f"/own?tenant_id={OTHER}", headers=bearer("admin"))
    assert (answer.status_code, answer.json()["error"]) == (403, "foreign_tenant")


async def test_a_member_of_no_company_is_told_so(client):
    assert (await client.get("/own", headers=bearer("homeless"))).json()["error"] == "no_tenant"
    answer = await client.get(f"/own?tenant_id={ACME}", headers=bearer("homeless"))
    assert (answer.status_code, answer.json()["error"]) == (403, "foreign_tenant")


async def test_staff_must_name_a_company(client):
    answer = await client.get("/own", headers=bearer("staff"))
    assert (answer.status_code, answer.json()["error"]) == (400, "tenant_required")
    assert "?tenant_id=" in answer.json()["detail"]


@pytest.mark.parametrize("named", ["7", "", "%00", "null", ACME.hex, f"{{{ACME}}}"])
@pytest.mark.parametrize("who", ["staff", "user"])
async def test_a_tenant_id_that_is_no_uuid_is_400(client, who, named):
    answer = await client.get(f"/own?tenant_id={named}", headers=bearer(who))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "tenant_id")


async def test_a_repeated_tenant_id_is_400(client):
    answer = await client.get(f"/own?tenant_id={ACME}&tenant_id={OTHER}", headers=bearer("user"))
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "repeated")


async def test_a_remembered_query_does_not_carry_one_callers_rights_to_another(client):
    path = f"/own?tenant_id={OTHER}"
    assert (await client.get(path, headers=bearer("outsider"))).status_code == 200
    assert (await client.get(path, headers=bearer("outsider"))).status_code == 200
    assert (await client.get(path, headers=bearer("user"))).json()["error"] == "foreign_tenant"


async def test_elsewhere_tenant_id_is_an_unknown_parameter(client):
    answer = await client.get(f"/account?tenant_id={ACME}", headers=bearer("user"))
    assert answer.json()["errors"][0]["code"] == "unknown"


async def test_staff_reach_a_company_that_exists(connect, db: Database, settings):
    async with tenant_transaction(db, ACME) as conn:
        await conn.raw.execute(
            """
            INSERT INTO alquimista_platform.tenants (id, name, legal_name, cnpj, segment, plan, standing,
              time_zone, locale, currency, mrr_cents, plan_max_agents,
              plan_max_users, plan_max_requests_per_month, demo, created_at, updated_at)
            VALUES (%s, 'Acme', 'Acme', '11222333000181', 'retail', 'starter', 'active', 'America/Sao_Paulo', 'pt-BR',
              'BRL', 0, 3, 5, 10000, false, '2026-01-01Z', '2026-01-01Z')
            """,
            [ACME],
        )
    kept = Cache(ttl=60, max_age=60, topics=())
    table = (guarded("GET", "/own", scope=TenantScope.OWN), guarded("GET", "/kept", scope=TenantScope.OWN, cache=kept))
    client = connect(*table, db=db, settings=settings)
    assert (await client.get(f"/own?tenant_id={ACME}", headers=bearer("staff"))).json()["tenant"] == str(ACME)
    for missing in (OTHER, PLATFORM_TENANT, UUID(int=0)):
        answer = await client.get(f"/own?tenant_id={missing}", headers=bearer("staff"))
        assert (answer.status_code, answer.json()["error"]) == (404, "unknown_tenant")
    for _ in range(2):  # Each read is told to the tenant's audit by its handler, so none is answered from the cache.
        answer = await client.get(f"/kept?tenant_id={ACME}", headers=bearer("staff"))
        assert (answer.headers["cache-control"], answer.headers["x-cache-status"]) == ("no-store", "MISS")
        assert "etag" not in answer.headers


async def test_staff_are_told_when_the_database_is_down(client, impatient):
    answer = await client.get(f"/own?tenant_id={ACME}", headers=bearer("staff"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"scope": TenantScope.OWN}, "a public route touches no tenant"),
        ({"permission": Permission.USAGE_READ, "kinds": frozenset()}, "a permission needs a kind"),
    ],
)
def test_a_route_that_contradicts_itself_is_refused(make_app, fields, message):
    with pytest.raises(ValueError, match=message):
        make_app(route("GET", "/x", **fields))


async def test_the_locale_is_the_readers_choice_then_the_accounts_then_the_browsers(connect):
    async def authenticate(_context):
        return replace(ACTORS["user"], locale="pt-BR")

    async def locale_of(client, **headers):
        return (await client.get("/x", headers=headers)).json()["locale"]

    client = connect(route("GET", "/x"), authenticate=authenticate)
    assert await locale_of(client) == "en"
    assert await locale_of(client, authorization="Bearer x") == "pt-BR"
    assert await locale_of(client, authorization="Bearer x", cookie="a=b; lang=en") == "en"
    assert await locale_of(client, cookie="lang=fr") == "pt-BR"
    assert await locale_of(client, **{"accept-language": "fr"}) == "pt-BR"
