"""Use cases of usage: taking events, keeping the rollups right, reading them."""

from alquimista.usage.service.ingest import Ingest
from alquimista.usage.service.reports import last_30_days, overview, report, requests_this_month, version
from alquimista.usage.service.rollups import close_days, compare, fold, fold_all, reconcile, recount
from alquimista.usage.service.traces import SpanIngest
from alquimista.usage.service.upkeep import drop_partitions, make_partitions, purge

__all__ = [
    "Ingest",
    "SpanIngest",
    "close_days",
    "compare",
    "drop_partitions",
    "fold",
    "fold_all",
    "last_30_days",
    "make_partitions",
    "overview",
    "purge",
    "reconcile",
    "recount",
    "report",
    "requests_this_month",
    "version",
]
