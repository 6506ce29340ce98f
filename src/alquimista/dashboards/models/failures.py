"""The shapes of what failed for good and can be moved back into its queue."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista.operations.models.kinds import Queue


class FailureFilter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which failures: those for which every given field holds."""

    queue: Annotated[Queue, Meta(description="Of this queue only.")] | None = None
    tenant_id: Annotated[UUID, Meta(description="Of this company only, or of the platform tenant.")] | None = None


class FailedEntry(msgspec.Struct, frozen=True):
    """One of them, with personal data masked.

    `id` is what REPROCESS_QUEUE takes: of an event each consumer that gave it up has an entry, under one id. Without a
    tenant it is the platform's own. `what` is the job's name, the mail's subject, or the type of the message or event;
    `target` the recipient, the host of the webhook, or the consumer. `failed_at` is when a mail was written.
    """

    queue: Queue
    tenant_id: UUID | None
    tenant_name: str | None
    id: str
    what: str
    target: str
    reason: str
    failed_at: datetime


class FailedEntries(msgspec.Struct, frozen=True):
    """One page of them, the latest first, and how many there are."""

    entries: list[FailedEntry]
    total: int
