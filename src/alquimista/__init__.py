"""Alquimista: a self-hosted, multi-tenant operations platform for companies that sell AI agents."""

__version__ = "0.1.0"
