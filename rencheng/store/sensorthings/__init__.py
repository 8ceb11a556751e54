"""OGC SensorThings 1.1 over the registry and the readings: entity sets, queries, and their SQL."""
