"""/app/trials: one conversation with a model on a real socket, as the page of a browser without scripts shows it."""

import re
from datetime import timedelta
from html import unescape
from uuid import UUID, uuid4

import pytest
from starlette.responses import JSONResponse, Response

from alquimista import clock
from alquimista.access import Actor, ActorKind, Role
from alquimista.agents import service as agents
from alquimista.billing.service import catalogue
from alquimista.db.tenancy import tenant_transaction
from alquimista.trials import service
from alquimista.trials.gateway import ChatModel
from alquimista.trials.models.trials import TargetType
from factories import make_tenant, make_user
from support.model import answered_by, completion, running_model
from web.reading import send, sign_in, text_of, token_of


@pytest.fixture(scope="module")
async def endpoint():
    async with running_model() as running:
        yield running


@pytest.fixture(scope="module")
def site_settings(settings, endpoint):
    return answered_by(endpoint, settings)


@pytest.fixture
def model(endpoint):
    endpoint.failing = None
    endpoint.asked.clear()
    return endpoint


@pytest.fixture(scope="module")
async def ids(site, db):
    found = {one.slug: str(one.id) for one in await agents.catalogue(db.staff()) if one.definition}
    return found | {f"sub:{one.name}": str(one.id) for one in await catalogue.subnucleos(db.staff())}


@pytest.fixture
async def person(site, db):
    """Somebody of a company of their own, signed in."""
    user = await make_user(db, (await make_tenant(db)).id, role="TENANT_USER")
    async with site.browser() as browser:
        await sign_in(browser, user)
        yield browser


def hidden(html):
    """The conversation that the form sends back."""
    found = re.findall(r'<input type="hidden" name="(said|answered)" value="(.*?)">', html, re.DOTALL)
    return {name: [unescape(text) for key, text in found if key == name] for name in ("said", "answered")}


async def begin(browser, path):
    started = await send(browser, path, f"{path}/start")
    assert (started.status_code, started.headers["location"]) == (303, path)
    return (await browser.get(path)).text


async def say(browser, path, html, message, **headers):
    fields = {"_csrf": token_of(html), "message": message, **hidden(html)}
    return await browser.post(f"{path}/messages", data=fields, headers=headers)


async def test_a_conversation_of_five_messages_and_the_way_on(person, model, ids):
    path = f"/app/trials/agent/{ids['retencao']}"
    html = await begin(person, path)
    assert "Messages left: 5 of 5 23 h 59 min left" in text_of(html)
    for number in range(1, 6):
        answer = await say(person, path, html, f"Pergunta {number}")
        assert answer.status_code == 200, answer.text
        html = answer.text
        assert f"Agent: Resposta {number}" in text_of(html)
    assert [one["content"] for one in model.asked[-1]["messages"]][1:4] == ["Pergunta 1", "Resposta 1", "Pergunta 2"]
    assert "You have used the messages of this trial." in html
    assert f'href="/app/billing/plan?agents={ids["retencao"]}"' in html
    over = await say(person, path, (await person.get(path)).text, "Mais uma")
    assert over.status_code == 403
    assert len(model.asked) == 5


async def test_what_the_model_writes_is_a_text_and_keeps_its_lines(person, model, ids):
    path = f"/app/trials/agent/{ids['cobranca']}"
    html = await begin(person, path)
    model.failing = JSONResponse(completion('<script>alert(1)</script>\n"linha 2" <img src=x>'))
    answer = await say(person, path, html, "<b>oi</b>\r\ntudo bem?")
    assert "<script>alert" not in answer.text
    assert "<img src=x" not in answer.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\n" in answer.text
    assert hidden(answer.text)["said"] == ["<b>oi</b>\ntudo bem?"]
    assert model.asked[-1]["messages"][-1]["content"] == "<b>oi</b>\ntudo bem?"


