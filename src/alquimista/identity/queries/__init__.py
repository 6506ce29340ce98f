"""The only SQL on identity's tables."""
