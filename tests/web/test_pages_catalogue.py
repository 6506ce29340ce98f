"""/app/company/catalogue: what staff see and change of prices, SubNúcleos and agents, and who may not."""

import re
from html import unescape

import pytest

from alquimista import clock
from alquimista.agents import service as agents
from alquimista.billing.models.catalogue import Tier
from alquimista.billing.service import catalogue
from factories import make_user
from support.identity import eventually
from web.reading import sign_in, text_of, token_of

HERE = "/app/company/catalogue"
CONTROL = re.compile(
    r"<input\b(?P<attributes>[^>]*)>|<(?P<tag>textarea|select)\b(?P<more>[^>]*)>(?P<inner>.*?)</(?P=tag)>", re.DOTALL
)
NAME, TYPE, VALUE = (re.compile(rf'\b{name}="([^"]*)"') for name in ("name", "type", "value"))


@pytest.fixture(scope="module")
async def staff(site):
    async with site.browser() as browser:
        await sign_in(browser, site.people["staff"])
        yield browser


def fields(html):
    """What the page's form would send, as pairs in their order: its texts, choices and ticked boxes."""
    form = max(re.findall(r"<form.*?</form>", html, re.DOTALL), key=len)
    found = []
    for one in CONTROL.finditer(form):
        tag, attributes, inner = one["tag"] or "input", one["more"] or one["attributes"], one["inner"]
        name, kind = NAME.search(attributes), TYPE.search(attributes)
        unticked = kind and kind[1] in {"checkbox", "radio"} and " checked" not in attributes
        if name is None or unticked or (kind and kind[1] == "submit"):
            continue
        value = VALUE.search(attributes)
        text = value[1] if value else ""
        if tag == "textarea":
            text = inner.removeprefix("\n")
        elif tag == "select":
            text = (re.search(r'value="([^"]*)" selected', inner) or VALUE.search(inner))[1]
        found.append((name[1], unescape(text)))
    return found


async def post(browser, path, html, *more, **changes):
    """Send the page's form with some fields otherwise."""
    pairs = [(name, changes.pop(name, value)) for name, value in fields(html)]
    data: dict[str, list[str]] = {}
    for name, value in (*pairs, *changes.items(), *more):
        data.setdefault(name, []).append(value)
    return await browser.post(path, data=data)


@pytest.mark.parametrize("path", ["", "/plans/starter/new-version", "/subnucleos", "/agents", "/agents/retencao"])
async def test_only_who_keeps_the_catalogue_opens_it(site, db, staff, path):
    assert (await staff.get(HERE + path)).status_code == 200
    support = await make_user(db, role="INTERNAL_SUPPORT")
    for person in (support, await make_user(db, site.people["admin"].tenant_id)):
        async with site.browser() as browser:
            await sign_in(browser, person)
            answer = await browser.get(HERE + path)
            assert answer.status_code in {303, 403}
            home = (await browser.get("/app", follow_redirects=True)).text
            assert f'href="{HERE}"' not in home
            refused = await browser.post(f"{HERE}/plans/starter/new-version", data={"_csrf": token_of(home)})
            assert refused.status_code == 403
    async with site.browser() as stranger:
        assert (await stranger.get(HERE + path)).headers["location"].startswith("/login?")


async def test_names_that_do_not_exist(staff):
    for path in ("/plans/none/new-version", "/other/starter/new-version", "/subnucleos/none", "/agents/none"):
        assert (await staff.get(HERE + path)).status_code == 404


