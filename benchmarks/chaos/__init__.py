"""Chaos: workers, database and broker end again and again under load, and afterwards every key is looked for."""
