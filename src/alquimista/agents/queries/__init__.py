"""The only SQL on the catalogue's agents (catalogue), on tenant_agents (tenants) and on their settings (settings)."""
