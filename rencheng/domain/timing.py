"""Limits of time that several packages share."""

from datetime import timedelta

ALLOWED_LATENESS = timedelta(seconds=120)
"""A reading that arrives later than this after its sample time is late: ingest flags it, quotas count it as backlog,
and the engine does not wait for it. Source: domain reference 4.3."""
