"""Decode payloads to readings and encode readings, one module or package for each format."""
