"""Types and pure rules of webhooks."""
