"""The record of one site, and an evaluation that proposes a new one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, cast

from msgspec import Struct, to_builtins

from rencheng.domain.device import ACTUAL
from rencheng.domain.no_data import NoDataReason
from rencheng.domain.reading import WaterReading
from rencheng.domain.warning import SiteNotice, WarningMessage
from rencheng.engine import kept_record
from rencheng.engine.lifecycle import OpenWarning
from rencheng.engine.reorder_buffer import PendingReading
from rencheng.engine.staleness import NoData, no_data, no_data_by_gauge, no_data_from, no_data_reason
from rencheng.engine.state import SiteState


class SiteRecord(Struct, frozen=True, gc=False):
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

    @property
    def no_data_from(self) -> datetime | None:
        """The moment from which the site has no data if no more arrives; None if it has never reported."""
        return no_data_from(self.state)

    @property
    def no_data_reason(self) -> NoDataReason:
        """The reason why it has no data from then on."""
        return no_data_reason(self.state)

    @property
    def no_data_lag_s(self) -> float | None:
        """How late its newest reading arrived; None unless the reason is `late`."""
        return no_data(self.state).lag_s

    @property
    def no_data_by_gauge(self) -> Mapping[str, NoData]:
        """The same of each gauge that has reported."""
        return no_data_by_gauge(self.state)

    def to_json(self) -> dict[str, object]:
        """Return plain JSON values; `from_json` gives an equal record back."""
        return cast("dict[str, object]", to_builtins(self, str_keys=True))

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "SiteRecord":
        """Return the record that was kept, in the form of this release or of the one before."""
        return kept_record.from_json(kept, cls)


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
