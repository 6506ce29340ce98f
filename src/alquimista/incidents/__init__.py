"""Incidents: what went wrong for a tenant or the platform, from its opening to its end, and what was done about it.

Owns alquimista_platform.incidents, incident_tenants and incident_events. Invariants: at most one open incident for each
(tenant_id, dedupe_key), so that a condition which persists does not open a second one; it goes from open over
acknowledged to resolved and never back; each of its steps is one row of its timeline, which never changes; a tenant
reads no row but its own, and nothing internal. See docs/incidents.md.
"""
