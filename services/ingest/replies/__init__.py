"""Replies to devices: collect them, and publish them at a bounded rate."""
