"""Mail servers: SMTP and IMAP on real sockets, with TLS before the password and no other way."""

from email.message import EmailMessage

import pytest

import factories
from alquimista.access import Actor, ActorKind
from alquimista.clock import new_id, now
from alquimista.db.tenancy import tenant_transaction
from alquimista.integrations import service
from alquimista.integrations.gateway import Gateways
from alquimista.integrations.models.connections import ImapConfig, MailboxCredentials, SmtpConfig, SmtpConnection
from alquimista.integrations.models.failures import Failed, IntegrationFailure, NotConnected, UnknownIntegration
from alquimista.wiring import Services
from support import connections
from support.connections import on_premises
from support.fake_imap import USER, fake_imap
from support.mail_server import PASSWORD, mail_server

GOOD = MailboxCredentials(USER, PASSWORD)
BAD = MailboxCredentials(USER, "wrong horse")


@pytest.fixture
def trusted(tls, monkeypatch):
    """Gateways that trust the servers' authority."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tls[1]))
    return Gateways(on_premises(connections.Settings(secret_key="x" * 40)), timeout_s=5)


async def failure(gateways, provider, config, credentials=GOOD):
    try:
        await gateways.test(provider, config, credentials)
    except Failed as failed:
        return failed.failure
    return None


def smtp(url, security="starttls"):
    host, _, port = url.removeprefix("smtp://").rpartition(":")
    return SmtpConfig(host=host, sender="recepcao@example.com", port=int(port), security=security)


def imap(port, security="tls"):
    return ImapConfig(host="127.0.0.1", port=port, security=security)


async def test_smtp_signs_in_inside_tls_and_sends_nothing(trusted, tls):
    async with mail_server(tls_context=tls[0], require_starttls=True) as (server, url):
        assert await failure(trusted, "smtp", smtp(url)) is None
        assert server.logins == [(USER, PASSWORD, True)]
        assert server.messages == []
        assert await failure(trusted, "smtp", smtp(url), BAD) is IntegrationFailure.CREDENTIALS
    async with mail_server(implicit=tls[0], auth_require_tls=False) as (server, url):
        assert await failure(trusted, "smtp", smtp(url, "tls")) is None


async def test_smtp_without_tls_never_hears_the_password(trusted, tls):
    async with mail_server(auth_require_tls=False) as (server, url):
        assert await failure(trusted, "smtp", smtp(url)) is IntegrationFailure.INSECURE
        assert await failure(trusted, "smtp", smtp(url, "tls")) in {
            IntegrationFailure.TLS,
            IntegrationFailure.UNREACHABLE,
        }
        assert server.logins == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_smtp_with_a_strange_certificate_never_hears_the_password(tls, security):
    strict = Gateways(on_premises(connections.Settings(secret_key="x" * 40)))
    options = {"tls_context": tls[0]} if security == "starttls" else {"implicit": tls[0], "auth_require_tls": False}
    async with mail_server(**options) as (server, url):
        assert await failure(strict, "smtp", smtp(url, security)) is IntegrationFailure.TLS
        assert server.logins == []


async def test_smtp_refuses_private_addresses_unless_allowed(tls):
    public = Gateways(connections.Settings(secret_key="x" * 40))
    async with mail_server(tls_context=tls[0]) as (server, url), fake_imap(tls[0]) as (mailbox, port):
        assert await failure(public, "smtp", smtp(url)) is IntegrationFailure.PRIVATE_ADDRESS
        assert await failure(public, "imap", imap(port)) is IntegrationFailure.PRIVATE_ADDRESS
        assert (server.logins, mailbox.asked) == ([], [])


async def test_a_mail_goes_out_in_the_sender_s_name_or_says_why_not(trusted, tls):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "someone@else.example", "ana@example.com", "Sua consulta"
    mail.set_content("Até amanhã.")
    async with mail_server(tls_context=tls[0]) as (server, url):
        await trusted.send_mail(smtp(url), GOOD, mail)
        (sent,) = server.messages
        assert (sent.mail_from, sent.rcpt_tos) == ("recepcao@example.com", ["ana@example.com"])
        assert b"From: recepcao@example.com" in sent.content
        for refusal, expected in (("452 later", IntegrationFailure.BUSY), ("554 never", IntegrationFailure.REFUSED)):
            server.refuse = refusal
            with pytest.raises(Failed) as caught:
                await trusted.send_mail(smtp(url), GOOD, mail)
            assert caught.value.failure is expected


async def test_a_company_s_mail_goes_by_its_own_server_while_it_is_connected(db, settings, tls, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(tls[1]))
    services = Services(on_premises(settings), db)
    service.install(services)
    tenant = (await factories.make_tenant(db)).id
    actor = Actor(ActorKind.SYSTEM, frozenset())
    mail = EmailMessage()
    mail["To"], mail["Subject"] = "ana@example.com", "Sua consulta"
    mail.set_content("Até amanhã.")
    async with mail_server(tls_context=tls[0]) as (server, url):
        connection = SmtpConnection(config=smtp(url), credentials=GOOD)
        made = await service.connect(services, actor, tenant, "Recepção", connection, now())
        await service.send_mail(services, tenant, made.id, mail)
        assert [sent.rcpt_tos for sent in server.messages] == [["ana@example.com"]]
        async with tenant_transaction(db, tenant) as conn:
            await service.reset(conn, actor, tenant, made.id, now())
        with pytest.raises(NotConnected):
            await service.send_mail(services, tenant, made.id, mail)
    with pytest.raises(UnknownIntegration):
        await service.send_mail(services, tenant, new_id(), mail)


@pytest.mark.parametrize("starttls", [False, True])
async def test_imap_looks_at_the_inbox_without_touching_it(trusted, tls, starttls):
    async with fake_imap(tls[0], starttls=starttls) as (server, port):
        config = imap(port, "starttls" if starttls else "tls")
        assert await failure(trusted, "imap", config) is None
        assert server.asked[-3:] == ["AUTHENTICATE", "EXAMINE", "LOGOUT"]
        assert await failure(trusted, "imap", config, BAD) is IntegrationFailure.CREDENTIALS


async def test_imap_signs_in_at_servers_without_sasl(trusted, tls):
    async with fake_imap(tls[0], "login only") as (server, port):
        assert await failure(trusted, "imap", imap(port)) is None
        tricky = MailboxCredentials('a" LOGOUT\\', 'b" c\\')
        assert await failure(trusted, "imap", imap(port), tricky) is IntegrationFailure.CREDENTIALS
        assert server.logins[-1] == ('a" LOGOUT\\', 'b" c\\')
        assert await failure(trusted, "imap", imap(port), MailboxCredentials("ç", "ã")) is IntegrationFailure.REFUSED


@pytest.mark.parametrize(
    ("manner", "expected"),
    [
        ("no inbox", IntegrationFailure.NOT_FOUND),
        ("strange", IntegrationFailure.UNEXPECTED),
        ("endless", IntegrationFailure.UNEXPECTED),
        ("hangs up", IntegrationFailure.UNEXPECTED),
    ],
)
async def test_imap_on_bad_days(trusted, tls, manner, expected):
    async with fake_imap(tls[0], manner) as (_, port):
        assert await failure(trusted, "imap", imap(port)) is expected


async def test_imap_that_is_silent_costs_no_more_than_its_time(tls, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(tls[1]))
    hasty = Gateways(on_premises(connections.Settings(secret_key="x" * 40)), timeout_s=0.3)
    async with fake_imap(tls[0], "silent") as (_, port):
        assert await failure(hasty, "imap", imap(port)) is IntegrationFailure.TIMED_OUT


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_imap_with_a_strange_certificate_never_hears_the_password(tls, security):
    strict = Gateways(on_premises(connections.Settings(secret_key="x" * 40)), timeout_s=5)
    async with fake_imap(tls[0], starttls=security == "starttls") as (server, port):
        assert await failure(strict, "imap", imap(port, security)) is IntegrationFailure.TLS
        assert server.logins == []


async def test_imap_without_tls_never_hears_the_password(trusted, tls):
    async with fake_imap(tls[0], "no starttls", starttls=True) as (server, port):
        assert await failure(trusted, "imap", imap(port, "starttls")) is IntegrationFailure.INSECURE
        assert await failure(trusted, "imap", imap(port, "tls")) is IntegrationFailure.TLS
        assert server.logins == []
