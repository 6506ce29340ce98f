"""Pages: thin handlers that call services and fill templates."""
