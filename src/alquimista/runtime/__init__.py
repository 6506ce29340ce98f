"""The embedded runtime: what `alquimista up` starts, watches and stops.

`datadir` owns the data directory, `embedded` the bundled PostgreSQL, `listener` the web port, `supervisor` the child
processes. Nothing here knows what the children do.
"""
