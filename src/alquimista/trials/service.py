"""Use cases of trials: starting one, talking in it, ending those that are over."""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from alquimista import clock
from alquimista.access import Actor
from alquimista.agents import service as agents
from alquimista.audit import service as audit
from alquimista.billing.service import catalogue
from alquimista.db.pool import Database
from alquimista.db.statement import Conn
from alquimista.db.tenancy import tenant_transaction
from alquimista.jobs.queue import enqueue
from alquimista.tenants import service as tenants
from alquimista.tenants.models import TenantStatus
from alquimista.trials import queries
from alquimista.trials.gateway import ChatModel
from alquimista.trials.models.chat import Reply, Served, Turn, Unmetered
from alquimista.trials.models.offers import Offers, Target
from alquimista.trials.models.prompt import system_prompt
from alquimista.trials.models.trials import (
    SETTLED_AFTER,
    CompanyPaused,
    TargetType,
    Trial,
    TrialEnded,
    TrialStatus,
    UnknownTarget,
    UnknownTrial,
)
from alquimista.usage.service import Ingest
from alquimista.wiring import Services

METER: Final = "trials.meter"


class Named(msgspec.Struct, frozen=True):
    """A trial and what its target is called."""

    trial: Trial
    name: str


def install(services: Services) -> ChatModel:
    """Wire the model into the services of a web process. Call `close` of the result at its end."""
    model = ChatModel(services.settings)
    services.add(model)
    return model


async def list_trials(conn: Conn, actor: Actor) -> list[Named]:
    """The actor's own trials, the newest first."""
    tenant_id, user_id = _person(actor)
    found = await queries.list_trials(conn, tenant_id, user_id)
    offers = await _offers(conn) if found else Offers((), ())
    return [Named(one, offers.name(one.target_type, one.target_id)) for one in found]


async def start(conn: Conn, actor: Actor, kind: TargetType, target_id: UUID, now: datetime) -> tuple[Named, bool]:
    """The actor's trial of a target, and whether it is new: there is one, ever. Takes a transaction.

    Raises:
        UnknownTarget: nothing of this id is offered.
        CompanyPaused, AgentSuspended: the company, or its agent, waits for the subscription.
    """
    tenant_id, user_id = _person(actor)
    offers = await _offers(conn)
    trial, new = await queries.of_target(conn, tenant_id, user_id, kind, target_id), False
    if trial is None:
        target = offers.target(kind, target_id)
        if target is None:
            raise UnknownTarget
        await _ready(conn, actor, tenant_id, target, now)
        new = await queries.start(conn, tenant_id, user_id, clock.new_id(), kind, target_id, now)
        trial = await queries.of_target(conn, tenant_id, user_id, kind, target_id)
        assert trial is not None
    if new:
        await audit.record(
            conn,
            actor,
            "trial.started",
            category="agent",
            resource_type="trial",
            resource_id=str(trial.id),
            details={"target_type": kind.value, "target_id": str(target_id)},
            tenant_id=tenant_id,
        )
    return Named(trial, offers.name(kind, target_id)), new


async def invoke(
    services: Services, actor: Actor, trial_id: UUID, turns: Sequence[Turn], now: datetime, trace_id: str
) -> tuple[Reply, Named]:
    """The model's answer in the actor's own trial, which has one message less from before the model is asked.

    No transaction is open while the model thinks. When it fails, the message is given back. Either way the request is
    metered before anybody hears of it.

    Raises:
        ModelNotConfigured: there is no model to ask.
        UnknownTrial, TrialEnded: the actor has no such trial, or it is over.
        UnknownTarget, CompanyPaused, AgentSuspended: as `start`.
        ModelFailed, ModelBusy: the model gave no answer.
    """
    model, db = services.get(ChatModel), services.db
    tenant_id, _ = _person(actor)
    name = model.name[:200]
    async with tenant_transaction(db, tenant_id) as conn:
        taken, target = await _take(conn, actor, trial_id, now)
    served = Served(
        event_id=clock.new_id().hex,
        agent_id=target.agent.id,
        occurred_at=now,
        status="error",
        response_time_ms=0,
        input_tokens=0,
        output_tokens=0,
        model=name,
        trace_id=trace_id,
    )
    began = time.monotonic()
    try:
        reply = await model.complete(system_prompt(target), turns)
    # A request that is cut off, too, must not cost the person a message.
    except BaseException:
        await _give_back(db, tenant_id, trial_id, msgspec.structs.replace(served, response_time_ms=_since(began)))
        raise
    served = msgspec.structs.replace(
        served,
        status="success",
        response_time_ms=_since(began),
        input_tokens=reply.input_tokens,
        output_tokens=reply.output_tokens,
    )
    await enqueue(db.tenant(tenant_id), METER, served, tenant_id=tenant_id)
    return reply, taken


