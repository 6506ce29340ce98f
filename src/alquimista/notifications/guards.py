"""Whose notifications a request is about, and how often a person may ask."""

from typing import Final

from alquimista.access import PLATFORM_TENANT
from alquimista.http.context import Context
from alquimista.http.routes import Limit
from alquimista.notifications.models import Owner

READING: Final = (Limit(count=600, seconds=60, per=("user",), name="notifications.read"),)
WRITING: Final = (Limit(count=300, seconds=60, per=("user",), name="notifications.write"),)
STREAMING: Final = (Limit(count=120, seconds=60, per=("user",), name="notifications.stream"),)


def owner_of(context: Context) -> Owner:
    """The person who asks, in their own company. Staff are the platform's, also while they look at another company."""
    who = context.who
    assert who.user_id is not None
    return Owner(who.tenant_id or PLATFORM_TENANT, who.user_id)
