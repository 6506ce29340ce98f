"""Metering and aggregation: what agents did, counted once, and its sums.

Owns alquimista_platform.agent_requests, event_keys, usage_deltas, usage_hourly, tenant_usage_daily, usage_versions,
usage_closed_days, usage_zone_changes and usage_spans. Invariants:

- An event is acknowledged only after its commit, and counts once: its key, its row and its sums commit together.
- At every snapshot raw = deltas + hourly = deltas + daily, for every hour or day whose raw events are kept. A folder
  only moves sums from deltas to rollups, so it needs no lock, and it may run late, twice or beside another.
- A correction is computed in one snapshot as raw - deltas - rollup and added to the rollup; only corrections of one
  tenant exclude each other.
- Rollups hold sums. A rate, a mean or a percentile is computed from the sums of its own period, last.
"""
