"""Bytes to readings and back, one file a format."""
