"""Benchmarks beside the peers and the machine's limits; `make bench` runs them, docs/benchmarks.md tells their method."""
