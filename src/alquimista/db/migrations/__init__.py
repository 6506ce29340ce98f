"""The migrations pipeline and its NNN_name.sql files.

Owns public.migrations (see ledger.py). Runs as alquimista_owner, on PostgreSQL 15 to 18, without extensions.
"""
