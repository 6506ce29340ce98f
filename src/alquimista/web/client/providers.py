"""What can be connected, as people call it, and the fields of each provider's form, drawn from its own schema."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec

from alquimista.errors import Invalid, NotFound
from alquimista.i18n import N_, Text
from alquimista.integrations.models.connections import DEMO, PROVIDERS, Connection, Kind, Provider
from alquimista.web.forms import renamed, shaped


@dataclass(frozen=True, slots=True)
class Named:
    """A kind or a provider in words, with its icon; `about` says what it is for."""

    label: Text
    about: Text
    icon: str


KINDS: Final[dict[str, Named]] = {
    Kind.EMAIL: Named(N_("E-mail"), N_("Send and receive as your company."), icon="mail"),
    Kind.WHATSAPP: Named(N_("WhatsApp"), N_("Talk to customers at your own number."), icon="message-circle"),
    Kind.CALENDAR: Named(N_("Calendar"), N_("See when there is time, and book it."), icon="calendar-days"),
    Kind.CRM: Named(N_("CRM"), N_("Hand leads and events to your system."), icon="contact"),
    Kind.PAYMENT: Named(N_("Payments"), N_("Your own account, not what you pay us."), icon="credit-card"),
}
LABELS: Final[dict[str, Named]] = {
    "smtp": Named(N_("Outgoing mail (SMTP)"), N_("Any mail server that sends with a password."), icon="send"),
    "imap": Named(N_("Incoming mail (IMAP)"), N_("Any mailbox; nothing in it is marked as read."), icon="inbox"),
    "cloud_api": Named(
        N_("WhatsApp Cloud API"), N_("Meta's own, with a token of a system user."), icon="message-circle"
    ),
    "evolution": Named(N_("Evolution API"), N_("An instance on a server of your own."), icon="message-square"),
    "ics": Named(N_("Calendar by address"), N_("An address in iCalendar format, to be read."), icon="calendar-days"),
    "google": Named(
        N_("Google Calendar"), N_("You consent at Google; nobody types a password."), icon="calendar-check"
    ),
    "webhook": Named(N_("CRM by webhook"), N_("Signed events to an address of your CRM."), icon="webhook"),
    "stripe": Named(N_("Stripe"), N_("By a secret or a restricted key."), icon="credit-card"),
    "asaas": Named(N_("Asaas"), N_("By the API key of your account."), icon="banknote"),
    DEMO: Named(N_("Demonstration"), N_("It leads nowhere."), icon="flask-conical"),
}
FIELDS: Final[dict[str, Text]] = {
    "host": N_("Server"),
    "sender": N_("Sender's address"),
    "port": N_("Port"),
    "security": N_("Encryption"),
    "username": N_("User name"),
    "password": N_("Password"),
    "phone_number_id": N_("Phone number ID"),
    "version": N_("Version of the Graph API"),
    "access_token": N_("Access token"),
    "base_url": N_("Address of the server"),
    "instance": N_("Instance"),
    "api_key": N_("API key"),
    "url": N_("Address"),
    "secret": N_("Signing secret"),
    "calendar_id": N_("Calendar"),
    "environment": N_("Environment"),
}
_HINTS: Final[dict[str, Text]] = {
    "host": N_("The server's name, such as mail.empresa.com.br."),
    "sender": N_("The address that mails come from."),
    "phone_number_id": N_("The number's id in Meta's console, not the number."),
    "access_token": N_("Of a system user, with whatsapp_business_messaging."),
    "base_url": N_("Without /manager at its end."),
    "ics.url": N_("The calendar's secret address; it is kept like a password."),
    "webhook.url": N_("Where events are posted, https; it is kept like a password."),
    "secret": N_("whsec_ and 24 to 64 random bytes in base64."),
    "calendar_id": N_("“primary” is the account's own calendar."),
    "stripe.api_key": N_("It begins with sk_ or rk_."),
    "asaas.api_key": N_("It begins with $aact_."),
    "evolution.api_key": N_("The instance's key, or the server's."),
}
CHOICES: Final[dict[str, Text]] = {
    "starttls": N_("STARTTLS (ports 587 and 143)"),
    "tls": N_("TLS from the first byte (ports 465 and 993)"),
    "production": N_("Production"),
    "sandbox": N_("Sandbox"),
}


class UnknownProvider(NotFound):
    code = "integration_provider_not_found"
    message = N_("There is no such service to connect. Choose one of the list.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One field of a form. A secret one is typed as a password, and never filled in again."""

    name: str
    label: Text
    hint: Text | None
    kind: Literal["text", "number", "password", "choice"]
    options: tuple[tuple[str, Text], ...]
    required: bool
    default: str
    longest: int | None


