"""What a company's agents and systems publish through POST /events reaches its own systems, types of its own too."""

import pytest

import factories
from alquimista.webhooks.models.endpoints import clean_types

OWN = "clinica.consulta_marcada"
BODY = {"source": "nigredo.agenda", "type": OWN, "detail": {"consulta": "77"}, "id": "consulta-77"}


@pytest.fixture
async def publish(db, process, company):
    """Publish as a system of the company's does; the event's id."""
    key = await factories.make_api_key(db, company.id, scopes=("events",))

    async def send(**more):
        async with process.client(key) as client:
            answer = await client.post("/events", json=BODY | more)
        assert answer.status_code == 202, answer.text
        return answer.json()["eventId"]

    return send


async def test_an_event_of_a_type_of_ones_own_arrives_signed_under_its_id_and_once(company, receiver, publish, deliver):
    made = await company.webhook(receiver.url("/own"), OWN)
    await company.webhook(receiver.url("/all"))
    await company.webhook(receiver.url("/other"), "clinica.consulta_desmarcada", "lead.recebido")
    event_id = await publish()
    assert await publish() == event_id, "sent again, it is the same event"
    await deliver(company.id)
    assert sorted((one.path, one.id) for one in receiver.got) == [("/all", event_id), ("/own", event_id)]
    (message,) = [one for one in receiver.got if one.path == "/own"]
    assert message.signed_by(made["secret"])
    assert (message.json["type"], message.json["data"]) == (OWN, {"consulta": "77"})


async def test_a_receiver_that_was_away_gets_it_after_a_replay(company, receiver, publish, deliver):
    made = await company.webhook(receiver.url(), OWN)
    receiver.answers = [410]
    event_id = await publish()
    await deliver(company.id)
    (delivery,) = await company.deliveries(made["webhook"]["id"])
    assert delivery["state"] == "failed"
    path = f"/tenant/webhooks/{made['webhook']['id']}"
    assert (await company.admin.patch(path, json={"enabled": True})).status_code == 200, "its answer had disabled it"
    assert (await company.admin.post(f"{path}/deliveries/{delivery['id']}/replay")).status_code in {200, 202}
    await deliver(company.id)
    assert {one.id for one in receiver.got} == {event_id}
    assert [one["state"] for one in await company.deliveries(made["webhook"]["id"])] == ["delivered"]


async def test_an_agent_that_hands_over_is_told_to_the_companys_systems(company, receiver, publish, deliver):
    await company.webhook(receiver.url(), "atendimento.escalate_human")
    await publish(type="atendimento.escalate_human", detail={"reason": "pede uma pessoa", "lead_id": "9"})
    await deliver(company.id)
    assert [one.json["data"]["lead_id"] for one in receiver.got] == ["9"]


async def test_what_agents_say_to_one_another_is_asked_for_in_vain(company, receiver):
    for wrong in ("intencao.detectada", "recebimento.completed", "nada", "Um.Tipo", "um.tipo; outro"):
        body = {"url": receiver.url(), "event_types": [wrong]}
        answer = await company.admin.post("/tenant/webhooks", json=body)
        assert answer.status_code in {400, 422}, (wrong, answer.text)


def test_types_of_ones_own_stand_beside_the_known_ones():
    assert clean_types(["lead.recebido", OWN, OWN]) == [OWN, "lead.recebido"]
    assert clean_types([OWN, "*"]) == ["*"]
