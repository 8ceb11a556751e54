"""Aggregates by minute, hour and day, kept equal to the readings."""
