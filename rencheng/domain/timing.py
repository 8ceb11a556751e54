"""Limits of time that several packages share."""

from datetime import timedelta

ALLOWED_LATENESS = timedelta(seconds=120)
"""A reading that arrives later than this after its sample time is late: ingest flags it, quotas count it as backlog,
and the engine does not wait for it. Source: domain reference 4.3."""

EVALUATED_LATENESS = timedelta(minutes=30)
"""A reading that is later than this is not evaluated. Until then it is, unless its gauge has a newer one: a gauge that
sends what it measured each half hour counts. Proposal: a flood lasts longer."""
