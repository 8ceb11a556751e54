"""Replays on behalf of who asks, on connections that have what writing readings needs."""

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


class Replayer:
    """One replay at a time is the rule (`take_turn`), so a few connections are plenty."""

    def __init__(self, url: str, limits: IntakeLimits) -> None:
        self._engine = open_database(url, name="rencheng-replay", connections_max=2)
        self._limits = limits
        create_staging_on_connect(self._engine)

    def attempt(self, entry: QuarantineEntry, directory: Mapping[str, Device], fix: Fix | None = None) -> IntakeResult:
        """What intake would say today."""
        return attempt(entry, directory, self._limits, fix, now=datetime.now(UTC))

    def one(self, quarantine_id: int, *, actor: str, fix: Fix | None) -> ReplayOutcome | None:
        """Replay one entry; None if it is not open.

        Raises:
            StoreUnavailable: the database is away.
        """
        with translate_errors():
            outcomes = replay(self._engine, [quarantine_id], limits=self._limits, actor=actor, fix=fix)
        return outcomes[0] if outcomes else None

    def matching(self, filters: QuarantineFilters, *, actor: str, after: int, limit: int) -> ReplaySummary:
        """Replay the open entries that are meant, a page of them.

        Raises:
            StoreUnavailable: the database is away.
        """
        return replay_matching(self._engine, filters, limits=self._limits, actor=actor, after=after, limit=limit)

    def admit(self, device_id: str, given: Mapping[str, Any], *, actor: str) -> OnboardingResult:
        """Let a pending device in, and replay what it sent.

        Raises:
            NotPossible: it is not pending, or cannot be so.
            StoreUnavailable: the database is away.
        """
        return onboard_devices(self._engine, [device_id], given, limits=self._limits, actor=actor)

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()
