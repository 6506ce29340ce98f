"""Observability: structured logs without personal data, and metrics that add up over the processes.

Owns no table. Invariants: every log line passes `masking`; a counter never goes down while `alquimista up` runs.
"""
