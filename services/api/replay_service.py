"""Replays requested over the API, on connections of their own with the staging table for writing readings."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from rencheng.devices.onboarding import OnboardingResult, onboard_devices
from rencheng.domain.device import Device
from rencheng.intake import IntakeResult
from rencheng.replay.attempt import Fix, IntakeLimits, attempt
from rencheng.replay.ledger import ReplayOutcome
from rencheng.replay.run import ReplaySummary, replay, replay_matching
from rencheng.store.core.database import open_database, translate_errors
from rencheng.store.quarantine.log import QuarantineFilters
from rencheng.store.quarantine.replay import QuarantineEntry
from rencheng.store.readings.merge import create_staging_on_connect


class ReplayService:
    """Replays and onboarding. Only one replay runs at a time (`lock_worker`), so two connections are enough."""

    def __init__(self, url: str, limits: IntakeLimits) -> None:
        self._engine = open_database(url, name="rencheng-replay", connections_max=2)
        self._limits = limits
        create_staging_on_connect(self._engine)

    def attempt(self, entry: QuarantineEntry, directory: Mapping[str, Device], fix: Fix | None = None) -> IntakeResult:
        """Return what intake would decide about the entry today."""
        return attempt(entry, directory, self._limits, fix, now=datetime.now(UTC))

    def replay_one(self, quarantine_id: int, *, actor: str, fix: Fix | None) -> ReplayOutcome | None:
        """Replay one entry. Return None if the entry is not open.

        Raises:
            StoreUnavailable: the database is away.
        """
        with translate_errors():
            outcomes = replay(self._engine, [quarantine_id], limits=self._limits, actor=actor, fix=fix)
        return outcomes[0] if outcomes else None

    def replay_matching(self, filters: QuarantineFilters, *, actor: str, after: int, limit: int) -> ReplaySummary:
        """Replay one page of the open entries that match the filters.

        Raises:
            StoreUnavailable: the database is away.
        """
        return replay_matching(self._engine, filters, limits=self._limits, actor=actor, after=after, limit=limit)

    def onboard(self, device_id: str, given: Mapping[str, Any], *, actor: str) -> OnboardingResult:
        """Onboard a pending device, and replay its messages.

        Raises:
            NotPossible: the device is not pending, or its data is invalid.
            StoreUnavailable: the database is away.
        """
        return onboard_devices(self._engine, [device_id], given, limits=self._limits, actor=actor)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()
