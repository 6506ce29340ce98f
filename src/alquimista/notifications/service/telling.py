"""Telling a member something where they chose to hear of it."""

from datetime import datetime
from uuid import UUID, uuid5

from alquimista import clock
from alquimista.db.statement import Conn
from alquimista.http.streams import wake
from alquimista.i18n import Text
from alquimista.notifications.models import TEMPLATES, Category, Choice, MailWhen, Owner, Recipient, effective
from alquimista.notifications.queries import inbox, preferences
from alquimista.notifications.service.mails import SUBJECT_LIMIT, post, render


def channel(user_id: UUID) -> str:
    """Where the streams of a person listen."""
    return f"notifications:{user_id}"


async def tell(
    conn: Conn,
    tenant_id: UUID,
    person: Recipient,
    template: str,
    locale: str,
    link: str,
    key: UUID | None = None,
    /,
    **params: object,
) -> None:
    """Tell a member something, in the caller's transaction: on the pages, by mail, or in the next digest.

    Where is what the person chose for the template's category; a template of security goes everywhere at once.
    Who was told under a `key` is not told again under it.

    Raises:
        KeyError: there is no such template, or a parameter is missing.
    """
    plan, owner = TEMPLATES[template], Owner(tenant_id, person.user_id)
    where = effective(plan.category, await preferences.one(conn, owner, plan.category))
    digest = where.mail is MailWhen.DIGEST
    if where.in_app or digest:
        shown = {name: " ".join(str(value).split()) for name, value in params.items()}
        title, *rest = (Text(text.template, shown).render(locale) for text in (plan.subject, *plan.paragraphs[1:]))
        notification_id = clock.new_id() if key is None else uuid5(key, str(person.user_id))
        new = await inbox.insert(
            conn, owner, notification_id, template, plan.category, title[:SUBJECT_LIMIT], "\n".join(rest),
            {"link": link}, where, clock.now(), digest=digest,
        )  # fmt: skip
        if not new:
            return
        if where.in_app:
            await wake(conn, channel(person.user_id), id=str(notification_id))
    if where.mail is MailWhen.AT_ONCE:
        mail = render(template, locale, {"name": person.name, "link": link, **params})
        await post(conn, tenant_id, person.email, mail, key=key)


async def choices(conn: Conn, owner: Owner) -> dict[Category, Choice]:
    """What holds for each category, for one person."""
    chosen = await preferences.mine(conn, owner)
    return {category: effective(category, chosen.get(category)) for category in Category}


async def choose(conn: Conn, owner: Owner, wanted: dict[Category, Choice], now: datetime) -> None:
    """Keep what a person chose; categories that are not named stay as they are.

    What already waits for a digest still goes into the next one.
    """
    for category, choice in sorted(wanted.items()):
        await preferences.choose(conn, owner, category, choice, now)
