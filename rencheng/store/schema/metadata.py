"""All tables together, for whoever compares or migrates the whole."""

from rencheng.store.schema import account_tables, quality_tables, suppression_tables, upkeep_tables, weather_tables

metadata = account_tables.metadata

FILES = (account_tables, quality_tables, suppression_tables, upkeep_tables, weather_tables)
"""Imported, and so known to `metadata`."""
