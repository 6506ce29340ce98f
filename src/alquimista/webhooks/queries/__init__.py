"""The only SQL on webhooks."""
