"""A stranger asks the sales team: what is stored, what is mailed, and what is refused."""

from uuid import UUID

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stdnum.br import cnpj as cnpj_rules

from alquimista import clock
from alquimista.access import PLATFORM_TENANT
from alquimista.clock import new_id
from alquimista.commercial import service
from alquimista.commercial.models import CommercialContact
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Invalid

ROW = (
    "SELECT tenant_id, company_name, cnpj, contact_name, email, whatsapp, selected_agents, selected_subnucleos,"
    " message, status FROM public.commercial_requests WHERE id = %s"
)
MAIL = (
    "SELECT recipient, subject, body_text, body_html, tenant_id, id FROM alquimista_platform.mails"
    " WHERE body_text LIKE '%%' || %s || '%%'"
)
JOBS = (
    "SELECT count(*) FROM alquimista_platform.job_queue"
    " WHERE entrypoint = 'notifications.deliver' AND convert_from(payload, 'UTF8') LIKE '%%' || %s || '%%'"
)
COUNTS = "SELECT (SELECT count(*) FROM public.commercial_requests), (SELECT count(*) FROM alquimista_platform.mails)"


async def offered(client, path, items):
    return [one["id"] for one in (await client.get(path)).json()[items]]


async def test_a_request_is_stored_and_mailed(process, contact, sql):
    async with process.client() as client:
        agents = await offered(client, "/api/agents", "agents")
        subnucleos = await offered(client, "/api/billing/subnucleos", "subnucleos")
    answer = await contact(
        cnpj="12.abc.345/01de-35",
        selectedAgents=[agents[2], agents[0], agents[2]],
        selectedSubnucleos=subnucleos[:1],
        message="  Temos três unidades.\r\nQuando podemos falar? ",
    )
    assert answer.status_code == 201, answer.text
    assert (set(answer.json()), answer.json()["status"]) == ({"id", "status"}, "pending")
    assert answer.headers["x-ratelimit-limit"] == "3"
    assert await sql(ROW, answer.json()["id"]) == [
        (
            PLATFORM_TENANT,
            "Clínica Aurora",
            "12ABC34501DE35",
            "Ana Souza",
            "ana@empresa.com.br",
            "+5511987654321",
            [UUID(agents[2]), UUID(agents[0])],
            [UUID(subnucleos[0])],
            "Temos três unidades.\nQuando podemos falar?",
            "pending",
        )
    ]
    [(recipient, subject, text, html, tenant, mail_id)] = await sql(MAIL, answer.json()["id"])
    assert (recipient, subject, tenant) == (
        "vendas@example.com",
        "Pedido de proposta: Clínica Aurora",
        PLATFORM_TENANT,
    )
    for said in ("12ABC34501DE35", "Ana Souza", "ana@empresa.com.br", "+5511987654321", "Temos três unidades."):
        assert said in text
        assert said in html
    assert await sql(JOBS, str(mail_id)) == [(1,)]


async def test_the_optional_fields_may_be_left_out_or_empty(contact, sql):
    for changes in ({}, {"cnpj": None}, {"cnpj": " ", "message": "", "selectedAgents": [], "selectedSubnucleos": []}):
        answer = await contact(**changes)
        assert answer.status_code == 201, answer.text
        assert (await sql(ROW, answer.json()["id"]))[0][2] is None


async def test_without_an_address_of_the_sales_team_the_request_is_stored_alone(db, sql, process):
    requests, mails = (await sql(COUNTS))[0]
    sent = CommercialContact("Aurora", "Ana", "ana@example.com", "+5511987654321")
    async with tenant_transaction(db, PLATFORM_TENANT) as conn:
        await service.receive(conn, sent, "", clock.now())
    assert await sql(COUNTS) == [(requests + 1, mails)]


async def test_what_is_not_mailed_is_not_stored(db, sql, process):
    before = await sql(COUNTS)
    sent = CommercialContact("Aurora", "Ana", "ana@example.com", "+5511987654321")
    with pytest.raises(psycopg.errors.CheckViolation, match="mails_recipient_check"):
        async with tenant_transaction(db, PLATFORM_TENANT) as conn:
            await service.receive(conn, sent, "nobody", clock.now())
    assert await sql(COUNTS) == before


