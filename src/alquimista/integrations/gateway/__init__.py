"""The gateways of integrations: the only code that speaks to a company's services."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from typing import Final

import msgspec

from alquimista.config import Settings
from alquimista.integrations.gateway.google import GoogleCalendar
from alquimista.integrations.gateway.http import (
    AsaasAccount,
    CloudApi,
    CrmWebhook,
    Endpoints,
    Evolution,
    Ics,
    StripeAccount,
)
from alquimista.integrations.gateway.imap import Imap
from alquimista.integrations.gateway.outbound import Outbound
from alquimista.integrations.gateway.port import TEST_TIMEOUT_S, Gateway
from alquimista.integrations.gateway.smtp import Smtp
from alquimista.integrations.models.connections import GoogleCredentials, MailboxCredentials, SmtpConfig
from alquimista.integrations.models.failures import Failed, IntegrationFailure

__all__ = ["Endpoints", "Gateways"]


class Gateways:
    """Every gateway of a process. They keep no connection, so that there is nothing to close."""

    def __init__(
        self, settings: Settings, endpoints: Endpoints | None = None, *, timeout_s: float = TEST_TIMEOUT_S
    ) -> None:
        """`endpoints` replaces the services' own addresses, for tests."""
        places = endpoints or Endpoints()
        outbound = Outbound(private=settings.outbound_private)
        self._timeout_s = timeout_s
        self._smtp = Smtp(settings, outbound)
        self.google: Final = GoogleCalendar(settings, outbound, places)
        self._by_provider: dict[str, Gateway] = {
            "smtp": self._smtp,
            "imap": Imap(outbound),
            "cloud_api": CloudApi(outbound, places),
            "evolution": Evolution(outbound),
            "ics": Ics(outbound),
            "google": self.google,
            "webhook": CrmWebhook(outbound),
            "stripe": StripeAccount(outbound, places),
            "asaas": AsaasAccount(outbound, places),
        }

    async def test(self, provider: str, config: msgspec.Struct, credentials: msgspec.Struct) -> None:
        """Whether a connection works now.

        Raises:
            Failed: why it does not.
        """
        async with self._in_time():
            await self._by_provider[provider].test(config, credentials)

    async def renewed(self, credentials: msgspec.Struct) -> GoogleCredentials | None:
        """Credentials in place of those that are about to end; None while they last, or never end.

        Raises:
            Failed: they cannot be renewed.
        """
        async with self._in_time():
            return await self.google.renewed(credentials) if isinstance(credentials, GoogleCredentials) else None

    async def exchange(self, code: str, verifier: str) -> GoogleCredentials:
        """Google's credentials for the code of a consent.

        Raises:
            AuthorizationNotConfigured: there is no application at Google.
            Failed: Google does not accept the code.
        """
        async with self._in_time():
            return await self.google.exchange(code, verifier)

    async def send_mail(self, config: SmtpConfig, credentials: MailboxCredentials, mail: EmailMessage) -> None:
        """Send a mail by a company's own server. Raises Failed."""
        async with self._in_time():
            await self._smtp.send(config, credentials, mail)

    @asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._timeout_s):
                yield
        except TimeoutError:
            raise Failed(IntegrationFailure.TIMED_OUT) from None
