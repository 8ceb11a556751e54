"""Readings from the broker and, after a gap, from the database."""
