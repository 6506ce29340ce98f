"""/app/dashboard/welcome: the first steps of a company, which can be left and gone on with."""

from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta
from starlette.responses import HTMLResponse, RedirectResponse, Response

from alquimista.access import Permission
from alquimista.db.tenancy import tenant_transaction
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.i18n import Text
from alquimista.tenants import service
from alquimista.tenants.models import Goal, Onboarding, Size
from alquimista.web import formats
from alquimista.web.client.overview import PATH as OVERVIEW
from alquimista.web.client.welcome import PATH, Step, Welcome, first_open, industries, next_step, sorted_for, wrong
from alquimista.web.pages.client.billing import own
from alquimista.web.pages.public.agents import offered
from alquimista.web.pages.routing import OFTEN, get, post
from alquimista.web.public.agents import Catalogue, chosen
from alquimista.web.rendering import page

_MOST: Final = 100


class WelcomeQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which step; without it the first that is not answered."""

    step: Step | None = None


class AnswerForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The answer of one step; the others' fields are left out."""

    step: Step
    industry: Annotated[str, Meta(max_length=64)] = ""
    size: Size = Size.UNKNOWN
    goals: Annotated[list[Goal], Meta(max_length=len(Goal))] = []
    agents: Annotated[list[UUID], Meta(max_length=_MOST)] = []


class LeaveForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing but the wish."""


async def welcome(context: Context) -> HTMLResponse:
    """One step; from now on they do not open by themselves (account/home.py)."""
    own(context)
    said = await service.onboarding_of(context.db.tenant(context.tenant), context.tenant)
    if said is None:
        said = Onboarding(tenant_id=context.tenant)
        async with tenant_transaction(context.db, context.tenant) as conn:
            await service.greet(conn, context.who, context.tenant, context.now)
    return await _shown(context, context.query.step or first_open(said), said)


async def answer(context: Context) -> Response:
    """Keep the answer of a step, and go on to the next."""
    own(context)
    form: AnswerForm = context.body
    known = await offered(context)
    said = _with(await _said(context), form, known, context)
    if (missing := wrong(form.step, said, known)) is not None:
        return await _shown(context, form.step, said, missing)
    await _keep(context, said)
    return RedirectResponse(f"{PATH}?step={next_step(form.step)}", 303)


async def leave(context: Context) -> Response:
    """Not be reminded any more."""
    own(context)
    await _keep(context, msgspec.structs.replace(await _said(context), dismissed_at=context.now))
    return RedirectResponse(OVERVIEW, 303)


async def _said(context: Context) -> Onboarding:
    found = await service.onboarding_of(context.db.tenant(context.tenant), context.tenant)
    return found or Onboarding(tenant_id=context.tenant)


async def _keep(context: Context, said: Onboarding) -> None:
    async with tenant_transaction(context.db, context.tenant) as conn:
        await service.say_of_itself(conn, context.who, said, context.now)


def _with(said: Onboarding, form: AnswerForm, known: Catalogue, context: Context) -> Onboarding:
    match form.step:
        case Step.INDUSTRY:
            return msgspec.structs.replace(said, industry=form.industry)
        case Step.SIZE:
            return msgspec.structs.replace(said, size=form.size)
        case Step.GOALS:
            return msgspec.structs.replace(said, goals=list(dict.fromkeys(form.goals)))
        case Step.AGENTS:
            slugs = [one.slug for one in known.offered if one.id in form.agents]
            return msgspec.structs.replace(said, agents=slugs, finished_at=said.finished_at or context.now)
        case Step.PLAN:
            return said


async def _shown(context: Context, step: Step, said: Onboarding, missing: Text | None = None) -> HTMLResponse:
    known = await offered(context)
    suggested, others = sorted_for(known, said)
    view = Welcome(
        step=step,
        said=said,
        industries=industries(known),
        suggested=suggested,
        others=others,
        single=formats.money(known.single[1], context.locale, currency=known.single[0]) if known.single else "",
        selection=chosen(known, [one.id for one in known.offered if one.slug in said.agents], ()),
    )
    return page(context, "onboarding/welcome.html", status=400 if missing else 200, view=view, missing=missing)


_PLACE: Final[dict[str, Any]] = {"scope": TenantScope.OWN, "limits": OFTEN}
ROUTES: Final = (
    get(PATH, welcome, "The first steps of a company", Permission.BILLING_MANAGE, query=WelcomeQuery, **_PLACE),
    post(PATH, answer, "Answer one of the first steps", Permission.BILLING_MANAGE, body=AnswerForm, **_PLACE),
    post(f"{PATH}/leave", leave, "Not be reminded of them", Permission.BILLING_MANAGE, body=LeaveForm, **_PLACE),
)
