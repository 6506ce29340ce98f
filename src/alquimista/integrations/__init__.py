"""Integrations: a tenant's connections to outside services.

Owns alquimista_platform.tenant_integrations. Invariants: credentials are sealed with AES-256-GCM before they reach the
database, bound to their row, and never leave this room; the key's id is stored beside them, so that keys can rotate.
"""
