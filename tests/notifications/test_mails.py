import email
import email.policy
import ssl
from dataclasses import replace
from datetime import timedelta

import aiosmtplib
import psycopg
import pytest

from alquimista import clock
from alquimista.access import PLATFORM_TENANT
from alquimista.breaker import FAILURES, CircuitOpen
from alquimista.db.pool import Database
from alquimista.db.roles import connection_info
from alquimista.db.tenancy import login_transaction, tenant_transaction
from alquimista.notifications import gateway, service
from alquimista.notifications.jobs import JOBS
from alquimista.notifications.models import TEMPLATES
from factories import make_tenant

LINK = "http://localhost:8080/reset-password?token=one-time-secret"
RESET = {"name": "Ana", "link": LINK, "minutes": 30}
ALL = {"name": "Ana", "link": LINK, "minutes": 30, "days": 2, "ip": "203.0.113.7", "inviter": "Rui", "company": "Acme"}
ALL |= {"contact": "Ana", "cnpj": "–", "email": "ana@example.com", "whatsapp": "+5511987654321", "agents": "–"}
ALL |= {"subnucleos": "–", "message": "–", "request": "–"}
ALL |= {"number": 7, "amount": "R$ 297,00", "due_on": "20/02/2026", "stops_on": "06/03/2026", "percent": 80}
ALL |= {"requests": "8.000", "included": "10.000", "ends_on": "14/02/2026", "beyond": "–"}
ALL |= {"title": "Janela de manutenção", "notice": "Domingo, 2h."}
ALL |= {"description": "–", "began": "01/03/2026 12:00", "ended": "01/03/2026 13:00", "subject": "–", "text": "–"}
ALL |= {"action": "RESTART_AGENT", "resource": "sdr", "requester": "Rui", "count": 3}
ALL |= {"integration": "SMTP", "agent": "Agendamento", "reason": "–", "about": "c-9"}
ALL |= {"url": "https://example.com/hook", "description": "CRM"}


@pytest.fixture
async def rows(migrated):
    """The mails in the database, newest last, as its superuser sees them."""
    async with await psycopg.AsyncConnection.connect(migrated.admin_url, autocommit=True) as conn:
        await conn.execute("DELETE FROM alquimista_platform.mails")

        async def ask(columns):
            query = f"SELECT {columns} FROM alquimista_platform.mails ORDER BY created_at, id"
            return await (await conn.execute(query)).fetchall()

        yield ask


@pytest.fixture
async def through(settings):
    """`await through(url)` opens the module's database with that mail server in its settings."""
    opened = []

    async def open_(url, **more):
        opened.append(await Database.open(replace(settings, smtp_url=url, **more)))
        return opened[-1]

    yield open_
    for one in opened:
        await one.close()


async def send(db, to="ana@example.com", template="password_reset", locale="pt-BR", **params):
    async with login_transaction(db) as conn:
        await service.send_mail(conn, PLATFORM_TENANT, to, template, locale, **(params or RESET))


async def deliver_all(db, rows):
    for tenant_id, mail_id in await rows("tenant_id, id"):
        await service.deliver(db, tenant_id, mail_id)


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("locale", ["pt-BR", "en"])
def test_every_template_has_its_texts_in_both_languages(template, locale) -> None:
    mail = service.render(template, locale, ALL)
    assert mail.subject
    assert "{" not in mail.subject + mail.text
    assert f'<html lang="{locale}">' in mail.html
    assert ("Alquimista; answers" in mail.text) == (locale == "en")
    assert (LINK in mail.text) == (TEMPLATES[template].button is not None)


def test_what_people_typed_is_escaped_and_stays_on_one_line() -> None:
    params = {**ALL, "inviter": "<b>Rui</b>\r\nBcc: x@example.com", "company": "{name} & Co"}
    mail = service.render("invitation", "en", params)
    assert "<b>" not in mail.html
    assert "&lt;b&gt;" in mail.html
    assert mail.subject == "<b>Rui</b> Bcc: x@example.com invites you to {name} & Co"


def test_a_missing_parameter_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        service.render("password_reset", "en", {"name": "Ana", "link": LINK})
    with pytest.raises(KeyError):
        service.render("password_reset", "en", {"name": "Ana", "minutes": 3})


async def test_a_mail_and_its_delivery_are_committed_together(db, rows, migrated) -> None:
    await send(db, to="  Ana@Example.com ")
    assert await rows("recipient, status, attempts") == [("ana@example.com", "queued", 0)]
    async with await psycopg.AsyncConnection.connect(migrated.admin_url) as conn:
        query = "SELECT count(*) FROM alquimista_platform.job_queue WHERE entrypoint = %s"
        assert (await (await conn.execute(query, [JOBS[0].name])).fetchone())[0] == 1


async def test_a_mail_is_delivered_in_mime_and_its_body_is_emptied(mail_server, through, rows) -> None:
    async with mail_server() as (server, url):
        db = await through(url, mail_from="Alquimista <nao-responda@empresa.example>")
        await send(db)
        await deliver_all(db, rows)
        await deliver_all(db, rows)  # At least once: a second run finds nothing to do.
    (envelope,) = server.messages
    assert envelope.rcpt_tos == ["ana@example.com"]
    assert envelope.mail_from == "nao-responda@empresa.example"
    message = email.message_from_bytes(envelope.content, policy=email.policy.default)
    ((mail_id,),) = await rows("id")
    assert message["Message-ID"] == f"<{mail_id}@empresa.example>"
    assert message["Subject"] == "Escolha uma nova senha"
    assert message["Auto-Submitted"] == "auto-generated"
    assert LINK in message.get_body(["plain"]).get_content()
    assert "token=one-time-secret" in message.get_body(["html"]).get_content()
    assert await rows("status, attempts, body_text, body_html") == [("sent", 1, "", "")]


