"""The database: doors, roles, statements and migrations. Owns no business table; public.migrations is the runner's."""
