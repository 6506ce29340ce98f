"""Who may do what: the four roles of the founding system, the permissions, and the actor of a request or job."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

# Rows that belong to no tenant (platform commands, failed logins of unknown accounts) belong to this one.
PLATFORM_TENANT: Final = UUID("00000000-0000-7000-8000-000000000000")
# Staff read times in this zone, the vendor's books are kept in its days, and periods over all customers end with them.
PLATFORM_ZONE: Final = "America/Sao_Paulo"


class Role(StrEnum):
    """Exact, case sensitive, in order of precedence (requirements 1.1)."""

    INTERNAL_ADMIN = "INTERNAL_ADMIN"
    INTERNAL_SUPPORT = "INTERNAL_SUPPORT"
    TENANT_ADMIN = "TENANT_ADMIN"
    TENANT_USER = "TENANT_USER"

    @property
    def internal(self) -> bool:
        """Whether this is a role of the vendor's staff."""
        return self in _INTERNAL


_INTERNAL: Final = frozenset({Role.INTERNAL_ADMIN, Role.INTERNAL_SUPPORT})


class Permission(StrEnum):
    """`resource:action`. A route names one; a role or an API key's scope maps to a set of them."""

    TENANT_READ = "tenant:read"
    AGENT_READ = "agent:read"
    INTEGRATION_READ = "integration:read"
    USAGE_READ = "usage:read"
    USAGE_WRITE = "usage:write"
    INCIDENT_READ = "incident:read"
    USER_READ = "user:read"
    USER_MANAGE = "user:manage"
    API_KEY_READ = "api_key:read"
    API_KEY_MANAGE = "api_key:manage"
    ACCOUNT_MANAGE = "account:manage"  # One's own profile, password, sessions and second factor.
    PLATFORM_READ = "platform:read"
    CATALOGUE_MANAGE = "catalogue:manage"
    BILLING_READ = "billing:read"
    BILLING_MANAGE = "billing:manage"
    REVENUE_READ = "revenue:read"  # What all tenants bring.
    PAYMENT_MANAGE = "payment:manage"  # Money that arrived, refunds, credit, granted trials: the vendor's own acts.
    SALES_MANAGE = "sales:manage"  # Requests to the sales team.
    AGENT_MANAGE = "agent:manage"
    AGENT_RUN = "agent:run"  # An agent's own process: heartbeats and control messages.
    INTEGRATION_MANAGE = "integration:manage"
    WEBHOOK_READ = "webhook:read"  # Webhooks and what they were told, never a secret.
    WEBHOOK_MANAGE = "webhook:manage"
    TICKET_READ = "ticket:read"
    TICKET_WRITE = "ticket:write"  # Open and answer as the company that asks.
    TICKET_ANSWER = "ticket:answer"  # Answer as the vendor.
    INCIDENT_MANAGE = "incident:manage"
    EVENT_WRITE = "event:write"
    TRACE_READ = "trace:read"
    AUDIT_READ = "audit:read"
    GRANT_MANAGE = "grant:manage"
    COMPANY_MANAGE = "company:manage"  # Name, language and time zone of one's own company.
    APPROVAL_READ = "approval:read"
    APPROVAL_DECIDE = "approval:decide"
    COMMAND_READ = "command:read"
    COMMAND_RUN = "command:run"
    USAGE_RECOMPUTE = "usage:recompute"  # Changes what is billed: never for support (requirements 1.2).
    TENANT_MANAGE = "tenant:manage"  # Create, change, suspend and resume companies.
    TENANT_EXPORT = "tenant:export"  # Everything of one company, in a file.
    TENANT_VIEW_AS = "tenant:view_as"
    TRIAL_USE = "trial:use"  # One's own trials, in one's own company: staff belong to none.


