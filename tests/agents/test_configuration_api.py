"""What a company sets of its agents, over HTTP: validated, one editor at a time, audited, nobody else's business."""

import asyncio

import msgspec
import pytest

import factories
from alquimista.access import Role
from alquimista.agents import service
from alquimista.agents.models.definitions import EXAMPLE
from alquimista.agents.models.settings import BooleanSetting, NumberSetting
from alquimista.clock import new_id, now
from alquimista.db.statement import NoRow, Statement
from alquimista.db.tenancy import tenant_transaction
from support.whole import whole

RULES = msgspec.structs.replace(
    EXAMPLE,
    configuration=(
        *EXAMPLE.configuration,
        NumberSetting(name="parcelas", label="Parcelas", minimum=1, maximum=12, default=3, whole=True),
        BooleanSetting(name="lembrete", label="Lembrete", default=True),
    ),
)
DEFAULTS = {"assinatura": "", "parcelas": 3, "lembrete": True}
SUSPEND = Statement(
    """
    UPDATE alquimista_platform.tenant_agents SET status = 'suspended', updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s
    """,
    NoRow,
)


class Change(msgspec.Struct, frozen=True):
    actor_email: str
    details: dict[str, object]


CHANGES = Statement(
    """
    SELECT p.actor_email, p.details FROM alquimista_platform.audit_logs AS a
    JOIN alquimista_platform.audit_personal AS p ON p.tenant_id = a.tenant_id AND p.entry_id = a.id
    WHERE a.tenant_id = %(tenant_id)s AND a.action = 'agent.configured' ORDER BY a.occurred_at, a.id
    """,
    Change,
)


@pytest.fixture(scope="module")
async def process(settings):
    async with whole(settings) as running:
        yield running


@pytest.fixture
async def company(db, process):
    """The tenant, its agent, and clients of an administrator, a teammate, staff and another company."""
    tenant, other = await factories.make_tenant(db), await factories.make_tenant(db)
    agent = (await factories.make_agent(db, definition=RULES)).id
    await factories.activate_agent(db, tenant.id, agent)
    people = {
        "admin": await factories.make_user(db, tenant.id),
        "user": await factories.make_user(db, tenant.id, role=Role.TENANT_USER),
        "staff": await factories.make_user(db),
        "support": await factories.make_user(db, role=Role.INTERNAL_SUPPORT),
        "other": await factories.make_user(db, other.id),
    }
    clients = {name: process.client(await process.token(one.email, one.password)) for name, one in people.items()}
    yield tenant, agent, clients, people
    for client in clients.values():
        await client.aclose()


def path(agent):
    return f"/tenant/agents/{agent}/config"


async def test_before_anything_is_set_the_defaults_hold_and_the_fields_are_told(company):
    _, agent, clients, _ = company
    found = (await clients["admin"].get(path(agent))).json()
    assert (found["version"], found["config"], found["in_force"]) == (1, {}, DEFAULTS)
    assert [(one["type"], one["name"]) for one in found["settings"]] == [
        ("text", "assinatura"),
        ("number", "parcelas"),
        ("boolean", "lembrete"),
    ]


async def test_a_change_is_in_force_and_in_the_audit_as_before_and_after(company, db):
    tenant, agent, clients, people = company
    body = {"version": 1, "config": {"assinatura": "Equipe Aurora", "parcelas": 5}}
    answer = await clients["admin"].put(path(agent), json=body)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["version"], answer.json()["config"]) == (2, body["config"])
    assert answer.json()["in_force"] == {"assinatura": "Equipe Aurora", "parcelas": 5, "lembrete": True}
    again = await clients["admin"].put(path(agent), json=body | {"version": 2})
    assert again.json()["version"] == 2, "the same once more is no change"
    await clients["admin"].put(path(agent), json={"version": 2, "config": {"parcelas": 6}})
    rows = await db.tenant(tenant.id).fetch(CHANGES, tenant_id=tenant.id)
    assert [row.details for row in rows] == [
        {
            "version": 2,
            "before": {"assinatura": None, "parcelas": None},
            "after": {"assinatura": "Equipe Aurora", "parcelas": 5},
        },
        {
            "version": 3,
            "before": {"assinatura": "Equipe Aurora", "parcelas": 5},
            "after": {"assinatura": None, "parcelas": 6},
        },
    ]
    assert {row.actor_email for row in rows} == {people["admin"].email}


