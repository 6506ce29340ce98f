"""The local outbox: mails of a development installation without a mail server."""

from typing import Final

from starlette.responses import Response

from alquimista.access import Role
from alquimista.errors import NotFound
from alquimista.http.context import Context
from alquimista.http.proxies import is_this_machine
from alquimista.notifications import service as notifications
from alquimista.web.pages.routing import get
from alquimista.web.rendering import page
from alquimista.web.shell import has_outbox


async def outbox(context: Context) -> Response:
    """The newest mails. They hold sign-in links: only this machine and administrators of the platform may read them."""
    administrator = context.actor is not None and context.actor.role is Role.INTERNAL_ADMIN
    if not has_outbox(context) or not (administrator or is_this_machine(context.client_ip, context.headers)):
        raise NotFound
    mails = await notifications.outbox(context.db.login())
    return page(context, "outbox.html", mails=mails)


ROUTES: Final = (get("/outbox", outbox, "Mails of a development installation"),)
