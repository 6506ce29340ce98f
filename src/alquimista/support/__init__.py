"""Support: tickets that a tenant opens and staff answer."""