async def test_a_busy_server_is_tried_again_until_the_mail_is_given_up(mail_server, through, rows) -> None:
    async with mail_server() as (server, url):
        server.refuse = "451 try later"
        db = await through(url)
        await send(db)
        for _ in range(service.RETRIES):
            with pytest.raises(aiosmtplib.SMTPDataError):
                await deliver_all(db, rows)
        assert await rows("status, attempts") == [("queued", service.RETRIES)]
        with pytest.raises(aiosmtplib.SMTPDataError):
            await deliver_all(db, rows)
        ((status, error),) = await rows("status, last_error")
        assert status == "failed"
        assert "451" in error
        server.refuse = ""
        await deliver_all(db, rows)
    assert server.messages == []


async def test_a_refused_mail_is_given_up_at_once(mail_server, through, rows) -> None:
    async with mail_server() as (server, url):
        server.refuse = "554 we do not take ana@example.com"
        db = await through(url)
        await send(db)
        await deliver_all(db, rows)
    assert await rows("status, attempts, last_error") == [
        ("failed", 1, "MailRefused: 554 we do not take a***@example.com")
    ]


async def test_a_server_that_is_away_is_tried_again(through, rows) -> None:
    db = await through("smtp://127.0.0.1:1")
    await send(db)
    with pytest.raises((aiosmtplib.SMTPException, OSError)):
        await deliver_all(db, rows)
    assert await rows("status, attempts") == [("queued", 1)]


async def test_the_password_travels_inside_tls(mail_server, through, rows, tls, monkeypatch) -> None:
    context, authority = tls
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    async with mail_server(user="postman:right%20horse@", tls_context=context, require_starttls=True) as (server, url):
        db = await through(url)
        await send(db)
        await deliver_all(db, rows)
    assert server.logins == [("postman", "right horse", True)]
    assert len(server.messages) == 1


async def test_a_server_with_a_strange_certificate_gets_nothing(mail_server, through, rows, tls) -> None:
    async with mail_server(user="postman:right%20horse@", tls_context=tls[0]) as (server, url):
        db = await through(url)
        await send(db)
        with pytest.raises(ssl.SSLCertVerificationError):
            await deliver_all(db, rows)
    assert server.logins == []
    assert server.messages == []


async def test_a_password_never_travels_in_clear_text_to_another_machine(mail_server, through, rows) -> None:
    async with mail_server(user="postman:right%20horse@", host="127.0.0.2", auth_require_tls=False) as (server, url):
        db = await through(url)
        await send(db)
        with pytest.raises(aiosmtplib.SMTPException, match="STARTTLS"):
            await deliver_all(db, rows)
    assert server.logins == []
    assert await rows("status") == [("queued",)]


async def test_without_a_mail_server_mails_stay_for_the_outbox_page(db, rows) -> None:
    await send(db)
    await send(db, template="password_changed", name="Ana", ip="203.0.113.7")
    await deliver_all(db, rows)
    newest, older = await service.outbox(db.login())
    assert LINK in older.body_text
    assert newest.subject == "Sua senha foi alterada"
    assert await rows("status") == [("queued",), ("queued",)]


@pytest.mark.parametrize("role", ["app", "internal"])
@pytest.mark.parametrize("column", ["body_text", "body_html", "*"])
async def test_a_body_with_its_link_is_for_no_tenant_and_no_staff(settings, role, column) -> None:
    async with await psycopg.AsyncConnection.connect(connection_info(settings, role), autocommit=True) as conn:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await conn.execute(f"SELECT {column} FROM alquimista_platform.mails")


async def test_a_tenant_sends_in_its_own_name_only(db, rows) -> None:
    mine, other = await make_tenant(db), await make_tenant(db)
    async with tenant_transaction(db, mine.id) as conn:
        await service.send_mail(conn, mine.id, "rui@example.com", "tenant_notice", "en", **ALL)
    assert await rows("tenant_id") == [(mine.id,)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with tenant_transaction(db, mine.id) as conn:
            await service.send_mail(conn, other.id, "rui@example.com", "tenant_notice", "en", **ALL)


async def test_old_mails_are_forgotten(db, rows) -> None:
    with clock.frozen(clock.now() - timedelta(days=91)):
        await send(db)
    await send(db, to="rui@example.com")
    assert await service.purge(db.login(), clock.now()) == 1
    assert await rows("recipient") == [("rui@example.com",)]


async def test_a_mail_server_that_stays_away_is_left_alone_and_the_mails_wait(through, rows, unused_tcp_port) -> None:
    db = await through(f"smtp://127.0.0.1:{unused_tcp_port}")
    for _ in range(FAILURES + 1):
        await send(db)
    queued = await rows("id")
    errors = []
    for (mail_id,) in queued:
        with pytest.raises(gateway.NOT_DELIVERED) as failed:
            await service.deliver(db, PLATFORM_TENANT, mail_id)
        errors.append(type(failed.value))
    assert CircuitOpen not in errors[:-1]
    assert errors[-1] is CircuitOpen
    assert await rows("status, attempts") == [("queued", 1)] * len(queued)
