"""Writing mails, and handing them to the mail server."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Final
from uuid import UUID, uuid5

import structlog
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from alquimista import clock
from alquimista.db.pool import Database
from alquimista.db.statement import Conn
from alquimista.i18n import N_, Text
from alquimista.jobs.queue import enqueue
from alquimista.notifications import gateway
from alquimista.notifications.models import (
    TEMPLATES,
    DeadMails,
    Delivery,
    Group,
    Mail,
    MailRefused,
    OutboxMail,
    Rendered,
)
from alquimista.notifications.queries import mails as queries
from alquimista.observability.masking import mask

DELIVER: Final = "notifications.deliver"
RETRIES: Final = 6  # Over about an hour and a half.
KEPT: Final = timedelta(days=90)
_OUTBOX_LINES: Final = 100
SUBJECT_LIMIT: Final = 200
_FOOTER: Final = N_("Sent automatically by Alquimista; answers to this address are not read.")
_LINK_HINT: Final = N_("If the button does not work, copy this address into your browser:")

_log = structlog.get_logger("alquimista.notifications")


async def send_mail(conn: Conn, tenant_id: UUID, to: str, template: str, locale: str, **params: object) -> None:
    """Write a mail and enqueue its delivery, in the caller's transaction.

    Args:
        conn: the app's under `tenant_id`, or the sign-in role's.
        tenant_id: on whose behalf; the platform tenant when it is nobody's.
        to: the recipient's address.
        template: a name of models.TEMPLATES.
        locale: `pt-BR` or `en`.
        params: what the template's texts name, and `link` where it has a button.

    Raises:
        KeyError: there is no such template, or a parameter is missing.
    """
    await post(conn, tenant_id, to, render(template, locale, params))


async def post(conn: Conn, tenant_id: UUID, to: str, mail: Rendered, *, key: UUID | None = None) -> None:
    """Store a mail and enqueue its delivery; to nobody twice under one key."""
    recipient = to.strip().lower()
    mail_id = clock.new_id() if key is None else uuid5(key, recipient)
    if not await queries.insert(conn, tenant_id, mail_id, recipient, mail, clock.now()):
        return
    await enqueue(conn, DELIVER, Delivery(mail_id), tenant_id=tenant_id)


async def deliver(db: Database, tenant_id: UUID, mail_id: UUID) -> None:
    """Hand a waiting mail to the mail server. Without one it stays, and the local outbox page shows it.

    Raises:
        gateway.NOT_DELIVERED: it did not work this time; the mail waits for the next try.
    """
    settings = db.settings
    conn = db.login()
    mail = await queries.queued(conn, tenant_id, mail_id)
    if mail is None:
        return
    if not settings.smtp_url:
        if settings.production:
            _log.warning("mail.kept", reason="ALQUIMISTA_SMTP_URL is not set")
        return
    try:
        await gateway.deliver(settings.smtp_url, settings.mail_from, mail)
    except MailRefused as error:
        await _failed(conn, mail, error, final=True)
    except gateway.NOT_DELIVERED as error:
        await _failed(conn, mail, error, final=mail.attempts >= RETRIES)
        raise
    else:
        await queries.sent(conn, mail, clock.now())


async def count_given_up(conn: Conn, tenant_id: UUID, ids: Sequence[UUID] | None = None) -> int:
    """How many of the tenant's mails, or of these, were given up. Takes the tenant's connection."""
    return await queries.count_given_up(conn, tenant_id, ids)


async def dead(conn: Conn) -> DeadMails:
    """How many mails of all tenants were given up and not tried again. Takes the internal role's connection."""
    return await queries.dead(conn)


async def requeue(conn: Conn, tenant_id: UUID, ids: Sequence[UUID] | None, limit: int) -> int:
    """Try the tenant's mails that were given up, or these, again, each once; how many. Takes a transaction."""
    moved = await queries.requeue(conn, tenant_id, ids, limit)
    for mail_id in moved:
        await enqueue(conn, DELIVER, Delivery(mail_id), tenant_id=tenant_id)
    return len(moved)


async def outbox(conn: Conn) -> list[OutboxMail]:
    """The newest 100 mails with their links, for development without a mail server. Takes the sign-in role's."""
    return await queries.outbox(conn, _OUTBOX_LINES)


async def purge(conn: Conn, now: datetime) -> int:
    """Delete mails of more than 90 days ago; how many. Takes the sign-in role's connection."""
    return await queries.purge(conn, now - KEPT)


def render(template: str, locale: str, params: dict[str, object], groups: tuple[Group, ...] = ()) -> Rendered:
    """A mail's subject, text and HTML in a language. What parameters hold is escaped, and kept on one line."""
    plan = TEMPLATES[template]
    shown = {name: " ".join(str(value).split()) for name, value in params.items()}

    def tell(text: Text) -> str:
        return Text(text.template, shown).render(locale)

    values = {
        "locale": locale,
        "subject": tell(plan.subject)[:SUBJECT_LIMIT],
        "paragraphs": [tell(text) for text in plan.paragraphs],
        "groups": [(group.heading.render(locale), group.lines) for group in groups],
        "button": tell(plan.button) if plan.button else "",
        "link": shown["link"] if plan.button else "",
        "link_hint": tell(_LINK_HINT),
        "footer": tell(_FOOTER),
    }
    text, html = (_templates().get_template(name).render(values) for name in ("mail.txt", "mail.html"))
    return Rendered(str(values["subject"]), text, html)


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("alquimista.notifications"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


async def _failed(conn: Conn, mail: Mail, error: Exception, *, final: bool) -> None:
    reason = mask(f"{type(error).__name__}: {error}")
    _log.warning("mail.failed", mail_id=str(mail.id), attempt=mail.attempts + 1, final=final, reason=reason)
    await queries.failed(conn, mail, reason, final=final)
