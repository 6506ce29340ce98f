"""How the rooms above hear of a request's end: in the transaction that ends it, so that it cannot be lost."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from alquimista.access import Actor
from alquimista.approvals.models import Approval, in_words
from alquimista.db.statement import Conn
from alquimista.i18n import Text
from alquimista.wiring import Services

# Takes the transaction of the tenant, who closed the request (None: its time was over), and the closed request.
# It writes to the database only, and what it raises leaves the request open.
Reaction = Callable[[Conn, Actor | None, Approval, datetime], Awaitable[None]]
# What people call what is asked for.
Title = Callable[[Approval], Text]


class Reactions:
    """Which room acts on which requests, by how their action types begin."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Reaction, Title]] = {}

    def on(self, prefix: str, reaction: Reaction, title: Title) -> None:
        """Have all requests whose action type begins so called by `title`, and their ends acted on; once a prefix."""
        self._known[prefix] = reaction, title

    def title(self, approval: Approval) -> Text:
        """What people call what is asked for; what no room knows is called by its own words."""
        titles = [title for prefix, (_, title) in self._known.items() if approval.action_type.startswith(prefix)]
        return titles[0](approval) if titles else in_words(approval.action_type)

    async def closed(self, conn: Conn, actor: Actor | None, approval: Approval, now: datetime) -> None:
        """Have the end of a request acted on; nothing happens while it is pending, or where nobody waits for it."""
        if not approval.closed:
            return
        for prefix, (reaction, _) in self._known.items():
            if approval.action_type.startswith(prefix):
                await reaction(conn, actor, approval, now)


def install(services: Services) -> Reactions:
    """Wire the reactions into a process's services; rooms above add theirs to what it returns."""
    reactions = Reactions()
    services.add(reactions)
    return reactions
