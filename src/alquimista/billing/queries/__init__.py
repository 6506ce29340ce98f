"""The only SQL of billing."""
