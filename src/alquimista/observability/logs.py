"""Logs: one JSON object a line in production, readable lines in development; on standard error, masked."""

import logging
import sys
from typing import Final, TextIO

import structlog
from structlog.contextvars import bound_contextvars, merge_contextvars
from structlog.types import EventDict, Processor, WrappedLogger

from alquimista.config import Settings
from alquimista.observability.masking import mask_field

__all__ = ["bound", "setup"]

# Within `with bound(trace_id=…, tenant_id=…):` every line of the task carries these fields.
bound = bound_contextvars

# Libraries that tell each request or each statement at INFO: they are heard from warnings on.
_QUIET: Final = ("uvicorn.access", "httpx", "httpcore", "pgqueuer", "asyncio")


def masked(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A structlog processor: hide personal data and secrets, in exceptions too, which are text by now."""
    return {name: mask_field(name, value) for name, value in event.items() if not name.startswith("_")} | {
        name: value for name, value in event.items() if name.startswith("_")
    }


def setup(settings: Settings, process: str, stream: TextIO | None = None) -> None:
    """Send everything that is logged, by libraries too, through one formatter.

    Args:
        settings: the level, and whether this is production.
        process: what kind of process this is (web, worker...); each line says so.
        stream: where to; standard error unless given.
    """
    output = stream or sys.stderr
    shared: list[Processor] = [
        merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _named(process),
        masked,
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if settings.production
        else structlog.dev.ConsoleRenderer(colors=output.isatty(), sort_keys=False)
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler(output)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True


def _named(process: str) -> Processor:
    def add(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["process"] = process
        return event

    return add
