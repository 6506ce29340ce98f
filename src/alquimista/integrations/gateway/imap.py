"""A company's mailbox by IMAP4rev1: signing in and looking at the inbox, in a thread. TLS is verified."""

import asyncio
import imaplib
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final

from alquimista.integrations.gateway.outbound import Outbound, failure_of
from alquimista.integrations.gateway.port import READ_TIMEOUT_S
from alquimista.integrations.models.connections import ImapConfig, MailboxCredentials
from alquimista.integrations.models.failures import Failed, IntegrationFailure

_MAX_LITERAL: Final = 64 * 1024
# A server that is slow on purpose keeps threads waiting: these, and nobody else's.
_EXAMINERS: Final = ThreadPoolExecutor(16, thread_name_prefix="imap")


class Imap:
    """Reads mail by any server that speaks IMAP."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound

    async def test(self, config: ImapConfig, credentials: MailboxCredentials) -> None:
        """LOGIN and EXAMINE INBOX, which marks nothing as read."""
        dialled = await self._outbound.dial(config.host, config.port)
        # The thread cannot be stopped, but its connection can: whoever waits no longer hangs up.
        line = dialled.dup()
        try:
            await asyncio.get_running_loop().run_in_executor(
                _EXAMINERS, _examine, dialled, config, credentials, self._outbound.tls
            )
        except imaplib.IMAP4.abort:
            raise Failed(IntegrationFailure.UNEXPECTED) from None
        except imaplib.IMAP4.error:
            raise Failed(IntegrationFailure.REFUSED) from None
        except OSError as error:
            raise Failed(failure_of(error)) from None
        finally:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()


class _Client(imaplib.IMAP4):
    """imaplib on a connection that was made elsewhere, with a bound on what a server may make us read."""

    def __init__(self, dialled: socket.socket, config: ImapConfig, tls: ssl.SSLContext) -> None:
        self._dialled = dialled
        self._implicit = tls if config.security == "tls" else None
        super().__init__(config.host, config.port, READ_TIMEOUT_S)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        self._dialled.settimeout(timeout)
        if self._implicit is None:
            return self._dialled
        return self._implicit.wrap_socket(self._dialled, server_hostname=self.host)

    def read(self, size: int) -> bytes:
        if size > _MAX_LITERAL:
            raise self.abort("The server announces more than it is asked for")
        return super().read(size)


def _examine(dialled: socket.socket, config: ImapConfig, credentials: MailboxCredentials, tls: ssl.SSLContext) -> None:
    client: _Client | None = None
    try:
        client = _Client(dialled, config, tls)
        if config.security == "starttls":
            if "STARTTLS" not in client.capabilities:
                raise Failed(IntegrationFailure.INSECURE)
            client.starttls(tls)
        _sign_in(client, credentials)
        answer, _ = client.select("INBOX", readonly=True)
        if answer != "OK":
            raise Failed(IntegrationFailure.NOT_FOUND)
        client.logout()
    finally:
        if client is not None:
            with suppress(OSError):
                client.sock.close()
        dialled.close()


def _sign_in(client: _Client, credentials: MailboxCredentials) -> None:
    """By SASL PLAIN where it is offered, which carries any character; by LOGIN elsewhere."""
    try:
        if "AUTH=PLAIN" in client.capabilities:
            words = f"\0{credentials.username}\0{credentials.password}".encode()
            client.authenticate("PLAIN", lambda _challenge: words)
        elif (credentials.username + credentials.password).isascii():
            client.login(_quoted(credentials.username), credentials.password)
        else:
            raise Failed(IntegrationFailure.REFUSED)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error:
        raise Failed(IntegrationFailure.CREDENTIALS) from None


def _quoted(text: str) -> str:
    # imaplib quotes the password, not the name.
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
