"""Distribute messages to partitions by device, and acknowledge them in order."""
