"""Delivery: subscribers, their contact methods, and what became of each message."""
