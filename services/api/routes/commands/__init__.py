"""Devices that take commands, and commands."""
