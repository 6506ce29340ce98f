"""People from the door to their figures: invited, signed up, kept out and let in again, and away for too long."""

import re
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.async_api import expect

from support.installation import span_of
from web.journeys.steps import mailed, sign_in

pytestmark = pytest.mark.browser
PASSWORD = "Jornada-2026-segura"
AT_ONCE = 8_000  # Milliseconds: a browser comes back to a stream that has ended after three seconds.
LOGIN = re.compile(r"/login")


def menu_of(page):
    return page.get_by_role("navigation", name="Principal")


async def places_of(page):
    """Where the navigations of a page lead, as they are read."""
    await expect(menu_of(page)).to_be_visible()
    names = await page.get_by_role("navigation").get_by_role("link").all_inner_texts()
    return {name.strip() for name in names}


async def test_who_is_invited_sees_the_companys_figures_and_not_the_administrators_menu(home, enter):
    person = {"email": "iara.prado@clinica-vitoria-regia.example", "password": PASSWORD}
    admin = await enter(home.demo.user("TENANT_ADMIN"))
    await admin.goto("/app/dashboard/settings/users")
    await admin.get_by_role("button", name="Convidar").click()
    dialog = admin.get_by_role("dialog")
    await dialog.get_by_label("E-mail").fill(person["email"])
    await dialog.get_by_label("Papel").select_option("TENANT_USER")
    await dialog.get_by_role("button", name="Enviar o convite").click()
    await admin.wait_for_url("**/users/invitations**")
    await expect(admin.get_by_role("main")).to_contain_text(person["email"])

    page = await enter()
    await page.goto(await mailed(page, person["email"], "/accept-invitation"))
    await expect(page.get_by_role("main")).to_contain_text("Clínica Vitória-Régia")
    await page.get_by_label("Seu nome").fill("Iara Prado")
    await page.get_by_label("Senha", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Aceitar e ir para o login").click()
    await page.wait_for_url(LOGIN)
    await sign_in(page, person)
    await page.wait_for_url("**/app/dashboard")

    await menu_of(page).get_by_role("link", name="Consumo").click()
    await page.get_by_role("link", name="7 dias").click()
    await page.wait_for_url("**/app/dashboard/usage?**period=7d**")
    with home.demo.api() as api:
        usage = api.get("/tenant/usage", params={"period": "7d"}).json()
    requests = home.recount(home.demo.api_keys[0]["tenant_id"], *span_of(usage))[0]
    assert usage["summary"]["total_requests"] == requests > 100
    figures = page.get_by_role("region", name="Indicadores").get_by_role("article")
    figure = figures.filter(has=page.get_by_role("heading", name="Requisições"))
    await expect(figure).to_contain_text(f"{requests:,}".replace(",", "."))

    for somebody in (page, admin):
        await somebody.goto("/account/profile")  # Beside the menu, the tabs of what may be set.
    theirs, admins = await places_of(page), await places_of(admin)
    assert {"Visão geral", "Consumo", "Agentes", "Perfil"} <= theirs
    assert {"Plano e faturas", "Usuários", "Chaves de API", "Auditoria"} <= admins - theirs
    for path in ("/app/billing", "/app/dashboard/settings/users", "/app/company"):
        answer = await page.goto(path)
        assert answer is not None
        assert answer.status == 403 or page.url.endswith("/app/dashboard?error=forbidden"), path


async def test_a_stranger_signs_up_confirms_and_meets_the_first_steps_and_an_empty_overview(home, enter):
    person = {"email": "dona@padaria-do-largo.example", "password": PASSWORD}
    page = await enter()
    await page.goto("/login")
    await page.get_by_role("link", name="Abrir uma conta").click()
    await page.get_by_label("Seu nome").fill("Rosa Quintela")
    await page.get_by_label("E-mail").fill(person["email"])
    await page.get_by_role("button", name="Enviar o link").click()
    await expect(page.get_by_role("link", name="Caixa de saída local").first).to_be_visible()
    await page.goto(await mailed(page, person["email"], "/confirm-signup"))
    await page.get_by_label("Nome da empresa").fill("Padaria do Largo")
    await page.get_by_label("CNPJ").fill("11.444.777/0001-61")
    await page.get_by_label("Ramo de atividade").fill("Alimentação")
    await page.get_by_label("Senha", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Abrir a conta").click()
    await page.wait_for_url(LOGIN)
    await sign_in(page, person)
    await page.wait_for_url("**/app/dashboard/welcome")
    main = page.get_by_role("main")
    await expect(main.get_by_role("navigation").get_by_role("listitem").first).to_be_visible()  # The first steps.
    await menu_of(page).get_by_role("link", name="Visão geral").click()
    await expect(main.get_by_role("heading", name="Visão geral", level=1)).to_be_visible()
    await expect(main).to_contain_text("Padaria do Largo")
    await expect(main).to_contain_text("Nenhum agente ainda")
    await expect(main).to_contain_text("Tudo tranquilo")


async def test_a_suspended_companys_people_are_sent_out_at_once_and_come_back_when_it_is_let_in(home, enter):
    key = home.demo.api_keys[1]
    user = home.demo.user("TENANT_USER", key["tenant_id"])
    page = await enter(user)
    await page.goto("/app/dashboard?period=7d")
    still = await page.context.new_page()  # No part of it asks by itself for what is new.
    await still.goto("/app/dashboard/integrations")
    staff = await enter(home.demo.user("INTERNAL_ADMIN"))
    await staff.goto("/app/company/tenants")
    await staff.get_by_role("searchbox").fill("aurora")
    await staff.wait_for_url("**search=aurora**")
    await staff.get_by_role("link", name="Transportes Aurora (demo)").click()
    await staff.get_by_role("link", name="Suspender").click()
    await staff.get_by_label("Motivo").fill("Fraude em apuração")
    await staff.get_by_role("button", name="Suspender o cliente").click()
    await expect(staff.get_by_role("status").filter(has_text="O cliente está suspenso")).to_be_visible()

    for tab in (page, still):  # The stream ends, and every tab is sent out.
        await tab.wait_for_url(LOGIN, timeout=AT_ONCE)
    await still.close()
    with home.demo.api(1) as api:
        assert api.get("/tenant/usage").status_code in {401, 403}
    await sign_in(page, user)
    await expect(page.get_by_role("alert")).to_be_visible()
    assert "/login" in page.url

    await staff.get_by_role("button", name="Liberar o acesso").click()
    await staff.get_by_role("dialog").get_by_role("button", name="Liberar o acesso").click()
    await expect(staff.get_by_role("status").filter(has_text="O cliente voltou a ter acesso.")).to_be_visible()
    await sign_in(page, user)
    await page.wait_for_url("**/app/dashboard?period=7d")
    await expect(page.get_by_role("main").get_by_role("heading", level=1)).to_have_text("Visão geral")
    with home.demo.api(1) as api:
        assert api.get("/tenant/usage").status_code == httpx.codes.OK


async def test_a_session_warns_before_it_ends_and_one_that_was_ended_leads_back_to_the_same_page(home, enter):
    user = home.demo.user("TENANT_ADMIN", home.demo.api_keys[2]["tenant_id"])
    page = await enter(user)
    await page.route(
        re.compile(r"/(live|stream)\b"), lambda route: route.abort()
    )  # What asks by itself is sent out first.
    await page.clock.install()
    await page.goto("/app/dashboard?period=7d&sort=name&order=asc")
    dialog = page.get_by_role("dialog", name="Você ainda está aí?")
    await page.clock.fast_forward("58:30")
    await expect(dialog).to_be_visible()
    await dialog.get_by_role("button", name="Continuar conectado").click()
    await expect(dialog).to_be_hidden()

    other = await enter(user)
    await other.goto("/account/sessions")
    await other.get_by_role("button", name="Encerrar todas as outras").first.click()
    await other.get_by_role("dialog").get_by_role("button", name="Encerrar todas as outras").click()
    await expect(other.get_by_role("button", name="Encerrar todas as outras")).to_have_count(0)
    await page.get_by_role("link", name="30 dias").click()
    await page.wait_for_url(LOGIN)
    asked = parse_qs(urlsplit(page.url).query)
    assert asked["expired"] == ["true"]
    back = asked["redirect"][0]
    await sign_in(page, user)
    await page.wait_for_url(f"**{back}")
    shown = parse_qs(urlsplit(page.url).query)
    assert urlsplit(page.url).path == "/app/dashboard"
    assert (shown["sort"], shown["order"]) == (["name"], ["asc"])
    await expect(page.get_by_role("navigation", name="Período")).to_be_visible()
