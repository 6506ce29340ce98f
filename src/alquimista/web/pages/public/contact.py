"""/contact: asking the sales team, for everybody, with what was chosen among agents and SubNúcleos."""

from collections.abc import Mapping
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta
from starlette.responses import RedirectResponse, Response

from alquimista.access import PLATFORM_TENANT
from alquimista.commercial import service
from alquimista.commercial.guards import ASKING
from alquimista.commercial.models import CommercialContact, tidy
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import FieldError, Invalid, Problem, TooManyRequests
from alquimista.http.context import Context
from alquimista.http.explain import explain
from alquimista.http.limits import Limiter
from alquimista.http.routes import Limit
from alquimista.i18n import N_
from alquimista.web.forms import Form
from alquimista.web.pages.public.agents import offered
from alquimista.web.pages.routing import get, post
from alquimista.web.public.agents import CONTACT, Selection, chosen
from alquimista.web.rendering import page

_MOST: Final = 60
_TEXTS: Final = ("companyName", "cnpj", "contactName", "email", "whatsapp", "message")
_REQUIRED: Final = ("companyName", "contactName", "email", "whatsapp")
_MISSING: Final = N_("This field is required.")


class ContactQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was chosen, by ids of the catalogue; `sent` once the request is with the sales team."""

    agents: Annotated[list[UUID], Meta(max_length=_MOST)] = []
    subnucleos: Annotated[list[UUID], Meta(max_length=_MOST)] = []
    sent: str = ""


class ContactForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """What a person writes; mistakes are answered in the form."""

    company_name: str = ""
    cnpj: str = ""
    contact_name: str = ""
    email: str = ""
    whatsapp: str = ""
    message: str = ""
    agents: Annotated[list[UUID], Meta(max_length=_MOST)] = []
    subnucleos: Annotated[list[UUID], Meta(max_length=_MOST)] = []


class AskedOften(TooManyRequests):
    message = N_(
        "Several requests came from here lately. Wait {minutes} minutes, then send this one: what you wrote is kept "
        "below."
    )


async def show(context: Context) -> Response:
    """The form, or what happens next."""
    query: ContactQuery = context.query
    if query.sent:
        return page(context, "contact/sent.html")
    selection = chosen(await offered(context), query.agents, query.subnucleos)
    actor = context.actor
    known = {"contactName": actor.name, "email": actor.email} if actor and not actor.internal else {}
    return await _form(context, Form(known), selection)


async def take(context: Context) -> Response:
    """Store the request, or show what is wrong. Only what is stored counts against the limit."""
    form: ContactForm = context.body
    selection = chosen(await offered(context), form.agents, form.subnucleos)
    values: dict[str, str] = {
        name: value.replace("\r\n", "\n") for name, value in msgspec.to_builtins(form).items() if name in _TEXTS
    }
    try:
        contact = _contact(values, selection)
        await _count(context)
        async with tenant_transaction(context.db, PLATFORM_TENANT) as conn:
            await service.receive(conn, contact, context.services.settings.sales_email, context.now)
    except Problem as problem:
        return await _form(context, Form.failed(values, problem, frozenset(_TEXTS)), selection, problem.status)
    return RedirectResponse(f"{CONTACT}?sent=true", 303, headers={"Cache-Control": "no-store"})


def _contact(values: Mapping[str, str], selection: Selection) -> CommercialContact:
    """The request that a form makes.

    Raises:
        Invalid: each wrong field.
    """
    mistakes = {name: FieldError(name, _MISSING, "required") for name in _REQUIRED if not values[name].strip()}
    raw: dict[str, Any] = {name: value for name, value in values.items() if value.strip()}
    raw |= {"selectedAgents": list(selection.agents), "selectedSubnucleos": list(selection.subnucleos)}
    written = CommercialContact(
        company_name=values["companyName"],
        contact_name=values["contactName"],
        email=values["email"],
        whatsapp=values["whatsapp"],
        cnpj=values["cnpj"],
        selected_agents=raw["selectedAgents"],
        selected_subnucleos=raw["selectedSubnucleos"],
        message=values["message"],
    )
    # The room's own rules first: what they say of a phone number helps more than how long it must be.
    try:
        contact = tidy(written)
    except Invalid as wrong:
        mistakes = {one.field: one for one in wrong.errors} | mistakes
    try:
        msgspec.convert(raw, CommercialContact)
    except msgspec.ValidationError as error:
        mistakes = {one.field: one for one in explain(raw, CommercialContact, str(error))} | mistakes
    if mistakes:
        raise Invalid(errors=tuple(mistakes.values()))
    return contact


async def _count(context: Context) -> None:
    try:
        await context.services.get(Limiter).take_later(ASKING, context)
    except TooManyRequests as refused:
        seconds = int(refused.headers["Retry-After"])
        raise AskedOften(retry_after=seconds, minutes=-(-seconds // 60)) from None


async def _form(context: Context, form: Form, selection: Selection, status: int = 200) -> Response:
    everything = await offered(context)
    return page(
        context,
        "contact/contact.html",
        status=status,
        form=form,
        agents=[one for one in everything.offered if one.id in selection.agents],
        subnucleos=[one for one in everything.subnucleos if one.id in selection.subnucleos],
        selection=selection,
    )


_LIMITS: Final = (Limit(count=60, seconds=60, per=("ip",)),)
ROUTES: Final = (
    get(CONTACT, show, "Ask the sales team", query=ContactQuery, limits=_LIMITS),
    post(
        CONTACT,
        take,
        "Ask the sales team",
        body=ContactForm,
        body_limit=128 * 1024,
        limits=(Limit(count=20, seconds=60, per=("ip",)),),
    ),
)
