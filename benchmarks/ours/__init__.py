"""Our application, started in ways that only a benchmark wants."""
