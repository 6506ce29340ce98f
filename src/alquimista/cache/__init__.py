"""Cached answers, and the bus over LISTEN/NOTIFY that invalidates them in every process at once. Owns no tables."""
