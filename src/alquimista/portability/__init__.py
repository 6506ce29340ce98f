"""Portability: everything of one tenant, taken out, put back in, or deleted for good.

Owns alquimista_platform.tenant_offboardings. Invariants: which tables belong to a tenant is read from the database's
own catalogue, so that no later table is forgotten; an export is one snapshot; it holds no secret (sealed credentials,
key hashes, passwords), so what needs one is connected anew after a restore; deletion leaves the audit and what tax law
has kept (invoices and payments), and begins no earlier than its waiting period ends.
"""
