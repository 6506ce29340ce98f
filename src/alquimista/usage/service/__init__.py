"""Use cases of usage: taking events, keeping the rollups right, reading them."""

from alquimista.usage.service.drilldown import days, events, evidence, received_days
from alquimista.usage.service.failures import judge_failures, tenants_to_judge
from alquimista.usage.service.ingest import Ingest
from alquimista.usage.service.install import WaysIn, install
from alquimista.usage.service.reports import last_hours, totals
from alquimista.usage.service.rollups import close_days, compare, fold, fold_all, reconcile, recount, tenants_to_close
from alquimista.usage.service.room import Room
from alquimista.usage.service.traces import SpanIngest
from alquimista.usage.service.upkeep import drop_partitions, make_partitions, make_partitions_of, purge

__all__ = [
    "Ingest",
    "Room",
    "SpanIngest",
    "WaysIn",
    "close_days",
    "compare",
    "days",
    "drop_partitions",
    "events",
    "evidence",
    "fold",
    "fold_all",
    "install",
    "judge_failures",
    "last_hours",
    "make_partitions",
    "make_partitions_of",
    "purge",
    "received_days",
    "reconcile",
    "recount",
    "tenants_to_close",
    "tenants_to_judge",
    "totals",
]
