"""Founding numbers that have no file. They are listed with their reason, so that nobody looks for a lost migration."""

from typing import Final

from alquimista.db.migrations.models import Skipped

_SECOND_TENANCY: Final = (
    "It belonged to a second tenancy (companies, users and user_roles in public, MASTER to READ_ONLY) disjoint from "
    "alquimista_platform; one tenancy with one role vocabulary replaces it"
)

SKIPPED: Final = (
    Skipped(
        9,
        "create_subscription_tables",
        "It duplicates 008 (trials, commercial_requests, payment_events) with other checks and fails right after it; "
        "its only addition, expire_trials(), lives in 008.",
    ),
    Skipped(11, "create_companies", f"{_SECOND_TENANCY}: companies are alquimista_platform.tenants of 003."),
    Skipped(12, "create_users", f"{_SECOND_TENANCY}: users are alquimista_platform.users of 003."),
    Skipped(13, "create_user_roles", f"{_SECOND_TENANCY}: roles are alquimista_platform.tenant_users of 003."),
    Skipped(
        14,
        "create_integrations",
        f"{_SECOND_TENANCY}: integrations are alquimista_platform.tenant_integrations of 003.",
    ),
    Skipped(
        16,
        "create_dispatch_tables",
        "The founding file is empty: the dispatch queue, meetings and calendar tables of its blueprint come with their "
        "rooms, from 018 onward.",
    ),
)
