"""Forecast when the water crosses each threshold, and how probably."""
