"""Giving a command: its type, its company, and a form made from the schema of its parameters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import msgspec
from msgspec import Meta

from alquimista.agents.models.agents import AgentSuspended, UnknownAgent
from alquimista.clock import new_id
from alquimista.dashboards.models.staff import TenantRow
from alquimista.errors import Invalid, Problem
from alquimista.i18n import N_, Text
from alquimista.integrations.models.failures import UnknownIntegration
from alquimista.operations.models.kinds import KINDS, CommandType, Kind
from alquimista.operations.service import Foreseen
from alquimista.tenants.models import Tenant, UnknownTenant
from alquimista.usage.models.reports import RawGone
from alquimista.web import schema_form
from alquimista.web.forms import Form
from alquimista.web.schema_form import Input, Options
from alquimista.web.staff.commands import PATH as OPERATIONS

PATH: Final = f"{OPERATIONS}/new"
MATCHES: Final = 8  # Companies that are offered at once.
_TYPED: Final = Annotated[str, Meta(max_length=8_000)]
_NAMES: Final = sorted({one.name for kind in KINDS.values() for one in schema_form.inputs(kind.parameters)})
# At which field a refusal stands that names none.
_AT: Final[Mapping[type[Problem], str]] = {
    UnknownTenant: "tenant_id",
    UnknownIntegration: "integration_id",
    UnknownAgent: "agent_id",
    AgentSuspended: "agent_id",
    RawGone: "first_day",
}
_FIXED: Final = frozenset({"tenant_id", "confirmed"})


def _texts(name: str, doc: str, *fields: str) -> type[msgspec.Struct]:
    """A Struct of texts: the fields, and the parameters of every kind of command."""
    return msgspec.defstruct(
        name,
        [(one, _TYPED, "") for one in (*fields, *_NAMES)],
        frozen=True,
        forbid_unknown_fields=True,
        namespace={"__doc__": doc},
    )


NewCommandQuery: Final = _texts(
    "NewCommandQuery", "What the form is filled in with; `company` is what is looked for.", "command_type", "tenant_id",
    "company",
)  # fmt: skip
NewCommandForm: Final = _texts(
    "NewCommandForm", "A command as it is typed, its key, and whether it is meant: `give`, or only a dry run.",
    "command_type", "tenant_id", "key", "confirmed", "act",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCommand:
    """The form of one kind. `matches` are companies to choose from, `tenant` the one that was chosen."""

    kind: Kind
    tenant: Tenant | None
    search: str
    matches: Sequence[TenantRow]
    inputs: Sequence[Input]
    form: Form
    key: str
    approval: bool
    foreseen: Foreseen | None

    @property
    def ready(self) -> bool:
        """Whether there is nothing to choose before the parameters."""
        return self.tenant is not None or not self.kind.needs_tenant

    def about(self, tenant_id: object = "") -> str:
        """The address of this form about another company, or about none."""
        return address_of(self.kind.command_type, tenant_id, self.filled)

    @property
    def filled(self) -> dict[str, str]:
        """What is typed already and says something about any company."""
        names = {one.name for one in self.inputs if not one.name.endswith("_id")}
        return {name: value for name, value in self.form.values.items() if value and name in names}


def address_of(command_type: CommandType, tenant_id: object = "", values: Mapping[str, str] | None = None) -> str:
    """Where the form of a kind is, filled in."""
    tenant = {"tenant_id": str(tenant_id)} if tenant_id else {}
    return f"{PATH}?{urlencode({'command_type': command_type.value, **tenant, **(values or {})})}"


def inputs_of(kind: Kind, choices: Mapping[str, Options]) -> tuple[Input, ...]:
    """The inputs of a kind's parameters."""
    return schema_form.chosen(schema_form.inputs(kind.parameters), choices)


def filled(kind: Kind, values: Mapping[str, str]) -> Form:
    """A form that holds what was given, and defaults for the rest."""
    defaults = schema_form.initial(schema_form.inputs(kind.parameters))
    return Form({name: values.get(name) or default for name, default in defaults.items()})


def failed(kind: Kind, values: Mapping[str, str], problem: Problem) -> Form:
    """The form after a refusal, which stands at the field that it is about."""
    names = frozenset(one.name for one in schema_form.inputs(kind.parameters)) | _FIXED
    if isinstance(problem, Invalid):
        return Form.failed(values, schema_form.at_fields(problem), names)
    place = _AT.get(type(problem))
    return Form(values, {place: (problem.detail,)}) if place in names else Form(values, problem=problem.detail)


def ticked(kind: Kind, values: Mapping[str, str]) -> None:
    """What destroys something is only given by who says that it is meant.

    Raises:
        Invalid: the box is not ticked.
    """
    if kind.destroys and values["confirmed"] != "yes":
        raise Invalid.of("confirmed", N_("Tick this box first: it cannot be taken back with a click."))


def new_key() -> str:
    """The name of the command that one form gives, however often it is sent."""
    return f"page-{new_id()}"


def facts_of(kind: Kind, *, approval: bool) -> list[tuple[Text, Text, str]]:
    """What is worth knowing of a kind before one gives it, each with its icon."""
    return [
        (
            N_("Customer"),
            N_("Always about one") if kind.needs_tenant else N_("About one, or about the platform"),
            "building-2",
        ),
        (
            N_("Approval"),
            N_("By a second person, within 24 hours") if approval else N_("None: it begins at once"),
            "stamp",
        ),
        (N_("At most"), _span(kind.timeout_s), "clock"),
        (
            N_("If it fails"),
            N_("Tried again, {n} times in all", n=kind.tries) if kind.tries > 1 else N_("Not tried again"),
            "rotate-cw",
        ),
    ]


def _span(seconds: int) -> Text:
    return N_("{n} minutes", n=seconds // 60) if seconds >= 120 else N_("{n} seconds", n=seconds)


def asdict(form: Any) -> dict[str, str]:  # noqa: ANN401 - One of the Structs above.
    """Its fields."""
    return msgspec.structs.asdict(form)
