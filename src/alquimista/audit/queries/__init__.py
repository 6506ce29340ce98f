"""The only SQL on the audit's tables."""
