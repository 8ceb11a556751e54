"""Connections, transactions, and the errors of the database."""
