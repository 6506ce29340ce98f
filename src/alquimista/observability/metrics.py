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
INGEST_EVENTS: Final = Counter(
    "alquimista_ingest_events", "Events received, by what became of them.", ("result",), registry=REGISTRY
)
