"""Stored readings by time bucket, from raw rows and from rollups."""
