"""Calls: people, rosters and policies."""
