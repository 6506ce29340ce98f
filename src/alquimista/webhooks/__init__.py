"""Outbound webhooks: what companies are told over HTTP, signed, retried and logged.

Owns alquimista_platform.webhook_endpoints, webhook_deliveries and webhook_attempts. Invariants: a delivery is committed
with the event that it tells, once for each endpoint; its row says what is to be done, a job only wakes a worker up, so
that a crash leads to another try and never to a lost one; no transaction is open while a request is out; secrets are
stored sealed and shown once; nothing is sent to an address that is not public, unless the installation says so.
"""
