"""Audit: who did what to what, when, from where, and with what result.

Owns alquimista_platform.audit_logs. Invariants: append only, by grants and by a trigger; written in the transaction of
the act itself, so that neither exists without the other; no secret is ever written.
"""
