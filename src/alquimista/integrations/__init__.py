"""Integrations: a tenant's connections to outside services, tried before they are stored and tested while they live.

Owns alquimista_platform.tenant_integrations and integration_authorizations. Invariants: credentials are sealed with
AES-256-GCM before they reach the database, bound to their row, and never leave this room; the key's id is stored beside
them, so that keys can rotate; pending and inactive integrations have none. No transaction is open while a service is
called. A test's result is kept only for the generation that it was begun for. A consent is used once, by the session
that began it.
"""
