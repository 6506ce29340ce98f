"""The thin framework: one declared route table, from which routing, parsing, checks, caching and OpenAPI are derived.

Owns alquimista_platform.rate_limit_windows. Invariants: every answer carries the security headers; every failure leaves
through one door as a problem document; a request is parsed, authenticated and limited before its handler sees it.
"""
