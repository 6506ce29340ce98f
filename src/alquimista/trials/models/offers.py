"""Whom a trial is with: the agent that leads the conversation, and those it may name."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from alquimista.agents.models.agents import Agent
from alquimista.agents.models.definitions import Definition
from alquimista.billing.models.catalogue import StoredSubNucleo
from alquimista.trials.models.trials import TargetType


class Target(msgspec.Struct, frozen=True):
    """What can be tried: the leading agent with its rules, and the names of the agents that it may hand over to."""

    agent: Agent
    definition: Definition
    bundle: str = ""  # The SubNúcleo's name.
    colleagues: tuple[str, ...] = ()


class Offers:
    """The catalogue at one moment, as trials need it."""

    def __init__(self, agents: Sequence[Agent], bundles: Sequence[StoredSubNucleo]) -> None:
        self._agents = {agent.id: agent for agent in agents}
        self._by_slug = {agent.slug: agent for agent in agents}
        self._bundles = {bundle.id: bundle for bundle in bundles}

    def name(self, kind: TargetType, target_id: UUID) -> str:
        """What a target is called, even when it is not offered any more."""
        if kind is TargetType.AGENT:
            agent = self._agents.get(target_id)
            return agent.name if agent else ""
        bundle = self._bundles.get(target_id)
        return bundle.display_name if bundle else ""

    def target(self, kind: TargetType, target_id: UUID) -> Target | None:
        """What is tried, or None when it is unknown, not offered, or has no rules to keep to.

        A SubNúcleo is led by its first required agent, or by the first optional one when none is required.
        """
        if kind is TargetType.AGENT:
            return _led_by(self._agents.get(target_id))
        bundle = self._bundles.get(target_id)
        found = [_led_by(self._by_slug.get(slug)) for slug in bundle.agents] if bundle else []
        offered = [one for one in found if one is not None]
        if bundle is None or not offered:
            return None
        lead, *others = offered
        return Target(lead.agent, lead.definition, bundle.display_name, tuple(one.agent.name for one in others))

    def agents(self, kind: TargetType, target_id: UUID) -> set[UUID]:
        """Every agent that a trial of the target may have asked."""
        if kind is TargetType.AGENT:
            return {target_id}
        bundle = self._bundles.get(target_id)
        return {self._by_slug[slug].id for slug in bundle.agents if slug in self._by_slug} if bundle else set()


def _led_by(agent: Agent | None) -> Target | None:
    if agent is None or agent.status != "active" or agent.definition is None:
        return None
    return Target(agent, agent.definition)
