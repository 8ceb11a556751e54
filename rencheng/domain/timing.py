"""Limits of time that several packages share."""

from datetime import timedelta

ALLOWED_LATENESS = timedelta(seconds=120)
"""A reading that arrives this long after it was sampled is on time. Later than that it is late: ingest flags it, quotas
count it as backlog, and the engine no longer waits for it. Source: domain reference 4.3."""