async def test_of_two_editors_one_is_told_to_read_again(company):
    _, agent, clients, _ = company
    bodies = [{"version": 1, "config": {"parcelas": number}} for number in range(1, 9)]
    answers = await asyncio.gather(*(clients["admin"].put(path(agent), json=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    assert {a.json()["error"] for a in answers if a.status_code == 409} == {"agent_configuration_changed"}
    won = next(answer for answer in answers if answer.status_code == 200)
    assert (await clients["admin"].get(path(agent))).json() == won.json()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"version": 1, "config": {"parcelas": 13}}, "config.parcelas"),
        ({"version": 1, "config": {"parcelas": "3"}}, "config.parcelas"),
        ({"version": 1, "config": {"assinatura": "a\u0000"}}, "config.assinatura"),
        ({"version": 1, "config": {"cor": "azul"}}, "config.cor"),
        ({"version": 0, "config": {}}, "version"),
        ({"config": {}}, "version"),
        ({"version": 1}, "config"),
        ({"version": 1, "config": []}, "config"),
        ({"version": 1, "config": {"parcelas": None}}, None),
        ({"version": 1, "config": {"parcelas": {"a": 1}}}, None),
        ({"version": 1, "config": {f"a{n}": 1 for n in range(41)}}, "config"),
        ({"version": 1, "config": {"A b": 1}}, None),
        ({"version": 1, "config": {}, "status": "active"}, "status"),
    ],
)
async def test_wrong_input_is_400_with_the_field(company, body, field):
    _, agent, clients, _ = company
    answer = await clients["admin"].put(path(agent), json=body)
    assert answer.status_code == 400, answer.text
    errors = answer.json()["errors"]
    assert errors[0]["reason"]
    assert field is None or errors[0]["field"] == field
    assert (await clients["admin"].get(path(agent))).json()["config"] == {}


async def test_who_reads_and_who_writes(company, db, process):
    tenant, agent, clients, _ = company
    of_tenant = {"tenant_id": str(tenant.id)}
    body = {"version": 1, "config": {}}
    assert (await clients["user"].get(path(agent))).status_code == 200
    assert (await clients["user"].put(path(agent), json=body)).status_code == 403
    assert (await clients["support"].get(path(agent), params=of_tenant)).status_code == 200
    assert (await clients["support"].put(path(agent), params=of_tenant, json=body)).status_code == 403
    assert (await clients["staff"].put(path(agent), params=of_tenant, json=body)).status_code == 200
    assert (await clients["other"].get(path(agent))).status_code == 404
    assert (await clients["other"].put(path(agent), json=body)).status_code == 404
    assert (await clients["other"].get(path(agent), params=of_tenant)).status_code == 403
    for unknown in (new_id(), (await factories.make_agent(db)).id):
        assert (await clients["admin"].get(path(unknown))).status_code == 404
        assert (await clients["admin"].post(f"/tenant/agents/{unknown}/deactivate")).status_code == 404
    async with process.client(await factories.make_api_key(db, tenant.id, scopes=("read",))) as key:
        assert (await key.get(path(agent))).status_code == 200
        assert (await key.put(path(agent), json=body)).status_code == 403


async def test_a_suspended_agent_is_neither_set_nor_switched_off(company, db):
    tenant, agent, clients, _ = company
    await db.tenant(tenant.id).execute(SUSPEND, tenant_id=tenant.id, now=now())
    answer = await clients["admin"].put(path(agent), json={"version": 1, "config": {"parcelas": 4}})
    assert (answer.status_code, answer.json()["error"]) == (409, "agent_suspended")
    answer = await clients["admin"].post(f"/tenant/agents/{agent}/deactivate")
    assert (answer.status_code, answer.json()["error"]) == (409, "agent_suspended")
    assert [one.status for one in await service.list_agents(db.tenant(tenant.id), tenant.id)] == ["suspended"]


async def test_an_agent_on_trial_is_switched_off_by_its_trial(company, db):
    tenant, _, clients, _ = company
    tried = (await factories.make_agent(db)).id
    async with tenant_transaction(db, tenant.id) as conn:
        await service.begin_trial(conn, None, tenant.id, tried, now())
    answer = await clients["admin"].post(f"/tenant/agents/{tried}/deactivate")
    assert (answer.status_code, answer.json()["error"]) == (409, "agent_on_trial")


async def test_an_agent_without_rules_has_nothing_to_set(company, db):
    tenant, _, clients, _ = company
    plain = await factories.activate_agent(db, tenant.id)
    found = (await clients["admin"].get(path(plain))).json()
    assert (found["settings"], found["in_force"]) == ([], {})
    answer = await clients["admin"].put(path(plain), json={"version": 1, "config": {"assinatura": "x"}})
    assert answer.status_code == 400
