"""The way in over HTTP: CloudEvents, OTLP traces, plain JSON."""

from alquimista.usage.api.events import ROUTES as EVENT_ROUTES
from alquimista.usage.api.traces import ROUTES as TRACE_ROUTES

ROUTES = (*EVENT_ROUTES, *TRACE_ROUTES)
