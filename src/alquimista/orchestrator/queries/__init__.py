"""The only SQL on events, their deliveries, and the orchestrator's spans."""