async def meter(services: Services, tenant_id: UUID, served: Served) -> None:
    """Count what was served, once however often this is called, through the door of all events.

    Raises:
        IngestLimit, Unavailable: too much is sent or waits; call again.
        Unmetered: usage does not know the agent (yet), or the company's is suspended; call again.
    """
    outcome = await services.get(Ingest).submit(tenant_id, [served.event])
    if outcome.refused:
        raise Unmetered(outcome.refused[0].code)


async def tenants_due(conn: Conn, now: datetime) -> set[UUID]:
    """The tenants in which `finish` may find something to do; takes a connection of the internal role."""
    return {*await queries.tenants_due(conn, now), *await agents.tenants_on_trial(conn)}


async def finish(conn: Conn, tenant_id: UUID, now: datetime) -> int:
    """End a tenant's trials that are over, and give up agents that nobody has tried for a while; how many trials ended.

    Doing it twice changes nothing. Takes a transaction. The agents' rows come first, as they do in `invoke`: who waits
    for whom is then the same everywhere.
    """
    on_trial = await agents.lock_on_trial(conn, tenant_id)
    ended = await queries.expire(conn, now)
    tried = await queries.lately_tried(conn, tenant_id, now - SETTLED_AFTER)
    offers = await _offers(conn)
    kept = set().union(*(offers.agents(one.target_type, one.target_id) for one in tried))
    for agent_id in on_trial:
        if agent_id not in kept:
            await agents.end_trial(conn, tenant_id, agent_id, now)
    return ended


async def _take(conn: Conn, actor: Actor, trial_id: UUID, now: datetime) -> tuple[Named, Target]:
    tenant_id, user_id = _person(actor)
    trial = await queries.find(conn, tenant_id, user_id, trial_id)
    if trial is None:
        raise UnknownTrial
    if trial.standing(now) is not TrialStatus.ACTIVE:
        raise TrialEnded
    offers = await _offers(conn)
    target = offers.target(trial.target_type, trial.target_id)
    if target is None:
        raise UnknownTarget
    await _ready(conn, actor, tenant_id, target, now)
    taken = await queries.take(conn, tenant_id, user_id, trial_id, now)
    if taken is None:
        raise TrialEnded
    return Named(taken, offers.name(trial.target_type, trial.target_id)), target


async def _ready(conn: Conn, actor: Actor, tenant_id: UUID, target: Target, now: datetime) -> None:
    """Have the agent metered, if the company may try anything."""
    if (await tenants.get(conn, tenant_id)).status is not TenantStatus.ACTIVE:
        raise CompanyPaused
    await agents.begin_trial(conn, actor, tenant_id, target.agent.id, now)


async def _give_back(db: Database, tenant_id: UUID, trial_id: UUID, served: Served) -> None:
    async with tenant_transaction(db, tenant_id) as conn:
        await queries.give_back(conn, tenant_id, trial_id, clock.now())
        await enqueue(conn, METER, served, tenant_id=tenant_id)


async def _offers(conn: Conn) -> Offers:
    return Offers(await agents.catalogue(conn), await catalogue.subnucleos(conn))


def _person(actor: Actor) -> tuple[UUID, UUID]:
    # The permission is one of people who belong to a company, so that both are known.
    assert actor.tenant_id is not None
    assert actor.user_id is not None
    return actor.tenant_id, actor.user_id


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
