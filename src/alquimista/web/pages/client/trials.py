"""/app/trials: trying an agent or a SubNúcleo in a conversation that only the page remembers."""

from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta
from starlette.responses import HTMLResponse, RedirectResponse, Response

from alquimista.access import Permission
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Forbidden, NotFound, Problem
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.i18n import N_
from alquimista.trials import service
from alquimista.trials.guards import STARTING, TALKING
from alquimista.trials.models.chat import MAX_MESSAGE, ModelNotConfigured, Turn
from alquimista.trials.models.trials import TargetType, TrialEnded, UnknownTarget
from alquimista.web.client.trials import PATH, Chat, bounded, lines, remembered
from alquimista.web.pages.public.agents import offered
from alquimista.web.pages.routing import OFTEN, get, post
from alquimista.web.rendering import fragment, page
from alquimista.web.shell import Shell

_EMPTY: Final = N_("Write a message first.")
_LONG: Final = N_("A message has at most {limit} characters.", limit=MAX_MESSAGE)
_Texts = Annotated[list[str], Meta(max_length=12)]


class MessageForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A message, and what was said and answered before it, pair by pair."""

    message: str = ""
    said: _Texts = []
    answered: _Texts = []


async def show(context: Context) -> Response:
    """The trial as it stands. Staff read why they have none."""
    kind, target_id, name = await _target(context)
    if not context.who.may(Permission.TRIAL_USE) or context.who.tenant_id is None:
        return page(context, "trials/not_here.html", name=name, internal=context.who.internal)
    own = await service.list_trials(context.db.tenant(context.who.tenant_id), context.who)
    trial = next((one.trial for one in own if (one.trial.target_type, one.trial.target_id) == (kind, target_id)), None)
    if not name and trial is None:
        raise UnknownTarget
    return _answer(context, Chat(kind=kind, target_id=target_id, name=name, trial=trial, now=context.now))


async def start(context: Context) -> Response:
    """Begin, or go on with the trial that there is."""
    kind, target_id, name = await _target(context)
    try:
        async with tenant_transaction(context.db, context.tenant) as conn:
            await service.start(conn, context.who, kind, target_id, context.now)
    except Forbidden as problem:
        chat = Chat(kind=kind, target_id=target_id, name=name, trial=None, now=context.now, problem=problem.detail)
        return _answer(context, chat, problem.status)
    return RedirectResponse(f"{PATH}/{kind}/{target_id}", 303, headers={"Cache-Control": "no-store"})


async def say(context: Context) -> Response:
    """One message to the model, and its answer below those before it."""
    kind, target_id, name = await _target(context)
    form: MessageForm = context.body
    turns = remembered([lines(one) for one in form.said], [lines(one) for one in form.answered])
    message = lines(form.message).strip()
    conn = context.db.tenant(context.tenant)

    async def standing(**more: Any) -> Chat:  # noqa: ANN401 - Fields of Chat.
        own = await service.list_trials(conn, context.who)
        found = (one.trial for one in own if (one.trial.target_type, one.trial.target_id) == (kind, target_id))
        return Chat(kind=kind, target_id=target_id, name=name, trial=next(found, None), now=context.now, **more)

    wrong = _EMPTY if not message else _LONG if len(message) > MAX_MESSAGE else None
    chat = await standing(turns=turns, draft=message, problem=wrong)
    if chat.trial is None:
        raise UnknownTarget
    if wrong is not None:
        return _answer(context, chat, 400)
    asked = Turn("user", message)
    try:
        reply, _ = await service.invoke(
            context.services,
            context.who,
            chat.trial.id,
            (*bounded(turns), asked),
            context.now,
            context.trace_id,
        )
    except TrialEnded as ended:  # The page says itself how it ended.
        return _answer(context, await standing(turns=turns), ended.status)
    except Problem as problem:
        blocked = isinstance(problem, ModelNotConfigured)
        refused = await standing(turns=turns, draft=message, problem=problem.detail, blocked=blocked)
        return _answer(context, refused, problem.status)
    return _answer(context, await standing(turns=(*turns, asked, Turn("assistant", reply.text))))


async def _target(context: Context) -> tuple[TargetType, UUID, str]:
    """What the address names, and what that is called; empty when it is not offered any more."""
    try:
        kind = TargetType(context.path["target_type"])
    except ValueError:
        raise NotFound from None
    target_id, everything = context.uuid("target_id"), await offered(context)
    names = {
        TargetType.AGENT: {one.id: one.name for one in everything.offered},
        TargetType.SUBNUCLEO: {one.id: one.display_name for one in everything.subnucleos},
    }
    return kind, target_id, names[kind].get(target_id, "")


def _answer(context: Context, chat: Chat, status: int = 200) -> Response:
    """The page, or for a page with scripts its part: with 200, as scripts put no failures into a page."""
    if context.request.headers.get("hx-request"):
        html = fragment(context.locale, "trials/_chat.html", chat=chat, shell=Shell.of(context))
        return HTMLResponse(html, headers={"Cache-Control": "no-store"})
    return page(context, "trials/trial.html", status=status, chat=chat)


_OWN: Final[dict[str, Any]] = {"permission": Permission.TRIAL_USE, "scope": TenantScope.OWN}
_ONE: Final = PATH + "/{target_type}/{target_id:uuid}"
ROUTES: Final = (
    get(_ONE, show, "A trial", Permission.ACCOUNT_MANAGE, limits=OFTEN),
    post(f"{_ONE}/start", start, "Begin a trial", limits=(STARTING,), **_OWN),
    post(
        f"{_ONE}/messages",
        say,
        "Send a message in a trial",
        body=MessageForm,
        body_limit=1024 * 1024,  # Eleven messages, each of whose characters may take twelve bytes in a form.
        timeout_s=60,
        limits=(TALKING,),
        **_OWN,
    ),
)
