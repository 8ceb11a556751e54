"""The record of one site, and an evaluation that proposes a new one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, Self

from rencheng.domain.device import ACTUAL
from rencheng.domain.reading import WaterReading
from rencheng.domain.warning import SiteNotice, WarningMessage
from rencheng.engine.lifecycle import OpenWarning
from rencheng.engine.reorder_buffer import PendingReading
from rencheng.engine.state import SiteState


class SiteRecord(NamedTuple):
    """A site's state and open warning in one world, and the readings that are not evaluated yet."""

    world: str = ACTUAL
    state: SiteState = SiteState()
    open_warning: OpenWarning | None = None
    pending: tuple[PendingReading, ...] = ()

    @property
    def processed_until(self) -> datetime | None:
        """The newest event time of the site's readings; None before the first."""
        times = [*(one.at for one in self.pending), *([self.state.watermark] if self.state.watermark else [])]
        return max(times, default=None)

    def to_json(self) -> dict[str, object]:
        """Return plain JSON values; `from_json` gives an equal record back."""
        open_warning = self.open_warning.to_json() if self.open_warning else None
        pending = [one.to_json() for one in self.pending]
        return {"world": self.world, "state": self.state.to_json(), "standing": open_warning, "waiting": pending}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """Return the record that was kept."""
        open_warning = OpenWarning.from_json(kept["standing"]) if kept["standing"] else None
        pending = tuple(PendingReading.from_json(one) for one in kept.get("waiting", ()))
        return cls(kept["world"], SiteState.from_json(kept["state"]), open_warning, pending)


class Evaluation(NamedTuple):
    """The result of one reading at one site. Nothing of it counts before `Evaluator.commit`.

    Attributes:
        site_id: the site.
        record: its record from then on.
        message: of its warning; None if its level did not change.
        notice: that its monitoring is lost or restored; None if neither.
        reading: the reading that was evaluated; None if the time alone led to a notice.
    """

    site_id: str
    record: SiteRecord
    message: WarningMessage | None = None
    notice: SiteNotice | None = None
    reading: WaterReading | None = None
