"""All tables together, for whoever compares or migrates the whole."""

from rencheng.store import ledger, upkeep_tables, weather_tables

metadata = ledger.metadata

FILES = (ledger, upkeep_tables, weather_tables)
"""Imported, and so known to `metadata`."""