_ACCOUNT: Final = frozenset({Permission.ACCOUNT_MANAGE})
_MEMBER: Final = _ACCOUNT | {
    Permission.TENANT_READ,
    Permission.AGENT_READ,
    Permission.INTEGRATION_READ,
    Permission.USAGE_READ,
    Permission.INCIDENT_READ,
    Permission.TICKET_READ,
    Permission.TICKET_WRITE,
}
_TENANT_ADMIN: Final = _MEMBER | {
    Permission.USER_READ,
    Permission.USER_MANAGE,
    Permission.API_KEY_READ,
    Permission.API_KEY_MANAGE,
    Permission.BILLING_READ,
    Permission.BILLING_MANAGE,
    Permission.AGENT_MANAGE,
    Permission.INTEGRATION_MANAGE,
    Permission.WEBHOOK_READ,
    Permission.WEBHOOK_MANAGE,
    Permission.AUDIT_READ,
    Permission.GRANT_MANAGE,
    Permission.COMPANY_MANAGE,
    Permission.APPROVAL_READ,
    Permission.APPROVAL_DECIDE,
}
_TRIAL: Final = frozenset({Permission.TRIAL_USE})
_SUPPORT: Final = _MEMBER | {
    Permission.USER_READ,
    Permission.API_KEY_READ,
    Permission.WEBHOOK_READ,
    Permission.PLATFORM_READ,
    Permission.SALES_MANAGE,
    Permission.TICKET_ANSWER,
    Permission.INCIDENT_MANAGE,
    Permission.TRACE_READ,
    Permission.AUDIT_READ,
    Permission.APPROVAL_READ,
    Permission.APPROVAL_DECIDE,
    Permission.COMMAND_READ,
    Permission.COMMAND_RUN,
    Permission.TENANT_VIEW_AS,
}

ROLE_PERMISSIONS: Final[dict[Role, frozenset[Permission]]] = {
    Role.INTERNAL_ADMIN: _SUPPORT
    | _TENANT_ADMIN
    | {
        Permission.CATALOGUE_MANAGE,
        Permission.REVENUE_READ,
        Permission.PAYMENT_MANAGE,
        Permission.USAGE_RECOMPUTE,
        Permission.TENANT_MANAGE,
        Permission.TENANT_EXPORT,
    },
    Role.INTERNAL_SUPPORT: _SUPPORT,
    Role.TENANT_ADMIN: _TENANT_ADMIN | _TRIAL,
    Role.TENANT_USER: _MEMBER | _TRIAL,
}

# What a member of staff may do who looks at a company as its administrator: what both of them could, so that a view
# opens nothing that is closed to the viewer's own role.
VIEW_PERMISSIONS: Final = {
    role: (given & ROLE_PERMISSIONS[Role.TENANT_ADMIN]) | {Permission.TENANT_VIEW_AS}
    for role, given in ROLE_PERMISSIONS.items()
    if Permission.TENANT_VIEW_AS in given
}

# What an API key may hold. `ingest` opens /v1/* of usage, `read` the GET /tenant/* routes, `agent` what a running agent
# needs (docs/fleet.md), `events` POST /events.
SCOPE_PERMISSIONS: Final[dict[str, frozenset[Permission]]] = {
    "ingest": frozenset({Permission.USAGE_WRITE}),
    "read": frozenset(_MEMBER - _ACCOUNT - {Permission.TICKET_READ, Permission.TICKET_WRITE}),
    "agent": frozenset({Permission.AGENT_RUN, Permission.USAGE_WRITE}),
    "events": frozenset({Permission.EVENT_WRITE}),
}


class ActorKind(StrEnum):
    """How the caller proved who it is."""

    SESSION = "session"  # A browser's cookie.
    TOKEN = "token"  # An access token in Authorization. # noqa: S105 - A kind, not a secret.
    API_KEY = "api_key"
    SYSTEM = "system"  # A job or the command line.


Scoped = tuple[str, str]  # One thing: its kind and its id.


@dataclass(frozen=True, slots=True)
class Viewing:
    """A company that a member of staff looks at as its administrator sees it, and until when."""

    tenant_id: UUID
    tenant_name: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Shell:
    """Who typed a command on the server: the operating system's user, and on which host. Proven by nothing else."""

    user: str
    host: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, already verified. `tenant_id` is the active tenant, None for staff.

    `permissions` are those of the role (or of a key's scopes) and what was granted besides, as it holds at this moment;
    `scoped` are granted for one thing each. `beyond` names what was granted, for keys of caches: two of one role who
    were granted the same see the same. With `viewing` a member of staff only reads, and only that company.
    `shell` is set of who acts by the command line: the audit names both.
    """

    kind: ActorKind
    permissions: frozenset[Permission]
    role: Role | None = None
    user_id: UUID | None = None
    tenant_id: UUID | None = None
    email: str = ""
    name: str = ""
    session_id: UUID | None = None
    api_key_id: UUID | None = None
    locale: str | None = None
    groups: tuple[str, ...] = field(default=())
    scoped: frozenset[tuple[Permission, Scoped]] = frozenset()
    beyond: str = ""
    viewing: Viewing | None = None
    shell: Shell | None = None

    @property
    def internal(self) -> bool:
        """Whether the actor is the vendor's staff."""
        return self.role is not None and self.role.internal

    def may(self, permission: Permission, *things: Scoped) -> bool:
        """Whether the actor holds the permission: for everything, or for one of these things."""
        return permission in self.permissions or any((permission, thing) in self.scoped for thing in things)