async def test_a_script_gets_the_part_alone(person, model, ids):
    path = f"/app/trials/agent/{ids['seguros']}"
    html = await begin(person, path)
    model.failing = Response("no", 400)
    answer = await say(person, path, html, "Oi", **{"hx-request": "true"})
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<section id="trial"')


async def test_a_model_that_fails_costs_no_message_and_the_message_stays(person, model, ids):
    path = f"/app/trials/agent/{ids['telemedicina']}"
    html = await begin(person, path)
    model.failing = Response("no", 500)
    answer = await say(person, path, html, "Está aí?")
    assert answer.status_code == 503
    assert "The message was not counted" in text_of(answer.text)
    assert "Está aí?</textarea>" in answer.text
    assert "Messages left: 5 of 5" in text_of(answer.text)


async def test_without_a_model_the_page_says_who_must_set_what(site, person, ids, monkeypatch):
    path = f"/app/trials/agent/{ids['ead']}"
    html = await begin(person, path)
    monkeypatch.setattr(site.services.get(ChatModel), "_http", None)
    answer = await say(person, path, html, "Oi")
    assert answer.status_code == 503
    said = text_of(answer.text)
    assert "Whoever runs this installation sets ALQUIMISTA_MODEL_BASE_URL and ALQUIMISTA_MODEL_NAME" in said
    assert "Messages left: 5 of 5" in said


@pytest.mark.parametrize(
    ("message", "said"), [("  \r\n ", "Write a message first."), ("x" * 5001, "A message has at most 5000 characters.")]
)
async def test_a_wrong_message_is_said_and_not_sent(person, model, ids, message, said):
    path = f"/app/trials/agent/{ids['turismo']}"
    html = await begin(person, path)
    answer = await say(person, path, html, message)
    assert (answer.status_code, said in text_of(answer.text)) == (400, True)
    assert model.asked == []


async def test_a_long_answer_is_shown_whole_and_remembered_within_bounds(person, model, ids):
    path = f"/app/trials/agent/{ids['juridico']}"
    html = await begin(person, path)
    model.failing = JSONResponse(completion("á" * 9000))
    answer = await say(person, path, html, "Fale muito")
    assert len(hidden(answer.text)["answered"][0]) == 9000
    model.failing = None
    assert (await say(person, path, answer.text, "E agora?")).status_code == 200
    assert len(model.asked[-1]["messages"][2]["content"]) == 5000


async def test_a_subnucleo_whose_day_is_over_leads_to_sales(site, db, ids):
    user = await make_user(db, (await make_tenant(db)).id)
    actor = Actor(ActorKind.SESSION, frozenset(), Role.TENANT_ADMIN, user.id, user.tenant_id)
    bundle, yesterday = UUID(ids["sub:vendas"]), clock.now() - timedelta(hours=25)
    async with tenant_transaction(db, user.tenant_id) as conn:
        await service.start(conn, actor, TargetType.SUBNUCLEO, bundle, yesterday)
    async with site.browser() as browser:
        await sign_in(browser, user)
        html = (await browser.get(f"/app/trials/subnucleo/{bundle}")).text
    assert "The day of this trial is over." in html
    assert f'href="/contact?subnucleos={bundle}"' in html


async def test_who_may_try(site, ids, db, person):
    path = f"/app/trials/agent/{ids['retencao']}"
    async with site.browser() as browser:
        await sign_in(browser, site.people["staff"])
        answer = await browser.get(path)
        assert "Trials are for customers" in text_of(answer.text)
        refused = await browser.post(f"{path}/start", data={"_csrf": token_of(answer.text)})
        assert refused.status_code == 403
    forged = await person.post(f"{path}/start", data={"_csrf": "0" * 64})
    assert forged.status_code == 403
    assert (await person.get(f"/app/trials/agent/{uuid4()}")).status_code == 404
    assert (await person.get(f"/app/trials/other/{ids['retencao']}")).status_code == 404
    unknown = await person.post(
        f"/app/trials/agent/{uuid4()}/start", data={"_csrf": token_of((await person.get(path)).text)}
    )
    assert unknown.status_code == 404
