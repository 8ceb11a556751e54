"""Quarantine: read, correct and replay."""
