"""The metrics that rooms count. The web layer counts its own requests (http/metrics.py)."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

REGISTRY: Final = CollectorRegistry(auto_describe=False)

JOBS: Final = Counter(
    "alquimista_jobs",
    "Jobs that ended a try: success, retry (tried again later) or failure (kept).",
    ("job", "result"),
    registry=REGISTRY,
)
JOB_SECONDS: Final = Histogram(
    "alquimista_job_seconds",
    "How long a try of a job took.",
    ("job",),
    buckets=(0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
    registry=REGISTRY,
)
COMMANDS_CREATED: Final = Counter(
    "alquimista_commands_created", "Commands that were given.", ("command_type",), registry=REGISTRY
)
COMMANDS_SUCCEEDED: Final = Counter(
    "alquimista_commands_succeeded", "Commands that ended well.", ("command_type",), registry=REGISTRY
)
COMMANDS_FAILED: Final = Counter(
    "alquimista_commands_failed", "Commands that ended with an error.", ("command_type",), registry=REGISTRY
)
COMMAND_SECONDS: Final = Histogram(
    "alquimista_command_seconds",
    "From giving a command to its end.",
    ("command_type",),
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 1800),
    registry=REGISTRY,
)
INGEST_EVENTS: Final = Counter(
    "alquimista_ingest_events", "Events received, by what became of them.", ("result",), registry=REGISTRY
)
# The founding system's buckets (requirements 8).
_MILLISECONDS: Final = (25, 50, 100, 250, 500, 1000, 2000, 5000)
EVENTS: Final = Counter(
    "alquimista_event", "Events accepted, by type; those outside the vocabulary are `other`.", ("event_type",),
    registry=REGISTRY,
)  # fmt: skip
EVENT_DELIVERIES: Final = Counter(
    "alquimista_event_deliveries",
    "Events that were given to a consumer: delivered, retry (failed, tried again later) or dead.",
    ("consumer", "result"),
    registry=REGISTRY,
)
EVENT_MILLISECONDS: Final = Histogram(
    "alquimista_event_latency_ms",
    "From an event's acceptance to the end of its delivery.",
    ("consumer",),
    buckets=_MILLISECONDS,
    registry=REGISTRY,
)
WEBHOOKS: Final = Counter(
    "alquimista_webhook_attempts", "Webhook requests, by what became of them.", ("result",), registry=REGISTRY
)
WEBHOOK_MILLISECONDS: Final = Histogram(
    "alquimista_webhook_latency_ms", "How long webhook requests took.", buckets=_MILLISECONDS, registry=REGISTRY
)
