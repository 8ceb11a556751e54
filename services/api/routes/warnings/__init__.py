"""Warnings: read, stream, feed."""
