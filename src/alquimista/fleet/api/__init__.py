"""Running agents over HTTP: what their processes call (agents), what people do (people), and set (configuring)."""

from alquimista.fleet.api import agents, configuring, people

ROUTES = (*agents.ROUTES, *people.ROUTES, *configuring.ROUTES)
