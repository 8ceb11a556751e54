"""Dispatch messages to partition workers by device, and acknowledge them in order."""
