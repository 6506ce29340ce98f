"""The only SQL on alquimista_platform.notification_preferences; whose they are, each statement says itself."""

from datetime import datetime

import msgspec

from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.notifications.models import Category, Choice, MailWhen, Owner


class Chosen(msgspec.Struct, frozen=True):
    """What a person chose for a category."""

    category: Category
    in_app: bool
    mail: MailWhen


MINE = Statement(
    """
    SELECT category, in_app, mail FROM alquimista_platform.notification_preferences
    WHERE tenant_id = %(tenant_id)s AND user_id = %(user_id)s
    """,
    Chosen,
)

ONE = Statement(
    """
    SELECT category, in_app, mail FROM alquimista_platform.notification_preferences
    WHERE tenant_id = %(tenant_id)s AND user_id = %(user_id)s AND category = %(category)s
    """,
    Chosen,
)

SET = Statement(
    """
    INSERT INTO alquimista_platform.notification_preferences (tenant_id, user_id, category, in_app, mail, updated_at)
    VALUES (%(tenant_id)s, %(user_id)s, %(category)s, %(in_app)s, %(mail)s, %(now)s)
    ON CONFLICT (tenant_id, user_id, category)
    DO UPDATE SET in_app = excluded.in_app, mail = excluded.mail, updated_at = excluded.updated_at
    """,
    NoRow,
)


async def mine(conn: Conn, owner: Owner) -> dict[Category, Choice]:
    """What a person chose, by category; defaults are not in it."""
    rows = await conn.fetch(MINE, tenant_id=owner.tenant_id, user_id=owner.user_id)
    return {row.category: Choice(in_app=row.in_app, mail=row.mail) for row in rows}


async def one(conn: Conn, owner: Owner, category: Category) -> Choice | None:
    """What a person chose for a category, or None."""
    row = await conn.fetch_one(ONE, tenant_id=owner.tenant_id, user_id=owner.user_id, category=category)
    return None if row is None else Choice(in_app=row.in_app, mail=row.mail)


async def choose(conn: Conn, owner: Owner, category: Category, choice: Choice, now: datetime) -> None:
    """Keep a choice."""
    await conn.execute(
        SET,
        tenant_id=owner.tenant_id,
        user_id=owner.user_id,
        category=category,
        in_app=choice.in_app,
        mail=choice.mail,
        now=now,
    )
