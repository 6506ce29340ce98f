"""Types and pure rules of the orchestrator."""
