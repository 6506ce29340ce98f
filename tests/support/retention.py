"""How long each kind of data is kept, and what that follows: docs/retention.md, from the code's own constants."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import alquimista
from alquimista.config import Settings
from alquimista.fleet.models.states import HISTORY_KEPT, INSTANCES_KEPT
from alquimista.identity.jobs import LINKS_KEPT, SESSIONS_KEPT
from alquimista.jobs.service import LOG_KEPT
from alquimista.notifications.service.inbox import READ_KEPT, UNREAD_KEPT
from alquimista.notifications.service.mails import KEPT as MAILS_KEPT
from alquimista.operations.models.commands import EXPORT_KEPT
from alquimista.operations.models.commands import KEPT as COMMANDS_KEPT
from alquimista.orchestrator.models.events import KEPT as EVENTS_KEPT
from alquimista.payments.service import RAW_KEPT as PAYMENTS_KEPT
from alquimista.portability.models import WAITING_DAYS
from alquimista.usage.models.events import KEY_DAYS
from alquimista.webhooks.models.deliveries import KEPT as WEBHOOKS_KEPT

_DELETING = re.compile(r'DELETE FROM ([a-z_]+\.[a-z_]+)\s([^"]*)')
_BY_AGE = re.compile(r"%\((?:before|read_before|gone_since)\)s")


class Kept(NamedTuple):
    """A kind of data: its tables, for how long they are kept, and what that follows."""

    kind: str
    tables: tuple[str, ...]
    time: str
    follows: str


def _days(time: timedelta) -> str:
    return f"{time.days} days"


_RAW = f"{Settings.__dataclass_fields__['raw_retention_months'].default} months, or the company's own days if fewer"
_OWN = "`ALQUIMISTA_RAW_RETENTION_MONTHS`, and the company's `raw_days` (from 45)"
_WITH_COMPANY = "as long as the company"
_FIXED = "the same for all"
KEPT = (
    Kept("requests, one by one", ("agent_requests",), _RAW, _OWN),
    Kept("spans of traces", ("fibonacci_core.traces",), _RAW, _OWN),
    Kept("sums of requests", ("tenant_usage_daily", "usage_hourly"), _WITH_COMPANY, "billing is read from them"),
    Kept(
        "what tells a request or a span that comes twice",
        ("event_keys", "usage_spans"),
        f"{KEY_DAYS} days, keys up to a week more",
        "how late a request may come",
    ),
    Kept(
        "events, with their deliveries",
        ("fibonacci_core.events", "fibonacci_core.event_deliveries"),
        f"{_days(EVENTS_KEPT)}, once all is delivered or given up",
        _FIXED,
    ),
    Kept(
        "webhook messages, with each try",
        ("webhook_deliveries", "webhook_attempts"),
        f"{_days(WEBHOOKS_KEPT)}, once delivered or given up",
        _FIXED,
    ),
    Kept("commands", ("operational_commands",), f"{_days(COMMANDS_KEPT)}, once ended", _FIXED),
    Kept("files of EXPORT_TENANT", (), _days(EXPORT_KEPT), _FIXED),
    Kept(
        "notifications",
        ("notifications",),
        f"{_days(READ_KEPT)} when read, {_days(UNREAD_KEPT)} otherwise",
        _FIXED,
    ),
    Kept("which digests were sent", ("notification_digests",), _days(UNREAD_KEPT), _FIXED),
    Kept("e-mails", ("mails",), _days(MAILS_KEPT), _FIXED),
    Kept(
        "processes of agents",
        ("agent_instances",),
        f"{_days(INSTANCES_KEPT)} unheard of; the last of an agent as long as the company",
        _FIXED,
    ),
    Kept("boots and control messages of agents", ("agent_boots", "agent_controls"), _days(HISTORY_KEPT), _FIXED),
    Kept(
        "history of jobs",
        ("job_log", "job_statistics", "failed_jobs"),
        f"{_days(LOG_KEPT)}; of a failed job until it is done",
        _FIXED,
    ),
    Kept("worker processes", ("workers",), "an hour unheard of", _FIXED),
    Kept("sessions", ("sessions", "refresh_tokens"), f"{_days(SESSIONS_KEPT)} after their end", _FIXED),
    Kept("links of e-mails", ("email_tokens",), f"{_days(LINKS_KEPT)} after they expire", _FIXED),
    Kept("keys that sign tokens", ("signing_keys",), "a day after the last token that they signed", _FIXED),
    Kept("windows of rate limits", ("rate_limit_windows",), "1 day", _FIXED),
    Kept(
        "what payment providers sent",
        ("public.payment_events",),
        f"{_days(PAYMENTS_KEPT)}; what it said in our words as long as the company",
        _FIXED,
    ),
    Kept(
        "incidents, tickets, approvals",
        ("incidents", "tickets", "ticket_messages", "approval_requests"),
        _WITH_COMPANY,
        "they are the company's history",
    ),
    Kept(
        "invoices and the ledger",
        ("invoices", "subscription_changes"),
        "for good, also when the company is gone",
        "tax law (CTN arts. 173 and 195; LGPD art. 16, I)",
    ),
    Kept(
        "audit",
        ("audit_logs", "audit_personal"),
        "for good, also when the company is gone; personal data until it is erased",
        "nothing: its chain would not hold ([audit](audit.md))",
    ),
)


def retention_page(note: str) -> str:
    """The table, with what it says in words."""
    head = (
        "# Retention\n\n"
        "What each kind of data's retention follows. Only requests and spans have days of a company's own, which\n"
        "staff set as `raw_days` under *Limits*: they are the bulk, and what a company may not want kept. A company\n"
        f"that leaves takes all of this with it {WAITING_DAYS} days later unless told otherwise, but for the last two\n"
        f"([whole companies](portability.md)).\n{note}\n| kind | tables | kept for | follows |\n|---|---|---|---|\n"
    )
    return head + "".join(_line(one) for one in KEPT)


def _line(one: Kept) -> str:
    tables = ", ".join(f"`{table}`" for table in one.tables) or "none"
    return f"| {one.kind} | {tables} | {one.time} | {one.follows} |\n"


def deleted_by_age() -> Iterator[tuple[str, str]]:
    """Each table that a statement of the code deletes rows from because they are old, and its file."""
    for path in sorted(Path(alquimista.__file__).parent.rglob("*.py")):
        for table, condition in _DELETING.findall(path.read_text()):
            if _BY_AGE.search(condition):
                yield table.removeprefix("alquimista_platform."), path.name
