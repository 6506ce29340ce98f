"""Founding numbers that have no file. They are listed with their reason, so that nobody looks for a lost migration."""

from typing import Final

from alquimista.db.migrations.models import Skipped
from alquimista.i18n import N_

_SECOND_TENANCY: Final = N_(
    "It belonged to a second tenancy beside this one, with companies, users and roles of its own. One tenancy with one "
    "vocabulary of roles, that of 003, takes its place."
)

SKIPPED: Final = (
    Skipped(
        9,
        "create_subscription_tables",
        N_(
            "It duplicates 008 with other checks, and fails right after it. The only thing that it adds, the end of "
            "trials, lives in 008."
        ),
    ),
    Skipped(11, "create_companies", _SECOND_TENANCY),
    Skipped(12, "create_users", _SECOND_TENANCY),
    Skipped(13, "create_user_roles", _SECOND_TENANCY),
    Skipped(14, "create_integrations", _SECOND_TENANCY),
    Skipped(
        16,
        "create_dispatch_tables",
        N_(
            "The founding file is empty: the dispatch queue, meetings and calendars that it was planned for come with "
            "their rooms, from 018 on."
        ),
    ),
)
