"""Authenticate API keys and check their scopes."""
