"""Outbound webhooks: what tenants are told over HTTP, signed, retried and logged."""
