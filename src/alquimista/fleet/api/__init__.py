"""Running agents over HTTP: what their processes call (agents), and what people do (people)."""

from alquimista.fleet.api import agents, people

ROUTES = (*agents.ROUTES, *people.ROUTES)
