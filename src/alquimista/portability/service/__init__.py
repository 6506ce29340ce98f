"""Use cases of portability."""
