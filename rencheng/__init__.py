"""Rencheng 韧城: telemetry from the street to a warning in a dispatcher's hands."""
