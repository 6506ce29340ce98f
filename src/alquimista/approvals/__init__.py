"""Approvals: acts that wait for one or two other people to agree."""
