"""From the outbox to the world. It meets the engine in a table, never in an import."""
