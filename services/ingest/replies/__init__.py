"""Replies to devices: collect pending receipts, publish them."""