def provider_named(name: str) -> Provider:
    """A provider of those that can be connected. Raises UnknownProvider."""
    if name not in PROVIDERS:
        raise UnknownProvider
    return PROVIDERS[name]


def inputs_of(provider: Provider) -> tuple[Input, ...]:
    """The fields of a provider's form: its settings, and then its credentials unless a consent gives them."""
    shapes = (provider.config,) if provider.consent else (provider.config, provider.credentials)
    return tuple(one for shape in shapes for one in _inputs(provider, shape))


def _inputs(provider: Provider, shape: type[msgspec.Struct]) -> list[Input]:
    schema = msgspec.json.schema(shape)["$defs"][shape.__name__]
    required = schema.get("required", ())
    found = []
    for name, about in schema["properties"].items():
        hint = _HINTS.get(f"{provider.name}.{name}") or _HINTS.get(name)
        choices = tuple((one, CHOICES[one]) for one in about.get("enum", ()))
        found.append(
            Input(
                name=name,
                label=FIELDS[name],
                hint=hint,
                kind=_kind_of(about),
                options=choices,
                required=name in required,
                default=str(about.get("default", "")),
                longest=about.get("maxLength"),
            )
        )
    return found


def _kind_of(about: Mapping[str, Any]) -> Literal["text", "number", "password", "choice"]:
    if about.get("writeOnly"):
        return "password"
    if "enum" in about:
        return "choice"
    return "number" if about.get("type") == "integer" else "text"


_EVERY_FIELD: Final = sorted({one.name for provider in PROVIDERS.values() for one in inputs_of(provider)})
# What any provider's form sends: a field is missing where its provider has none.
ConnectionForm: Final = msgspec.defstruct(
    "ConnectionForm", [(name, str, "") for name in ("name", *_EVERY_FIELD)], frozen=True, forbid_unknown_fields=True
)


def connection_of(provider: Provider, typed: Mapping[str, str]) -> Connection:
    """What was typed, as the provider's connection. What is left empty counts as not given.

    Raises:
        Invalid: what is missing or wrong, by the form's fields.
    """
    parts = {"config": provider.config, "credentials": provider.credentials}
    given = {
        part: {field.name: typed[field.name] for field in msgspec.structs.fields(shape) if typed.get(field.name)}
        for part, shape in parts.items()
    }
    try:
        connection: Connection = shaped({"provider": provider.name, **given}, Connection)
    except Invalid as problem:
        raise flat(problem) from None
    return connection


def flat(problem: Invalid) -> Invalid:
    """The same with the fields called as the form calls them: by their last name."""
    names = {one.field: one.field.rpartition(".")[2] for one in problem.errors}
    told = renamed(problem, **names)
    assert isinstance(told, Invalid)
    return told


def config_of(provider: Provider, typed: Mapping[str, str]) -> Any:  # noqa: ANN401 - The provider's own shape.
    """The settings alone, for a provider that gives its credentials for a consent. Raises Invalid."""
    names = [field.name for field in msgspec.structs.fields(provider.config)]
    return shaped({name: typed[name] for name in names if typed.get(name)}, provider.config)
