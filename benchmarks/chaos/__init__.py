"""Chaos: ingest, database and broker are killed and restarted under load; then every key is audited."""
