"""The only SQL on integrations: what is stored (integrations) and consents under way (authorizations)."""
