"""What an agent of the catalogue is and may do, as data that an agent's runtime reads and enforces.

The shape is that of the files in alquimista/catalogue/agents (requirements 5.1: persona, functions, what must be
confirmed first, what it never does, when it hands over to a person).
"""

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from alquimista.agents.models.settings import Settings, TextSetting

Name = Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$(?!\n)", max_length=64)]
Sentence = Annotated[str, Meta(min_length=1, max_length=500)]
Phrase = Annotated[str, Meta(min_length=1, max_length=100)]
Version = Annotated[str, Meta(pattern=r"^[0-9]{1,5}\.[0-9]{1,5}\.[0-9]{1,5}$(?!\n)")]


class Tool(StrEnum):
    """What a function of an agent may use."""

    FIND_SLOTS = "calendar.find_slots"
    BOOK = "calendar.book"
    RESCHEDULE = "calendar.reschedule"
    CANCEL = "calendar.cancel"
    READ_CONTACT = "crm.read_contact"
    UPDATE_CONTACT = "crm.update_contact"
    REGISTER_LEAD = "crm.register_lead"
    SEARCH_CATALOG = "catalog.search"
    CREATE_ORDER = "order.create"
    TRACK_ORDER = "order.track"
    OPEN_TICKET = "ticket.open"
    TICKET_STATUS = "ticket.status"
    SEND_PAYMENT_LINK = "payment.send_link"
    CHECK_PAYMENT = "payment.check"
    RECORD_SURVEY = "survey.record"
    SEND_DOCUMENT = "document.send"
    SEND_MESSAGE = "message.send"
    REQUEST_QUOTE = "quote.request"


class ConfirmKind(StrEnum):
    """What sort of fact must be certain: of a person, a free slot (asked of a tool), a consent, a payment, or other."""

    IDENTITY = "identity"
    AVAILABILITY = "availability"
    CONSENT = "consent"
    PAYMENT = "payment"
    DETAIL = "detail"


class NeverKind(StrEnum):
    """A topic not to speak about, a promise, pressure, a secret not to ask for or reveal, or an act."""

    TOPIC = "topic"
    PROMISE = "promise"
    PRESSURE = "pressure"
    SECRET = "secret"  # noqa: S105 - A kind of rule.
    ACTION = "action"


class Urgency(StrEnum):
    """Whether a person must take over at once, or at the next occasion."""

    NOW = "now"
    SOON = "soon"


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Persona(_Part, frozen=True):
    """As whom the agent speaks. It always says that it is a virtual assistant."""

    role: Phrase
    text: Annotated[str, Meta(min_length=1, max_length=2000)]
    tone: Phrase


class Function(_Part, frozen=True):
    """Something that the agent does, and with which tools."""

    name: Name
    text: Sentence
    tools: tuple[Tool, ...] = ()


class MustConfirm(_Part, frozen=True):
    """What must be certain before some functions are carried out."""

    what: Name
    text: Sentence
    kind: ConfirmKind
    before: Annotated[tuple[Name, ...], Meta(min_length=1)]


class Never(_Part, frozen=True):
    """What the agent never does, and what it says instead."""

    rule: Name
    kind: NeverKind
    text: Sentence
    instead: Sentence


class HandOver(_Part, frozen=True):
    """When a person takes over; `signals` are phrases that people write then."""

    when: Name
    urgency: Urgency
    text: Sentence
    signals: Annotated[tuple[Phrase, ...], Meta(min_length=1, max_length=20)]


class ConversationLimits(_Part, frozen=True):
    """How many times the agent may make an offer in one conversation; 1 is the single-offer rule."""

    offers: Annotated[int, Meta(ge=0, le=10)]


class Definition(_Part, frozen=True, kw_only=True):
    """An agent's rules. Names are unique among their kind, and what is confirmed guards functions that exist.

    `configuration` is what a tenant may set of it.
    """

    persona: Persona
    functions: Annotated[tuple[Function, ...], Meta(min_length=1, max_length=20)]
    confirm: Annotated[tuple[MustConfirm, ...], Meta(max_length=40)]
    never: Annotated[tuple[Never, ...], Meta(min_length=1, max_length=40)]
    hand_over: Annotated[tuple[HandOver, ...], Meta(min_length=1, max_length=40)]
    limits: ConversationLimits
    configuration: Settings = ()

    def __post_init__(self) -> None:
        """Check what the shape alone cannot say. Raises ValueError, which msgspec hands on as a ValidationError."""
        functions = [function.name for function in self.functions]
        _unique("functions", functions)
        _unique("confirm", (one.what for one in self.confirm))
        _unique("never", (one.rule for one in self.never))
        _unique("hand_over", (one.when for one in self.hand_over))
        _unique("configuration", (one.name for one in self.configuration))
        for one in self.confirm:
            if strange := set(one.before) - set(functions):
                raise ValueError(f"confirm `{one.what}` guards `{min(strange)}`, which is not among the functions")


class Sheet(Definition, frozen=True, kw_only=True):
    """A file of the catalogue: an agent with its rules."""

    number: Annotated[int, Meta(ge=1, le=9999)] | None = None
    slug: Name
    name: Annotated[str, Meta(min_length=1, max_length=60)]
    segment: Annotated[str, Meta(min_length=1, max_length=40)]
    category: Name
    version: Version
    description: Annotated[str, Meta(min_length=1, max_length=200)]
    status: Literal["active", "inactive", "deprecated"] = "active"
    tags: Annotated[tuple[Phrase, ...], Meta(max_length=10)] = ()

    @property
    def definition(self) -> Definition:
        """The rules alone."""
        return Definition(**{name: getattr(self, name) for name in Definition.__struct_fields__})


def _unique(part: str, names: Iterable[str]) -> None:
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise ValueError(f"{part} has `{repeated[0]}` twice")


# For the API's documentation.
EXAMPLE: Final = Definition(
    persona=Persona("Atendente de relacionamento", "Ouve antes de oferecer.", "calmo"),
    functions=(Function("fazer-oferta", "Faz uma única oferta.", (Tool.UPDATE_CONTACT,)),),
    confirm=(MustConfirm("motivo", "O motivo da saída", ConfirmKind.DETAIL, ("fazer-oferta",)),),
    never=(Never("nao-insistir", NeverKind.PRESSURE, "Nunca insiste.", "Tudo bem, respeito sua decisão."),),
    hand_over=(HandOver("irritado", Urgency.NOW, "A pessoa está irritada.", ("quero cancelar já",)),),
    limits=ConversationLimits(1),
    configuration=(TextSetting(name="assinatura", label="Assinatura das mensagens", max_length=80),),
)
