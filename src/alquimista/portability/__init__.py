"""Portability: everything of one tenant, taken out, put back in, or deleted for good."""
