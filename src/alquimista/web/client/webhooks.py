"""A company's webhooks, arranged for its pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from alquimista.events import TOLD, EventType
from alquimista.i18n import N_, Text
from alquimista.tenants.models import Tenant
from alquimista.web.client.addresses import Links
from alquimista.web.forms import Form
from alquimista.web.tables import Paged
from alquimista.web.views import Badge, Notice
from alquimista.webhooks.models.deliveries import DeliveryState, Failure, WebhookDelivery
from alquimista.webhooks.models.endpoints import EVERYTHING, URL_LIMIT, DisabledReason, EndpointStatus, WebhookEndpoint

PATH: Final = "/app/dashboard/settings/webhooks"
MAIN: Final = "webhook"  # The id of the element that a link replaces.
SHOWN: Final = 20

DONE: Final = {
    "changed": Notice(N_("Saved. It holds for what happens from now on."), "good", icon="circle-check"),
    "enabled": Notice(N_("The webhook is on: it is told what happens from now on."), "good", icon="circle-check"),
    "disabled": Notice(N_("The webhook is off: nothing is sent to it."), "good", icon="circle-check"),
    "removed": Notice(N_("The webhook is removed with its log."), "good", icon="circle-check"),
    "tested": Notice(
        N_("A test is on its way. Its line below says within seconds what became of it."), "info", icon="send"
    ),
    "replayed": Notice(N_("The message is sent again, with its own id."), "good", icon="circle-check"),
}
# As docs/webhooks.md has it.
EXAMPLE: Final = """\
import base64, hashlib, hmac, time


def verify(secret: str, headers: dict[str, str], body: bytes) -> bool:
    moment = headers["webhook-timestamp"]
    if abs(time.time() - int(moment)) > 300:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{moment}.".encode() + body
    wanted = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    given = [one.partition(",") for one in headers["webhook-signature"].split()]
    return any(v == "v1" and hmac.compare_digest(one, wanted) for v, _, one in given)
"""
DELIVERY_STATES: Final = {
    DeliveryState.PENDING: Badge(N_("On its way"), "warn", icon="clock"),
    DeliveryState.DELIVERED: Badge(N_("Delivered"), "good", icon="circle-check"),
    DeliveryState.FAILED: Badge(N_("Given up"), "bad", icon="circle-alert"),
}
FILTERS: Final[tuple[tuple[str, Text], ...]] = (
    ("", N_("All messages")),
    ("delivered", N_("Delivered messages")),
    ("pending", N_("Messages on their way")),
    ("failed", N_("Messages given up")),
)
FAILURES: Final = {
    Failure.STATUS: N_("It was not answered with a 2xx."),
    Failure.REDIRECT: N_("It was answered with a redirect, which is not followed."),
    Failure.TIMEOUT: N_("There was no answer within 15 seconds."),
    Failure.UNREACHABLE: N_("The server could not be reached."),
    Failure.TLS: N_("The server's certificate could not be verified."),
    Failure.UNRESOLVED: N_("The server's name has no address."),
    Failure.FORBIDDEN_ADDRESS: N_("The name leads to an address that is not public."),
    Failure.INSECURE: N_("The address is not https."),
    Failure.PROTOCOL: N_("What answered does not speak HTTP as it should."),
    Failure.DISABLED: N_("The webhook was disabled before its turn came."),
    Failure.LOST: N_("The platform could not finish its tries."),
}
_GROUPS: Final = {
    "lead": N_("Leads"),
    "agendamento": N_("Meetings"),
    "mensagem": N_("Messages to leads"),
    "resposta": N_("Replies of leads"),
    "estrategia": N_("Plans and segments"),
    "relatorio": N_("Reports"),
    "atendimento": N_("Conversations that agents hand over"),
    "agent": N_("Agents"),
    "incident": N_("Incidents"),
    "integration": N_("Integrations"),
    "ticket": N_("Requests to support"),
    "approval": N_("Approvals"),
    "subscription": N_("Subscription"),
    "invoice": N_("Invoices"),
}


def groups() -> list[tuple[Text, list[str]]]:
    """The types that a webhook may ask for, by what they are about. A test is told whoever asks for it."""
    types = sorted(one.value for one in TOLD if one is not EventType.WEBHOOK_TEST)
    return [(label, [one for one in types if one.partition(".")[0] == name]) for name, label in _GROUPS.items()]


class WebhookForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to tell, and what, as it is typed. `everything` is the choice instead of types."""

    url: str = ""
    description: str = ""
    everything: str = ""
    event_types: list[str] = []
    own_types: str = ""


