"""Backups of the whole database, and proof that a restored one is equal."""
