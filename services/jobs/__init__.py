"""Periodic jobs: one runner and plain functions."""
