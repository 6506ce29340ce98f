"""Agents: the catalogue, and what each tenant has activated from it.

Owns alquimista_platform.agents (a global, written by the owner only) and tenant_agents. Invariants: a suspended agent
is never revived by an activation; an event of an agent that the tenant has not activated is refused; an agent that the
tenant has switched off stays so whatever its subscription does; settings are written only over those that were read.
"""
