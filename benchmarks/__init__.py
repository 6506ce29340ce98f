"""Benchmarks beside the peers and the machine's limits: `make bench`; docs/benchmarks.md tells their method."""