class Checked(msgspec.Struct, frozen=True):
    """The same when it may be stored."""

    url: Annotated[str, Meta(min_length=8, max_length=URL_LIMIT)]
    description: Annotated[str, Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)")]
    event_types: Annotated[list[str], Meta(min_length=1, max_length=100)]


class LogQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which messages, and what was just done."""

    state: Literal["", "pending", "delivered", "failed"] = ""
    page: int = 1
    done: Annotated[str, Meta(max_length=20)] = ""
    count: Annotated[int, Meta(ge=0, le=10_000)] = 0
    seen: str = ""  # The hash of the fragment that the browser shows.


class RangeForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Days of the company, both included, as they are typed; with `delivered` those that were taken, too."""

    first: str = ""
    last: str = ""
    delivered: str = ""


class Days(msgspec.Struct, frozen=True):
    """The same as days."""

    first: date
    last: date


class StateForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether it is to be told anything."""

    enabled: bool


def state_of(endpoint: WebhookEndpoint) -> Badge:
    """How an endpoint stands, in words."""
    if endpoint.status is EndpointStatus.DISABLED:
        if endpoint.disabled_reason is DisabledReason.FAILING:
            return Badge(N_("Off: it failed for three days"), "bad", icon="circle-alert")
        if endpoint.disabled_reason is DisabledReason.GONE:
            return Badge(N_("Off: it answered 410"), "bad", icon="circle-off")
        return Badge(N_("Off"), "idle", icon="circle-pause")
    if endpoint.failing_since is not None:
        return Badge(N_("Failing"), "warn", icon="triangle-alert")
    return Badge(N_("Enabled"), "good", icon="circle-check")


def told(endpoint: WebhookEndpoint) -> Text:
    """What it is told, briefly."""
    if EVERYTHING in endpoint.event_types:
        return N_("Everything")
    if len(endpoint.event_types) == 1:
        return Text("{type}", {"type": endpoint.event_types[0]})
    return N_("{count} types of events", count=len(endpoint.event_types))


def name_of(endpoint: WebhookEndpoint) -> str:
    """What people call it: its description, or its server."""
    return endpoint.description or urlsplit(endpoint.url).netloc


def filled(endpoint: WebhookEndpoint) -> Form:
    """The form about one that is there."""
    own = [one for one in endpoint.event_types if one != EVERYTHING and one not in TOLD]
    return Form({"url": endpoint.url, "description": endpoint.description, "own_types": ", ".join(own)})


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointPage:
    """Everything on the page of one endpoint."""

    tenant: Tenant
    endpoint: WebhookEndpoint
    deliveries: Paged[WebhookDelivery]
    state: str
    links: Links

    @property
    def path(self) -> str:
        """Where the page is."""
        return f"{PATH}/{self.endpoint.id}"

    @property
    def live_url(self) -> str:
        """Where the log refreshes from."""
        page = str(self.deliveries.page) if self.deliveries.page > 1 else ""
        return self.links.to(f"{self.path}/live", state=self.state, page=page)

    @property
    def enabled(self) -> bool:
        """Whether it is told anything."""
        return self.endpoint.status is EndpointStatus.ENABLED

    @property
    def tabs(self) -> list[tuple[Text, str, bool]]:
        """The filters by state, as links."""
        return [(label, self.links.to(self.path, state=value), value == self.state) for value, label in FILTERS]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRow:
    """An endpoint in the list of them."""

    endpoint: WebhookEndpoint
    name: str
    state: Badge
    told: Text

    @classmethod
    def all_of(cls, found: Sequence[WebhookEndpoint]) -> "list[EndpointRow]":
        """The lines of the list."""
        return [cls(endpoint=one, name=name_of(one), state=state_of(one), told=told(one)) for one in found]


def chosen(form: WebhookForm) -> list[str]:
    """The types that were ticked, and those that were written."""
    return [*form.event_types, *form.own_types.replace(",", " ").split()]


def choice_of(form: WebhookForm) -> Mapping[str, object]:
    """What was typed, as it is checked."""
    types = [EVERYTHING] if form.everything == "yes" else chosen(form)
    return {"url": form.url.strip(), "description": form.description.strip(), "event_types": types}
