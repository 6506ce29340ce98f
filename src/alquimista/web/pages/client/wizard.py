"""/app/billing/plan: choosing a plan, its SubNúcleos and agents, and going on to the payment."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

import msgspec
from starlette.responses import HTMLResponse, RedirectResponse, Response

from alquimista.access import Permission
from alquimista.agents import service as agents
from alquimista.agents.models.agents import AgentStatus, UnknownAgent
from alquimista.billing.models.invoices import Invoice, InvoiceStatus
from alquimista.billing.models.proposal import Proposal, Shelf
from alquimista.billing.models.subscriptions import (
    AlreadySubscribed,
    Cycle,
    Effect,
    NotFromHere,
    NotOnSale,
    SubNucleosBeyondPlan,
    UnknownSubNucleo,
)
from alquimista.billing.service import proposing, subscribing
from alquimista.billing.service.book import Book, open_book, read_book
from alquimista.billing.service.subscribing import Wanted
from alquimista.db.tenancy import tenant_snapshot, tenant_transaction
from alquimista.errors import Conflict, Problem
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.i18n import N_, Text
from alquimista.web import views
from alquimista.web.client.billing import PATH, PLAN, invoice_url
from alquimista.web.client.wizard import EFFECTS, Choice, Step, Wizard, bundle_options, digest, plan_options
from alquimista.web.pages.client.billing import CYCLES, PAY, own, rules, to_checkout
from alquimista.web.pages.routing import OFTEN, get, post
from alquimista.web.rendering import page

_SAID: Final[dict[type[Problem], Text]] = {
    AlreadySubscribed: N_("This is what you have already. Choose something else, or leave it as it is."),
    NotFromHere: N_("Settle what is open first: the plan can be changed once the subscription is paid."),
    NotOnSale: N_("This plan is no longer on sale, or its price has changed. Choose again."),
    SubNucleosBeyondPlan: N_(
        "SubNúcleos in the plan: {limit}. Leave some out, choose a larger plan, or talk to sales."
    ),
}
_DONE: Final = {Effect.LATER: "later", Effect.KEEP: "kept"}


class PriceChanged(Conflict):
    """What the reader agreed to is not what it would be now."""

    code = "price_changed"
    message = N_("The price or the choice has changed meanwhile. Check the summary, and confirm again.")


class WizardQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The choice so far, by the catalogue's names; without `chosen` it adds to what the tenant has.

    `go` is the step that a button leads to, `step` the one that its form stands in.
    """

    plan: str = ""
    cycle: Cycle | None = None
    subnucleos: list[str] = []
    agents: list[str] = []
    chosen: bool = False
    step: Step = Step.PLAN
    go: Step | None = None


class AgreeForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The choice, and what the page said of its price. The tenant is the session's."""

    plan: str = ""
    cycle: Cycle = Cycle.MONTHLY
    subnucleos: list[str] = []
    agents: list[str] = []
    chosen: bool = True
    step: Step = Step.SUMMARY
    agreed: str = ""


async def wizard(context: Context) -> HTMLResponse:
    """The step that the address names."""
    own(context)
    query: WizardQuery = context.query
    async with tenant_snapshot(context.db, context.tenant) as conn:
        book = await read_book(conn, context.tenant, rules(context), context.now)
        shelf = proposing.shelf(book)
        choice = await _begun(book, query, shelf)
        view = await _view(book, choice, query.go or query.step, shelf)
    return _page(context, view, None)


async def agree(context: Context) -> Response:
    """Subscribe or change, and go on to the payment when there is one."""
    own(context)
    form: AgreeForm = context.body
    choice = Choice(form.plan, form.cycle, tuple(form.subnucleos), tuple(form.agents))
    try:
        effect, invoice = await _agreed(context, choice, form.agreed)
    except Problem as problem:
        return await _refused(context, choice, problem)
    if invoice is None or invoice.status is not InvoiceStatus.OPEN:
        return RedirectResponse(f"{PATH}?done={_DONE.get(effect, 'changed')}", 303)
    try:
        return await to_checkout(context, invoice.id)
    except Problem:  # The invoice stands; its page offers the payment again.
        return RedirectResponse(f"{invoice_url(invoice.id)}?error=checkout", 303)


async def _agreed(context: Context, choice: Choice, agreed: str) -> tuple[Effect, Invoice | None]:
    async with tenant_transaction(context.db, context.tenant) as conn:
        book = await open_book(conn, context.tenant, rules(context), context.now, context.who)
        wanted = _wanted(book, choice, proposing.shelf(book))
        proposal = await proposing.propose(book, wanted)
        if digest(proposal) != agreed:
            raise PriceChanged
        return proposal.effect, await subscribing.subscribe(book, wanted)


