"""What each provider needs: its public settings and its secret credentials, typed, so that pages draw their forms.

An address that is itself a secret (a private calendar's, an inbound webhook's) is a credential.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta


class Kind(StrEnum):
    """What an integration is for."""

    EMAIL = "email"
    WHATSAPP = "whatsapp"
    CALENDAR = "calendar"
    CRM = "crm"
    PAYMENT = "payment"


_WRITE_ONLY: Final = {"writeOnly": True, "format": "password"}
Host = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=253,
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$(?!\n)",
        description="The server's name, such as mail.empresa.com.br.",
    ),
]
Port = Annotated[int, Meta(ge=1, le=65535)]
Security = Annotated[
    Literal["starttls", "tls"],
    Meta(description="`tls` from the first byte, or `starttls` before the password. There is no way without."),
]
Token = Annotated[str, Meta(min_length=8, max_length=4096, pattern=r"^[!-~]+$(?!\n)", extra_json_schema=_WRITE_ONLY)]
Password = Annotated[
    str, Meta(min_length=1, max_length=1000, pattern=r"^[^\x00-\x1f\x7f]+$(?!\n)", extra_json_schema=_WRITE_ONLY)
]
SecretAddress = Annotated[
    str,
    Meta(
        min_length=10,
        max_length=2000,
        pattern=r"^(https?|webcal)://[!-~]+$(?!\n)",
        description="An https:// address. It is kept like a password.",
        extra_json_schema=_WRITE_ONLY,
    ),
]


class SmtpConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The server that sends the company's mail."""

    host: Host
    sender: Annotated[
        str,
        Meta(
            max_length=254,
            pattern=r"^[^@\s<>,;:\"\\()\[\]\x00-\x1f\x7f]+@[A-Za-z0-9.-]+$(?!\n)",
            description="The address that mails come from.",
        ),
    ]
    port: Port = 587
    security: Security = "starttls"


class ImapConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The server that receives the company's mail."""

    host: Host
    port: Port = 993
    security: Security = "tls"


class MailboxCredentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who signs in at a mail server."""

    username: Annotated[str, Meta(min_length=1, max_length=254, pattern=r"^[^\x00-\x1f\x7f]+$(?!\n)")]
    password: Password


class CloudApiConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A number of Meta's WhatsApp Cloud API."""

    phone_number_id: Annotated[
        str, Meta(pattern=r"^[0-9]{5,25}$(?!\n)", description="The number's id, not the number.")
    ]
    version: Annotated[str, Meta(pattern=r"^v[0-9]{1,3}\.[0-9]$(?!\n)", description="Of the Graph API.")] = "v23.0"


class CloudApiCredentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A token of a system user, with whatsapp_business_messaging."""

    access_token: Token


class EvolutionConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An instance on a server of Evolution API."""

    base_url: Annotated[
        str,
        Meta(
            min_length=10,
            max_length=500,
            pattern=r"^https?://[A-Za-z0-9._~:/\[\]-]+$(?!\n)",
            description="Without /manager.",
        ),
    ]
    instance: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^/\\?#%\x00-\x1f\x7f]+$(?!\n)")]


class EvolutionCredentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The instance's key, or the server's."""

    api_key: Token


class NothingPublic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No settings: all that the provider needs is secret."""


class IcsCredentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A calendar's address in iCalendar format."""

    url: SecretAddress


class GoogleConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which of the account's calendars."""

    calendar_id: Annotated[str, Meta(min_length=1, max_length=254, pattern=r"^[!-~]+$(?!\n)")] = "primary"


class GoogleCredentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What Google gave for the account's consent; nobody types it."""

    access_token: Annotated[str, Meta(extra_json_schema=_WRITE_ONLY)]
    refresh_token: Annotated[str, Meta(extra_json_schema=_WRITE_ONLY)]
    expires_at: datetime


class CrmCredentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where events are sent, and the secret that signs them (Standard Webhooks)."""

    url: SecretAddress
    secret: Annotated[
        str,
        Meta(
            pattern=r"^whsec_[A-Za-z0-9+/]{32,86}={0,2}$(?!\n)",
            description="whsec_ and 24 to 64 random bytes in base64.",
            extra_json_schema=_WRITE_ONLY,
        ),
    ]


class StripeCredentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A secret or restricted key."""

    api_key: Annotated[
        str, Meta(pattern=r"^[sr]k_(live|test)_[A-Za-z0-9]{10,250}$(?!\n)", extra_json_schema=_WRITE_ONLY)
    ]


class AsaasConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which of Asaas's two systems the account is in."""

    environment: Literal["production", "sandbox"] = "production"


class AsaasCredentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The account's API key."""

    api_key: Annotated[str, Meta(pattern=r"^\$aact_[!-~]{10,500}$(?!\n)", extra_json_schema=_WRITE_ONLY)]


class SmtpConnection(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="provider", tag="smtp", kw_only=True
):
    """Sending mail."""

    config: SmtpConfig
    credentials: MailboxCredentials


class ImapConnection(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="provider", tag="imap", kw_only=True
):
    """Receiving mail."""

    config: ImapConfig
    credentials: MailboxCredentials


class CloudApiConnection(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="provider", tag="cloud_api", kw_only=True
):
    """WhatsApp by Meta."""

    config: CloudApiConfig
    credentials: CloudApiCredentials


class EvolutionConnection(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="provider", tag="evolution", kw_only=True
):
    """WhatsApp by Evolution API."""

    config: EvolutionConfig
    credentials: EvolutionCredentials


class IcsConnection(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="provider", tag="ics", kw_only=True
):
    """A calendar to read."""

    config: NothingPublic = NothingPublic()
    credentials: IcsCredentials


class CrmConnection(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="provider", tag="webhook", kw_only=True
):
    """A CRM that takes events."""

    config: NothingPublic = NothingPublic()
    credentials: CrmCredentials


class StripeConnection(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="provider", tag="stripe", kw_only=True
):
    """The company's own account at Stripe."""

    config: NothingPublic = NothingPublic()
    credentials: StripeCredentials


class AsaasConnection(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="provider", tag="asaas", kw_only=True
):
    """The company's own account at Asaas."""

    config: AsaasConfig = AsaasConfig()
    credentials: AsaasCredentials


Connection = (
    SmtpConnection
    | ImapConnection
    | CloudApiConnection
    | EvolutionConnection
    | IcsConnection
    | CrmConnection
    | StripeConnection
    | AsaasConnection
)


@dataclass(frozen=True, slots=True)
class Provider:
    """One service behind a kind, with the shapes of what it needs. `consent`: it gives credentials for a consent."""

    kind: Kind
    name: str
    config: type[msgspec.Struct]
    credentials: type[msgspec.Struct]
    consent: bool = False


PROVIDERS: Final[dict[str, Provider]] = {
    one.name: one
    for one in (
        Provider(Kind.EMAIL, "smtp", SmtpConfig, MailboxCredentials),
        Provider(Kind.EMAIL, "imap", ImapConfig, MailboxCredentials),
        Provider(Kind.WHATSAPP, "cloud_api", CloudApiConfig, CloudApiCredentials),
        Provider(Kind.WHATSAPP, "evolution", EvolutionConfig, EvolutionCredentials),
        Provider(Kind.CALENDAR, "ics", NothingPublic, IcsCredentials),
        Provider(Kind.CALENDAR, "google", GoogleConfig, GoogleCredentials, consent=True),
        Provider(Kind.CRM, "webhook", NothingPublic, CrmCredentials),
        Provider(Kind.PAYMENT, "stripe", NothingPublic, StripeCredentials),
        Provider(Kind.PAYMENT, "asaas", AsaasConfig, AsaasCredentials),
    )
}
# Stands for a service in demonstration data; nobody speaks to it.
DEMO: Final = "demo"


def provider_of(connection: Connection) -> Provider:
    """Whose connection it is."""
    return PROVIDERS[str(connection.__struct_config__.tag)]


def plain(config: msgspec.Struct) -> dict[str, Any]:
    """Public settings as they are stored."""
    stored: dict[str, Any] = msgspec.to_builtins(config)
    return stored
