"""The mail server. TLS is verified, and a password never travels in clear text beyond this machine."""

from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Final
from urllib.parse import unquote, urlsplit

import aiosmtplib

from alquimista.breaker import CircuitOpen
from alquimista.notifications.models import Mail, MailRefused
from alquimista.observability.circuits import CIRCUITS

_TIMEOUT_S: Final = 20
_PORTS: Final = {"smtp": 587, "smtps": 465}
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_PERMANENT: Final = 500
# What deliver raises when it did not work this time and may work later.
NOT_DELIVERED: Final = (aiosmtplib.SMTPException, OSError, CircuitOpen)
# What says that the server is not there, rather than that it does not want a mail.
_SILENT: Final = (
    aiosmtplib.SMTPConnectError,
    aiosmtplib.SMTPServerDisconnected,
    aiosmtplib.SMTPTimeoutError,
    OSError,
)
_breakers: Final = CIRCUITS.watched("mail")


async def deliver(smtp_url: str, sender: str, mail: Mail) -> None:
    """Hand a mail to the server of `smtp_url` (settings.smtp_url).

    Raises:
        MailRefused: the server refuses it for good, or the address cannot be written.
        aiosmtplib.SMTPException, OSError: it did not work this time.
        CircuitOpen: nor did it the last times, and the server is left alone for a while.
    """
    server = urlsplit(smtp_url)
    host = server.hostname or "localhost"
    implicit = server.scheme == "smtps"
    # None takes STARTTLS when it is offered; True insists.
    upgrade = None if not server.username or host in _LOCAL else True
    port = server.port or _PORTS[server.scheme]
    try:
        with _breakers.of(f"{host}:{port}").call(*_SILENT):
            await aiosmtplib.send(
                message(sender, mail),
                hostname=host,
                port=port,
                username=unquote(server.username) if server.username else None,
                password=unquote(server.password) if server.password else None,
                use_tls=implicit,
                start_tls=False if implicit else upgrade,
                timeout=_TIMEOUT_S,
            )
    except aiosmtplib.SMTPAuthenticationError:
        raise  # The server's settings are wrong, not the mail: try again when somebody mended them.
    except aiosmtplib.SMTPRecipientsRefused as error:
        first = error.recipients[0]
        if first.code >= _PERMANENT:
            raise MailRefused(f"{first.code} {first.message}") from error
        raise
    except (aiosmtplib.SMTPDataError, aiosmtplib.SMTPSenderRefused) as error:
        if error.code >= _PERMANENT:
            raise MailRefused(f"{error.code} {error.message}") from error
        raise
    except aiosmtplib.SMTPNotSupported as error:
        raise MailRefused(str(error)) from error


def message(sender: str, mail: Mail) -> EmailMessage:
    """The mail in MIME. Its Message-ID follows from its id, so that a second delivery is recognised as the same."""
    composed = EmailMessage()
    composed["From"] = sender
    composed["To"] = mail.recipient
    composed["Subject"] = mail.subject
    composed["Date"] = format_datetime(mail.created_at)
    composed["Message-ID"] = f"<{mail.id}@{parseaddr(sender)[1].rpartition('@')[2] or 'localhost'}>"
    composed["Auto-Submitted"] = "auto-generated"  # Out-of-office answers stay away (RFC 3834).
    composed.set_content(mail.body_text)
    composed.add_alternative(mail.body_html, subtype="html")
    return composed
