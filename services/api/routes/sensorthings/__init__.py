"""OGC SensorThings 1.1, read-only."""
