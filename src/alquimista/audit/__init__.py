"""Audit: who did what to what, when, from where, and with what result; and the proof that none of it was changed.

Owns alquimista_platform.audit_logs, audit_personal, audit_unsealed, audit_seals and audit_heads. Invariants:
- append only, by grants and by triggers; written in the transaction of the act itself, so that neither exists without
  the other; no secret is ever written;
- an entry, its personal part and its line in the queue come into being in one statement, and the line goes in the
  transaction that seals the entry;
- a tenant's seals are numbered from 1 without a gap, each tied to the one before by its hash (models/chain.py);
- what names a person may be emptied by an erasure, once, which is itself an entry, above what it emptied; its sealed
  content tells which parts those are (models/erasing.py); the chain stays valid.
"""
