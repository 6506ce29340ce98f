"""Trying an agent or a SubNúcleo (requirements 4.3). Who tries is the session's; no body can say otherwise."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista.access import Permission
from alquimista.agents.models.agents import AgentSuspended
from alquimista.db.tenancy import tenant_transaction
from alquimista.http.context import Context
from alquimista.http.responses import Answer, encode
from alquimista.http.routes import Limit, Route, TenantScope
from alquimista.trials import service
from alquimista.trials.guards import STARTING, TALKING
from alquimista.trials.models.chat import (
    MAX_HISTORY,
    Message,
    ModelBusy,
    ModelFailed,
    ModelNotConfigured,
    Turn,
)
from alquimista.trials.models.trials import (
    CompanyPaused,
    NextStep,
    TargetType,
    TrialEnded,
    TrialStatus,
    UnknownTarget,
    UnknownTrial,
)


class StartTrial(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to try: the id of an agent or of a SubNúcleo of the public catalogue."""

    target_type: TargetType
    target_id: UUID


class InvokeTrial(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One message in a trial. `history` is what was said before, as nothing of it is kept here."""

    trial_id: UUID
    message: Message
    history: Annotated[tuple[Turn, ...], Meta(max_length=MAX_HISTORY)] = ()


class TrialView(msgspec.Struct, frozen=True):
    """A trial as it stands. `next_step` is where it leads: `subscribe` for an agent, `sales` for a SubNúcleo."""

    trial_id: UUID
    target_type: TargetType
    target_id: UUID
    target_name: str
    status: TrialStatus
    started_at: datetime
    expires_at: datetime
    usage_count: int
    max_usage: int
    remaining: int
    next_step: NextStep


class Trials(msgspec.Struct, frozen=True):
    """One's own trials, the newest first."""

    trials: list[TrialView]


class TrialReply(msgspec.Struct, frozen=True):
    """What the model answered, as the agent would, and how the trial stands afterwards."""

    reply: str
    trial: TrialView


async def get_trials(context: Context) -> Trials:
    """One's own trials."""
    found = await service.list_trials(context.db.tenant(context.tenant), context.who)
    return Trials([_view(one, context.now) for one in found])


async def start_trial(context: Context) -> TrialView | Answer:
    """A new trial, or the one that there is already, however it stands."""
    body: StartTrial = context.body
    async with tenant_transaction(context.db, context.tenant) as conn:
        found, new = await service.start(conn, context.who, body.target_type, body.target_id, context.now)
    view = _view(found, context.now)
    return view if new else Answer(200, encode(view))


async def invoke_trial(context: Context) -> TrialReply:
    """One message to the model."""
    body: InvokeTrial = context.body
    turns = (*body.history, Turn("user", body.message))
    reply, trial = await service.invoke(
        context.services, context.who, body.trial_id, turns, context.now, context.trace_id
    )
    return TrialReply(reply.text, _view(trial, context.now))


def _view(one: service.Named, moment: datetime) -> TrialView:
    trial = one.trial
    return TrialView(
        trial_id=trial.id,
        target_type=trial.target_type,
        target_id=trial.target_id,
        target_name=one.name,
        status=trial.standing(moment),
        started_at=trial.started_at,
        expires_at=trial.expires_at,
        usage_count=trial.usage_count,
        max_usage=trial.max_usage,
        remaining=trial.remaining(moment),
        next_step=trial.next_step,
    )


_ID: Final = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
_VIEW: Final = TrialView(
    trial_id=_ID,
    target_type=TargetType.AGENT,
    target_id=_ID,
    target_name="Clínica odontológica",
    status=TrialStatus.ACTIVE,
    started_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
    expires_at=datetime(2026, 3, 2, 12, tzinfo=UTC),
    usage_count=1,
    max_usage=5,
    remaining=4,
    next_step=NextStep.SUBSCRIBE,
)
_OWN: Final[dict[str, Any]] = {
    "tag": "trials",
    "permission": Permission.TRIAL_USE,
    "scope": TenantScope.OWN,
}
ROUTES: Final = (
    Route(
        method="GET",
        path="/api/trials",
        handler=get_trials,
        summary="Your own trials",
        response=Trials,
        limits=(Limit(count=100, seconds=60, per=("user",)),),
        example=Trials([_VIEW]),
        **_OWN,
    ),
    Route(
        method="POST",
        path="/api/trials/start",
        handler=start_trial,
        summary="Try an agent or a SubNúcleo for a day or five messages; starting again answers the same trial",
        body=StartTrial,
        response=TrialView,
        status=201,
        others={200: TrialView},
        limits=(STARTING,),
        problems=(UnknownTarget, CompanyPaused, AgentSuspended),
        example=StartTrial(TargetType.AGENT, _ID),
        **_OWN,
    ),
    Route(
        method="POST",
        path="/api/trials/invoke",
        handler=invoke_trial,
        summary="Send one message in a trial; a message that the model does not answer is not counted",
        body=InvokeTrial,
        body_limit=512 * 1024,  # Eleven messages, each of whose characters may be written as \uXXXX.
        response=TrialReply,
        timeout_s=60,
        limits=(TALKING,),
        problems=(
            UnknownTrial,
            TrialEnded,
            UnknownTarget,
            CompanyPaused,
            AgentSuspended,
            ModelNotConfigured,
            ModelFailed,
            ModelBusy,
        ),
        example=InvokeTrial(_ID, "Vocês atendem aos sábados?"),
        **_OWN,
    ),
)
