"""Mutes: silences and maintenance windows, read and write."""
