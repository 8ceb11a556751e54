"""Devices: read, write, pending devices."""
