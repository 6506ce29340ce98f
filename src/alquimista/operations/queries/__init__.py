"""The only SQL on alquimista_platform.operational_commands."""
