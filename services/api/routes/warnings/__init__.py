"""Warnings: read, stream live, and feed as Atom."""