async def test_hostile_text_stays_text_in_the_mail(contact, sql):
    hostile = '<script>alert(1)</script> {name} %(id)s "; DROP TABLE x; --'
    answer = await contact(
        companyName=hostile,
        contactName="{0.__class__} <img src=x onerror=alert(1)>",
        message=f"{hostile}\n.\nBcc: everyone@example.com\n\n-- \nSent by the bank",
    )
    assert answer.status_code == 201, answer.text
    [(_, subject, text, html, *_)] = await sql(MAIL, answer.json()["id"])
    assert subject == f"Pedido de proposta: {hostile}"
    assert "<script" not in html
    assert "<img" not in html
    assert "{0.__class__} <img src=x onerror=alert(1)>, da empresa" in text
    # What was typed cannot begin a line: neither a header nor a signature can be made of it.
    assert not any(line.startswith(("Bcc", ".", "-- ")) for line in text.splitlines())


@pytest.mark.parametrize("name", ["companyName", "contactName"])
async def test_a_name_of_the_full_length_is_stored_and_mailed(contact, sql, name):
    answer = await contact(**{name: "é" * 200, "message": "ç" * 5000})
    assert answer.status_code == 201, answer.text
    [(_, subject, text, *_)] = await sql(MAIL, answer.json()["id"])
    assert len(subject) <= 200
    assert "ç" * 5000 in text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("companyName", ""),
        ("companyName", "   "),
        ("companyName", "x" * 201),
        ("companyName", "Aurora\nBcc: everyone@example.com"),
        ("companyName", "Aurora\u0000"),
        ("companyName", "Aurora\u202e"),
        ("companyName", "Aurora\u001b[31m"),
        ("companyName", ["Aurora"]),
        ("companyName", None),
        ("contactName", ""),
        ("contactName", "\u200b"),
        ("contactName", "Ana\r"),
        ("contactName", "x" * 201),
        ("email", "ana"),
        ("email", "ana@empresa"),
        ("email", "ana@empresa.com.br, rui@empresa.com.br"),
        ("email", "ana@empresa.com.br\nBcc: rui@empresa.com.br"),
        ("email", "ana\u0080@empresa.com.br"),
        ("email", "ana\u00ad@empresa.com.br"),
        ("email", "<ana@empresa.com.br>"),
        ("email", "a" * 250 + "@x.br"),
        ("whatsapp", "98765-4321"),
        ("whatsapp", "(11) 98765-432"),
        ("whatsapp", "(00) 98765-4321"),
        ("whatsapp", "+999 98765 4321"),
        ("whatsapp", "+5511987654321 ext. 5"),
        ("whatsapp", "0800-FLOWERS"),
        ("whatsapp", "<script>11987654321"),
        ("whatsapp", "+55\n11987654321"),
        ("whatsapp", "9" * 40),
        ("whatsapp", "+" * 20),
        ("whatsapp", 5511987654321),
        ("cnpj", "12.345.678/0001-00"),
        ("cnpj", "00000000000000"),
        ("cnpj", "1" * 41),
        ("cnpj", "12ABC34501DE35\n"),
        ("cnpj", 12345678000195),
        ("message", "x" * 5001),
        ("message", "bell \u0007"),
        ("message", "delete \u007f"),
        ("message", "\u202emoc.elpmaxe"),
        ("message", None),
        ("selectedAgents", "all"),
        ("selectedAgents", None),
        ("selectedAgents", [str(new_id()) for _ in range(101)]),
        ("selectedSubnucleos", [str(new_id()) for _ in range(21)]),
        ("tenant_id", str(PLATFORM_TENANT)),
        ("status", "closed"),
        ("company_name", "Aurora"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_kept(contact, sql, field, value):
    before = await sql(COUNTS)
    answer = await contact(**{field: value})
    assert (answer.status_code, answer.json()["error"]) == (400, "validation_error"), answer.text
    assert [one["field"] for one in answer.json()["errors"]] == [field]
    assert await sql(COUNTS) == before


@pytest.mark.parametrize("missing", ["companyName", "contactName", "email", "whatsapp"])
async def test_what_is_needed_is_asked_for(process, contact, missing):
    async with process.client() as client:
        body = {"companyName": "A", "contactName": "B", "email": "a@b.com", "whatsapp": "+5511987654321"}
        del body[missing]
        answer = await client.post("/api/commercial/contact", json=body)
    assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [(missing, "required")]


async def test_all_wrong_fields_are_named_at_once(contact):
    answer = await contact(companyName=" ", email="ana", whatsapp="98765-4321", cnpj="1")
    assert {one["field"] for one in answer.json()["errors"]} == {"companyName", "email", "whatsapp", "cnpj"}


async def test_ids_that_the_catalogue_does_not_have_are_named_by_place(process, contact, sql):
    async with process.client() as client:
        agent, *_ = await offered(client, "/api/agents", "agents")
        subnucleo, *_ = await offered(client, "/api/billing/subnucleos", "subnucleos")
    before = await sql(COUNTS)
    # A SubNúcleo is no agent, and an agent no SubNúcleo.
    answer = await contact(selectedAgents=[agent, subnucleo], selectedSubnucleos=[agent, str(new_id()), subnucleo])
    assert answer.status_code == 400
    assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [
        ("selectedAgents[1]", "unknown_choice"),
        ("selectedSubnucleos[0]", "unknown_choice"),
        ("selectedSubnucleos[1]", "unknown_choice"),
    ]
    broken = await contact(selectedAgents=[agent, "not-an-id"])
    assert [(one["field"], one["code"]) for one in broken.json()["errors"]] == [("selectedAgents[1]", "uuid")]
    assert await sql(COUNTS) == before


async def test_three_an_hour_from_one_address(process):
    body = {"companyName": "A", "contactName": "B", "email": "a@b.com", "whatsapp": "+5511987654321"}
    async with process.client() as client:
        statuses = [(await client.post("/api/commercial/contact", json=body)).status_code for _ in range(5)]
        refused = await client.post("/api/commercial/contact", json=body)
    assert statuses == [201, 201, 201, 429, 429]
    assert 1 <= int(refused.headers["retry-after"]) <= 3600
    async with process.client() as elsewhere:
        assert (await elsewhere.post("/api/commercial/contact", json=body)).status_code == 201


async def test_a_credential_changes_nothing(process):
    body = {"companyName": "A", "contactName": "B", "email": "a@b.com", "whatsapp": "+5511987654321"}
    async with process.client("nonsense") as client:
        assert (await client.post("/api/commercial/contact", json=body)).status_code == 201


async def test_what_people_write_is_not_logged(contact, capfd, caplog):
    secrets = {"companyName": "Zebra Ltda", "contactName": "Zélia Zebra", "email": "zebra@example.com"}
    assert (await contact(**secrets, whatsapp="+5521998877665", message="zebra zebra")).status_code == 201
    assert (await contact(**secrets, whatsapp="+5521998877665", cnpj="zebra")).status_code == 400
    shown = "".join(capfd.readouterr()).lower() + caplog.text.lower()
    assert "zebra" not in shown
    assert "998877665" not in shown


# What is near a right value finds more than any text does.
EMAILS = st.builds("{}@{}.{}".format, st.text(min_size=1, max_size=9), st.text(min_size=1, max_size=9), st.text())
CNPJS = st.builds(lambda base: base + cnpj_rules.calc_check_digits(base), st.text("0A٠٥໑", min_size=12, max_size=12))


@given(
    name=st.text(min_size=1, max_size=200),
    email=st.just("ana@example.com") | EMAILS,
    cnpj=st.none() | CNPJS,
    message=st.text(max_size=99),
)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_is_accepted_the_database_takes(db, process, name, email, cnpj, message):
    sent = CommercialContact(name, name, email, "+5511987654321", cnpj=cnpj, message=message)
    try:
        async with tenant_transaction(db, PLATFORM_TENANT) as conn:
            await service.receive(conn, sent, "vendas@example.com", clock.now())
    except Invalid as refused:
        wrong = {one.field for one in refused.errors}
    else:
        wrong = set()
    assert wrong <= {"companyName", "contactName", "email", "cnpj", "message"}


def test_the_shape_is_not_the_only_guard():
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"company_name": "A"}, CommercialContact)
    with pytest.raises(Invalid):
        service.tidy(CommercialContact("A\n", "B", "a@b.com", "+5511987654321"))
