"""What identity holds in memory in each process; wired by the composition roots."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from alquimista.access import PLATFORM_TENANT, Actor, ActorKind
from alquimista.audit import service as audit
from alquimista.cache import bus as messages
from alquimista.cache.bus import Bus
from alquimista.config import Settings
from alquimista.db.crypto import Sealer, derive
from alquimista.db.pool import Database
from alquimista.db.statement import Conn
from alquimista.http.limits import Limiter
from alquimista.identity.gateway import Issuer
from alquimista.identity.models.sessions import Client
from alquimista.identity.models.users import Account, User
from alquimista.identity.service.cache import SESSION_TOPIC, ActorCache
from alquimista.identity.service.hashing import PasswordHasher
from alquimista.identity.service.keys import KeyRing
from alquimista.wiring import Services


@dataclass(slots=True)
class Identity:
    """The tools of identity's use cases."""

    settings: Settings
    db: Database
    hasher: PasswordHasher
    sealer: Sealer
    keys: KeyRing
    actors: ActorCache
    limiter: Limiter
    issuer: Issuer | None
    refresh_key: bytes

    @property
    def idle(self) -> timedelta:
        """How long a browser's session may be unused."""
        return timedelta(minutes=self.settings.session_idle_minutes)

    async def close(self) -> None:
        """Release threads and connections."""
        self.hasher.close()
        if self.issuer is not None:
            await self.issuer.close()


def install(services: Services, bus: Bus, hasher: PasswordHasher | None = None) -> Identity:
    """Wire identity into a process's services; the caller closes what it returns.

    Args:
        services: where the use cases find it again.
        bus: carries revocations between processes.
        hasher: shared with other services of the process; a new one by default.
    """
    settings, db = services.settings, services.db
    sealer = Sealer(settings)
    kit = Identity(
        settings=settings,
        db=db,
        hasher=hasher or PasswordHasher(),
        sealer=sealer,
        keys=KeyRing(db, sealer),
        actors=ActorCache(bus),
        limiter=Limiter(db),
        issuer=Issuer(settings) if settings.oidc_issuer else None,
        refresh_key=derive(settings, "successors of refresh tokens"),
    )
    services.add(kit)
    return kit


async def note(
    conn: Conn,
    action: str,
    client: Client,
    person: Account | User | None,
    tenant_id: UUID | None,
    *,
    failed: bool = False,
    **details: Any,  # noqa: ANN401 - Plain JSON values.
) -> None:
    """Audit an act of somebody who is not signed in (yet); unknown people's acts go to the platform tenant."""
    actor = None
    if person is not None:
        nothing: frozenset[Any] = frozenset()
        actor = Actor(ActorKind.SESSION, nothing, user_id=person.id, email=person.email, name=person.full_name)
    await audit.record(
        conn,
        actor,
        action,
        category="auth",
        result="failure" if failed else "success",
        resource_type="user",
        resource_id=str(person.id) if person else "",
        details=details,
        ip=client.ip or None,
        user_agent=client.user_agent,
        tenant_id=tenant_id or PLATFORM_TENANT,
    )


async def announce(conn: Conn, **subject: UUID) -> None:
    """Tell every process, at commit, to forget what it knows of a session_id, user_id, tenant_id or key_id."""
    await messages.publish(conn, SESSION_TOPIC, **{name: str(value) for name, value in subject.items()})
