"""The facts of run logs: entities, their identities and their tables."""