async def _refused(context: Context, choice: Choice, problem: Problem) -> Response:
    """The summary as it is now, and why nothing was done."""
    async with tenant_snapshot(context.db, context.tenant) as conn:
        book = await read_book(conn, context.tenant, rules(context), context.now)
        view = await _view(book, choice, Step.SUMMARY, proposing.shelf(book))
    said = _say(problem)
    # What stands in the summary anyway is not said twice.
    notice = views.Notice(said, "bad", "circle-alert") if view.blocked is None or view.blocked != said else None
    return _page(context, view, notice, problem.status)


def _page(context: Context, view: Wizard, notice: views.Notice | None, status: int = 200) -> HTMLResponse:
    effect = EFFECTS[view.proposal.effect] if view.proposal else None
    return page(
        context,
        "billing/wizard.html",
        status=status,
        view=view,
        notice=notice,
        effect=effect,
        cycles=CYCLES,
    )


async def _begun(book: Book, query: WizardQuery, shelf: Shelf) -> Choice:
    """The choice of the address; at first, what the tenant has already."""
    wanted = _names(query.agents, {str(one.id): one.slug for one in book.agents})
    asked = _names(query.subnucleos, {str(one.id): one.name for one in book.subnucleos})
    if query.chosen:
        return Choice(query.plan, query.cycle or Cycle.MONTHLY, asked, wanted)
    terms = shelf.terms
    if terms is not None:
        has, plan_id, cycle = set(terms.agents), terms.plan_id, terms.cycle
    else:
        held = await agents.list_agents(book.conn, book.tenant.id)
        has, plan_id, cycle = {one.agent_id for one in held if one.status is AgentStatus.ACTIVE}, None, Cycle.MONTHLY
    plan = query.plan or next((one.name for one in shelf.plans if one.id == plan_id), "")
    return Choice(
        plan,
        query.cycle or cycle,
        _united([one.name for one in book.subnucleos if terms is not None and one.id in terms.subnucleos], asked),
        _united([one.slug for one in book.agents if one.id in has], wanted),
    )


def _names(given: Iterable[str], by_id: Mapping[str, str]) -> tuple[str, ...]:
    """What an address names, by names; other pages name agents and SubNúcleos by their ids."""
    return tuple(by_id.get(one.lower(), one) for one in given)


def _united(has: Iterable[str], wanted: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*has, *wanted]))


async def _view(book: Book, choice: Choice, step: Step, shelf: Shelf) -> Wizard:
    options, others = bundle_options(book.subnucleos, book.agents, choice)
    proposal, blocked = await _proposed(book, choice, shelf)
    view = Wizard(
        tenant=book.tenant,
        step=step,
        choice=choice,
        plans=plan_options(shelf.plans, choice.cycle),
        bundles=options,
        single=shelf.addon,
        proposal=proposal,
        blocked=blocked,
        others=others,
    )
    if view.plan is None:
        return replace(view, step=Step.PLAN)
    if view.too_many_bundles and step in {Step.AGENTS, Step.SUMMARY}:
        return replace(view, step=Step.SUBNUCLEOS)
    return view


async def _proposed(book: Book, choice: Choice, shelf: Shelf) -> tuple[Proposal | None, Text | None]:
    if not choice.plan:
        return None, None
    try:
        return await proposing.propose(book, _wanted(book, choice, shelf)), None
    except Problem as problem:
        return None, _say(problem)


def _wanted(book: Book, choice: Choice, shelf: Shelf) -> Wanted:
    """The choice in billing's terms.

    Raises:
        NotOnSale, UnknownAgent, UnknownSubNucleo: it names what there is not.
    """
    plan = next((one for one in shelf.plans if one.name == choice.plan), None)
    by_slug = {one.slug: one.id for one in book.agents}
    by_name = {one.name: one.id for one in book.subnucleos}
    if plan is None:
        raise NotOnSale
    if not set(choice.subnucleos) <= by_name.keys():
        raise UnknownSubNucleo
    if not set(choice.agents) <= by_slug.keys():
        raise UnknownAgent
    return Wanted(
        plan.id,
        choice.cycle,
        tuple(by_slug[slug] for slug in choice.agents),
        tuple(by_name[name] for name in choice.subnucleos),
    )


def _say(problem: Problem) -> Text:
    """A refusal in the words of this page."""
    own_words = _SAID.get(type(problem))
    return Text(own_words.template, problem.detail.params) if own_words else problem.detail


_GET: Final[dict[str, Any]] = {"scope": TenantScope.OWN, "query": WizardQuery, "limits": OFTEN}
ROUTES: Final = (
    get(PLAN, wizard, "Choose or change the plan", Permission.BILLING_MANAGE, **_GET),
    post(PLAN, agree, "Agree to a choice, and go on to the payment", Permission.BILLING_MANAGE, body=AgreeForm, **PAY),
)
