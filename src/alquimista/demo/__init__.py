"""Demo data for `alquimista up --demo`: deterministic, marked as demo, and written through the rooms' own services.

Owns no table. Companies carry `demo = true` and the suffix "(demo)"; their traffic goes through the same ingest, jobs
and rollups as real traffic.
"""