async def test_a_plan_is_sold_at_a_new_price_after_a_review(site, db, staff):
    path = f"{HERE}/plans/starter/new-version"
    form = (await staff.get(path)).text
    assert ("price_monthly_cents", "297,00") in fields(form)
    assert ("max_requests_per_month", "10.000") in fields(form)
    changes = {"price_monthly_cents": "R$ 1.234,56", "price_yearly_cents": "12345", "features": "Um\r\n\r\n Dois "}
    review = await post(staff, path, form, ("step", "review"), **changes)
    shown = text_of(review.text)
    assert "R$297.00 R$1,234.56" in shown
    assert "Existing subscriptions keep what they have until they renew" in shown
    assert {one.version for one in await catalogue.plan_history(db.staff()) if one.name == "starter"} == {1}
    back = await post(staff, path, review.text, ("step", "edit"))
    assert ("price_monthly_cents", "R$ 1.234,56") in fields(back.text)
    saved = await post(staff, path, review.text, ("step", "confirm"))
    assert saved.headers["location"] == f"{HERE}?saved=starter#starter"
    plan = next(one for one in await catalogue.plans(db.staff(), clock.now()) if one.name == "starter")
    assert (plan.price_monthly_cents, plan.price_yearly_cents) == (123_456, 1_234_500)
    assert (plan.features, plan.version, plan.max_agents) == (("Um", "Dois"), 2, 8)
    listed = text_of((await staff.get(f"{HERE}?saved=starter")).text)
    assert "Saved." in listed
    assert re.search(r"2 On sale R\$1,234.56 .* 1 Over R\$297.00", listed)

    async def seen() -> int:
        return (await staff.get("/plans")).text.count("R$1,234.56")

    await eventually(seen, 1)


async def test_what_is_wrong_with_a_price_is_said_at_its_field(db, staff):
    path = f"{HERE}/plans/expert/new-version"
    form = (await staff.get(path)).text
    wrong = {
        "price_monthly_cents": "12.34",
        "price_yearly_cents": "-1",
        "max_users": "many",
        "display_name": "",
        "valid_from": "2020-01-01T10:00",
        "features": "x" * 101,
    }
    answer = await post(staff, path, form, ("step", "review"), **wrong)
    assert answer.status_code == 400
    for field in ("price_monthly_cents", "price_yearly_cents", "max_users", "display_name", "features"):
        assert f'id="error-{field}"' in answer.text, field
    past = await post(staff, path, form, ("step", "review"), max_users="26", valid_from="2020-01-01T10:00")
    assert 'id="error-valid_from"' in past.text
    same = await post(staff, path, form, ("step", "review"))
    assert "Nothing is changed yet" in text_of(same.text)
    hostile = await post(staff, path, form, ("step", "review"), description="<script>alert(1)</script>\0\x07")
    assert "<script>alert(1)" not in hostile.text
    assert "&lt;script&gt;" in hostile.text
    assert {one.version for one in await catalogue.plan_history(db.staff()) if one.name == "expert"} == {1}


async def test_tiers_are_rows_and_a_later_change_waits(db, staff):
    path = f"{HERE}/plans/profissional/new-version"
    form = (await staff.get(path)).text
    assert ("overage_tiers[0].up_to", "50.000") in fields(form)
    more = (await post(staff, path, form, ("add", "overage_tiers"))).text
    assert ("overage_tiers[2].per", "") in fields(more)
    third = {f"overage_tiers[2].{name}": value for name, value in (("per", "1.000"), ("price_cents", "5,9"))}
    wrong = await post(staff, path, more, ("step", "review"), **third)
    assert wrong.status_code == 400
    assert "only the last may have no end" in text_of(wrong.text)
    fewer = (await post(staff, path, more, ("remove", "overage_tiers[0]"))).text
    assert [value for name, value in fields(fewer) if name.endswith(".price_cents")] == ["11,90"]
    last = {"overage_tiers[0].per": "2.000", "overage_tiers[0].price_cents": "7,5"}
    review = await post(staff, path, fewer, ("step", "review"), **last, valid_from="2027-06-01T00:00")
    assert "It is sold from Jun 1, 2027, 12:00:00 AM (Brasília) on." in text_of(review.text)
    assert (await post(staff, path, review.text, ("step", "confirm"))).status_code == 303
    sold = next(one for one in await catalogue.plan_history(db.staff()) if one.name == "profissional")
    assert sold.valid_from.isoformat() == "2027-06-01T03:00:00+00:00"
    assert sold.overage_tiers == (Tier(2000, 750),)
    assert "Scheduled" in text_of((await staff.get(HERE)).text)
    assert "A change is set for" in text_of((await staff.get(path)).text)
    again = await post(staff, path, review.text, ("step", "confirm"), display_name="Outro")
    assert again.status_code == 409
    assert "A change is set for" in text_of(again.text)


