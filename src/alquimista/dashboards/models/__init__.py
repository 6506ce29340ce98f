"""Shapes: of figures, of what tenants read (client), of the staff's page (company) and endpoints (staff)."""
