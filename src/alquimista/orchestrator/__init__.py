"""Fibonacci: the outbox of events, their delivery and replay, and traces as trees of spans."""
