"""A company's own mail server: signing in, and sending a mail. TLS comes before the password, and is verified."""

import ssl
from contextlib import suppress
from email.message import EmailMessage
from typing import Final
from urllib.parse import urlsplit

import aiosmtplib

from alquimista.config import Settings
from alquimista.integrations.gateway.outbound import Outbound, chain, failure_of
from alquimista.integrations.gateway.port import READ_TIMEOUT_S
from alquimista.integrations.models.connections import MailboxCredentials, SmtpConfig
from alquimista.integrations.models.failures import Failed, IntegrationFailure

_LATER: Final = range(400, 500)  # "Try again", in SMTP.


class Smtp:
    """Sends mail by any server that speaks SMTP with AUTH."""

    def __init__(self, settings: Settings, outbound: Outbound) -> None:
        self._outbound = outbound
        self._named = urlsplit(settings.public_url).hostname or "localhost"

    async def test(self, config: SmtpConfig, credentials: MailboxCredentials) -> None:
        """EHLO, TLS, AUTH and NOOP: all but a mail."""
        try:
            client = await self._signed_in(config, credentials)
            try:
                await client.noop()
            finally:
                await _leave(client)
        except (aiosmtplib.SMTPException, OSError) as error:
            raise _failed(error) from None

    async def send(self, config: SmtpConfig, credentials: MailboxCredentials, mail: EmailMessage) -> None:
        """Hand a mail to the server, in the sender's name that the company chose.

        Raises:
            Failed: the server did not take it.
        """
        del mail["From"]
        mail["From"] = config.sender
        try:
            client = await self._signed_in(config, credentials)
            try:
                await client.send_message(mail)
            finally:
                await _leave(client)
        except (aiosmtplib.SMTPException, OSError) as error:
            raise _failed(error) from None

    async def _signed_in(self, config: SmtpConfig, credentials: MailboxCredentials) -> aiosmtplib.SMTP:
        dialled = await self._outbound.dial(config.host, config.port)
        client = aiosmtplib.SMTP(
            hostname=config.host,
            sock=dialled,
            use_tls=config.security == "tls",
            start_tls=config.security == "starttls",
            tls_context=self._outbound.tls,
            local_hostname=self._named,
            timeout=READ_TIMEOUT_S,
        )
        try:
            await client.connect()
            await _sign_in(client, credentials)
        except BaseException:
            client.close()  # It owns the socket by now.
            raise
        return client


async def _sign_in(client: aiosmtplib.SMTP, credentials: MailboxCredentials) -> None:
    """By one mechanism: trying every one with a wrong password is how an account is locked."""
    await client.ehlo()
    if not client.supports_extension("auth"):
        raise Failed(IntegrationFailure.REFUSED)
    offered = client.supported_auth_methods
    sign_in = client.auth_plain if "plain" in offered else client.auth_login if "login" in offered else client.login
    await sign_in(credentials.username, credentials.password)


async def _leave(client: aiosmtplib.SMTP) -> None:
    with suppress(aiosmtplib.SMTPException, OSError):
        await client.quit()
    client.close()


def _failed(error: Exception) -> Failed:
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        error = error.recipients[0]
    if isinstance(error, aiosmtplib.SMTPResponseException):
        denied = isinstance(error, aiosmtplib.SMTPAuthenticationError)
        for_good = IntegrationFailure.CREDENTIALS if denied else IntegrationFailure.REFUSED
        return Failed(IntegrationFailure.BUSY if error.code in _LATER else for_good, error.code)
    causes = (aiosmtplib.SMTPConnectError, aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError, OSError)
    if isinstance(error, causes) or any(isinstance(one, ssl.SSLError) for one in chain(error)):
        return Failed(failure_of(error))
    # What is left is a server without STARTTLS.
    return Failed(IntegrationFailure.INSECURE)
