"""All tables together, for whoever compares or migrates the whole."""

from rencheng.store import ledger, quality_tables, storm_tables, upkeep_tables, weather_tables

metadata = ledger.metadata

FILES = (ledger, quality_tables, storm_tables, upkeep_tables, weather_tables)
"""Imported, and so known to `metadata`."""