async def test_an_addon_is_sold_at_a_new_price(db, staff):
    path = f"{HERE}/addons/agente-avulso/new-version"
    form = (await staff.get(path)).text
    review = await post(staff, path, form, ("step", "review"), price_monthly_cents="39,90")
    assert (await post(staff, path, review.text, ("step", "confirm"))).status_code == 303
    (addon,) = await catalogue.addons(db.staff(), clock.now())
    assert addon.price_monthly_cents == 3990


async def test_a_subnucleo_is_changed(db, staff):
    path = f"{HERE}/subnucleos/vendas"
    form = (await staff.get(path)).text
    saved = await post(staff, path, form, **{"part.vendas-ativas": "required", "part.retencao": "optional"})
    assert saved.status_code == 303, text_of(saved.text)
    one = next(each for each in await catalogue.subnucleos(db.staff()) if each.name == "vendas")
    assert set(one.required) == {"sdr-spin", "vendas-ativas"}
    assert set(one.optional) == {"cross-sell-e-upsell", "retencao"}
    nobody = {f"part.{slug}": "" for slug in one.agents}
    empty = await post(staff, path, (await staff.get(path)).text, **nobody, display_name="")
    assert empty.status_code == 400
    assert "Choose at least one agent." in text_of(empty.text)
    assert 'id="error-display_name"' in empty.text


async def test_an_agents_rules_need_a_version_of_their_own(db, staff):
    path = f"{HERE}/agents/retencao"
    form = (await staff.get(path)).text
    kept = await post(staff, path, form, description="Outra <b>frase</b>.")
    assert kept.status_code == 303, re.findall(r'id="error-([^"]*)"', kept.text)
    assert kept.headers["location"] == f"{HERE}/agents?saved=retencao#retencao"
    changed = {"functions[0].name": "ouvir", "never[0].text": "Nunca <i>insiste</i>."}
    form = (await staff.get(path)).text
    refused = await post(staff, path, form, **changed)
    assert refused.status_code == 400
    assert "such as 1.1.0" in text_of(refused.text)
    saved = await post(staff, path, refused.text, version="1.1.0")
    assert saved.status_code == 303, text_of(saved.text)
    agent = next(one for one in await agents.catalogue(db.staff()) if one.slug == "retencao")
    assert (agent.version, agent.description) == ("1.1.0", "Outra <b>frase</b>.")
    assert agent.definition.functions[0].name == "ouvir"
    old = [one for one in agent.definition.confirm if "perguntar-motivo" in one.before]
    assert old == []  # What waits for a confirmation follows the new name.
    taken = await post(staff, path, (await staff.get(path)).text, version="1.0.0", **{"persona.tone": "outro"})
    assert taken.status_code == 409
    assert 'id="error-version"' in taken.text


async def test_rows_of_rules_come_and_go_and_their_mistakes_are_said(db, staff):
    path = f"{HERE}/agents/cobranca"
    before = next(one for one in await agents.catalogue(db.staff()) if one.slug == "cobranca").definition
    form = (await staff.get(path)).text
    more = (await post(staff, path, form, ("add", "never"))).text
    row = f"never[{len(before.never)}]"
    wrong = {f"{row}.rule": before.never[0].rule, f"{row}.text": "", f"{row}.instead": "Não posso."}
    answer = await post(
        staff, path, more, **wrong, version="2.0.0", **{"limits.offers": "x", "functions[0].name": "A b"}
    )
    assert answer.status_code == 400
    for field in (f"{row}.rule", "limits.offers", "functions[0].name"):
        assert f'id="error-{field}"' in answer.text, field
    fewer = (await post(staff, path, more, ("remove", "never[0]"))).text
    saved = await post(staff, path, fewer, version="2.0.0")
    assert saved.status_code == 303, text_of(saved.text)
    after = next(one for one in await agents.catalogue(db.staff()) if one.slug == "cobranca").definition
    assert after.never == before.never[1:]
    assert after.functions == before.functions
    assert (after.confirm, after.hand_over) == (before.confirm, before.hand_over)
