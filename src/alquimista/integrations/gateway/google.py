"""Google Calendar, by an account's consent: OAuth 2 with an authorization code and PKCE (RFC 6749, RFC 7636)."""

import base64
import hashlib
from datetime import timedelta
from typing import Final
from urllib.parse import quote, urlencode

import msgspec

from alquimista import clock
from alquimista.config import Settings, variable
from alquimista.integrations.gateway.http import Endpoints, read
from alquimista.integrations.gateway.outbound import Outbound, Reply
from alquimista.integrations.models.connections import GoogleConfig, GoogleCredentials
from alquimista.integrations.models.failures import AuthorizationNotConfigured, Failed, IntegrationFailure

# Which calendars there are, and their events: nothing else of the account.
_SCOPES: Final = (
    "https://www.googleapis.com/auth/calendar.calendarlist.readonly https://www.googleapis.com/auth/calendar.events"
)
_EARLY: Final = timedelta(minutes=2)  # A token is renewed before it ends in the middle of a request.


class _Granted(msgspec.Struct, frozen=True):
    access_token: str
    expires_in: int
    refresh_token: str | None = None


class _Refused(msgspec.Struct, frozen=True):
    error: str = ""


class _Calendar(msgspec.Struct, frozen=True):
    id: str


class GoogleCalendar:
    """One application at Google, by which companies consent."""

    def __init__(self, settings: Settings, outbound: Outbound, endpoints: Endpoints) -> None:
        self._settings = settings
        self._outbound = outbound
        self._endpoints = endpoints

    @property
    def redirect_uri(self) -> str:
        """Where Google sends the browser back to; the application at Google must have it registered."""
        return f"{self._settings.public_url}/integrations/oauth/callback"

    def consent_url(self, state: str, verifier: str) -> str:
        """Where the browser is sent to. Raises AuthorizationNotConfigured."""
        self._require_application()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "client_id": self._settings.google_client_id,
            "redirect_uri": self.redirect_uri,
            "scope": _SCOPES,
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            # Without both, Google gives no refresh token the second time.
            "access_type": "offline",
            "prompt": "consent",
        }
        return f"{self._endpoints.google_consent}?{urlencode(query)}"

    async def exchange(self, code: str, verifier: str) -> GoogleCredentials:
        """The credentials for a code.

        Raises:
            AuthorizationNotConfigured: as it says.
            Failed: Google does not accept the code, or gives no lasting consent.
        """
        self._require_application()
        granted = await self._token(
            grant_type="authorization_code", code=code, code_verifier=verifier, redirect_uri=self.redirect_uri
        )
        if not granted.refresh_token:
            raise Failed(IntegrationFailure.AUTHORIZATION_ENDED)
        return _credentials(granted, granted.refresh_token)

    async def renewed(self, credentials: GoogleCredentials) -> GoogleCredentials | None:
        """New credentials when the old ones are about to end; None while they last.

        Raises:
            Failed: the consent has ended, or Google does not answer.
        """
        if clock.now() + _EARLY < credentials.expires_at:
            return None
        granted = await self._token(grant_type="refresh_token", refresh_token=credentials.refresh_token)
        return _credentials(granted, granted.refresh_token or credentials.refresh_token)

    async def test(self, config: GoogleConfig, credentials: GoogleCredentials) -> None:
        """The calendar is in the account's list."""
        reply = await self._outbound.ask(
            "GET",
            f"{self._endpoints.google_calendar}/users/me/calendarList/{quote(config.calendar_id, safe='')}",
            headers={"Authorization": f"Bearer {credentials.access_token}"},
        )
        read(reply, _Calendar)

    async def _token(self, **form: str) -> _Granted:
        known = {"client_id": self._settings.google_client_id, "client_secret": self._settings.google_client_secret}
        reply = await self._outbound.ask(
            "POST",
            self._endpoints.google_token,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            content=urlencode({**form, **known}).encode(),
        )
        if reply.status == 400 and _error(reply) == "invalid_grant":
            raise Failed(IntegrationFailure.AUTHORIZATION_ENDED)
        return read(reply, _Granted)

    def _require_application(self) -> None:
        missing = [name for name in ("google_client_id", "google_client_secret") if not getattr(self._settings, name)]
        if missing:
            raise AuthorizationNotConfigured(settings=", ".join(map(variable, missing)), retry_after=3600)


def _credentials(granted: _Granted, refresh_token: str) -> GoogleCredentials:
    ends = clock.now() + timedelta(seconds=min(max(granted.expires_in, 0), 86_400))
    return GoogleCredentials(granted.access_token, refresh_token, ends)


def _error(reply: Reply) -> str:
    try:
        return msgspec.json.decode(reply.body, type=_Refused).error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
