"""Fibonacci: the outbox of events, their delivery and replay, and traces as trees of spans.

Owns fibonacci_core.events, event_deliveries and metrics, and the spans of its own work in fibonacci_core.traces (usage
writes those that agents send). Invariants: an event is committed with what it tells; each of its consumers gets it at
least once, with its own row, or the row says why not; no consumer gets an event that it published; no chain of events
grows beyond models.events.MOST_HOPS.
"""
