"""Identity's routes."""

from alquimista.http.routes import Route
from alquimista.identity.api import (
    accounts,
    api_keys,
    company,
    grants,
    invitations,
    members,
    oidc,
    passwords,
    sessions,
    tenants,
    tokens,
    totp,
    viewing,
)

ROUTES: tuple[Route, ...] = (
    *tokens.ROUTES,
    *sessions.ROUTES,
    *passwords.ROUTES,
    *accounts.ROUTES,
    *totp.ROUTES,
    *members.ROUTES,
    *invitations.ROUTES,
    *api_keys.ROUTES,
    *grants.ROUTES,
    *viewing.ROUTES,
    *oidc.ROUTES,
    *tenants.ROUTES,
    *company.ROUTES,
)
