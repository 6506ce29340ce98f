"""Incidents: what went wrong for a tenant, from its opening to its resolution.

Owns alquimista_platform.incidents. Invariant: at most one open incident for each (tenant_id, dedupe_key), so that a
condition which persists does not open a second one.
"""
