"""Use cases of incidents, as other rooms, staff's endpoints and jobs call them."""

from alquimista.incidents.service.acting import (
    acknowledge,
    change_severity,
    comment,
    end,
    note_command,
    note_refusal,
    open_by_hand,
)
from alquimista.incidents.service.alerting import alert
from alquimista.incidents.service.conditions import open_incident, resolve
from alquimista.incidents.service.escalating import escalate
from alquimista.incidents.service.escalating import look as look_for_unheard
from alquimista.incidents.service.mirroring import mirror
from alquimista.incidents.service.reading import (
    Detail,
    Shown,
    detail,
    find,
    known_tenants,
    open_of_agents,
    own,
    page,
    shown,
    shown_to,
    staff_page,
    tenants_with_open,
)
from alquimista.incidents.service.telling import tell
from alquimista.incidents.service.watching import (
    hold,
    watch_attacks,
    watch_events,
    watch_jobs,
    watch_mails,
    watch_queue,
    watch_runs,
    watch_webhooks,
)

__all__ = [
    "Detail",
    "Shown",
    "acknowledge",
    "alert",
    "change_severity",
    "comment",
    "detail",
    "end",
    "escalate",
    "find",
    "hold",
    "known_tenants",
    "look_for_unheard",
    "mirror",
    "note_command",
    "note_refusal",
    "open_by_hand",
    "open_incident",
    "open_of_agents",
    "own",
    "page",
    "resolve",
    "shown",
    "shown_to",
    "staff_page",
    "tell",
    "tenants_with_open",
    "watch_attacks",
    "watch_events",
    "watch_jobs",
    "watch_mails",
    "watch_queue",
    "watch_runs",
    "watch_webhooks",
]
