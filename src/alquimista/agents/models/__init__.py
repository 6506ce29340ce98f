"""Agents of the catalogue and of tenants (agents), and what an agent is and may do (definitions)."""
