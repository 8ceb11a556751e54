"""A warning of one site, and the messages that carry it: Alert, Update, Cancel, in the words of OASIS CAP."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rencheng.domain.device import ACTUAL
from rencheng.domain.evidence import Evidence
from rencheng.domain.level import Level


class MessageType(StrEnum):
    """CAP msgType: the first message, each later one, and the last."""

    ALERT = "Alert"
    UPDATE = "Update"
    CANCEL = "Cancel"


class Certainty(StrEnum):
    """CAP certainty: seen, or expected with more than even odds, or with less."""

    OBSERVED = "Observed"
    LIKELY = "Likely"
    POSSIBLE = "Possible"


class WarningRule(StrEnum):
    """Which rule set the level of a warning."""

    OBSERVED = "observed"
    """The depth reached the threshold."""
    PREDICTED = "predicted"
    """The depth will probably reach the threshold."""
    RAINED = "rained"
    """Rainfall alone reached its threshold."""
    RECEDED = "receded"
    """The depth fell below the threshold."""


class ArmedBy(StrEnum):
    """What had put a site on the alert."""

    NOTHING = ""
    RAIN = "rain"
    """What fell on it."""
    WEATHER = "weather"
    """An official rain signal, or a forecast."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """Why a level changed: the numbers that made it.

    Attributes:
        rule: `observed` (the depth reached the threshold), `predicted` (it probably will), `rained` (rain alone speaks
            for it) or `receded`.
        device_id: the gauge that decided; the rain gauge, if it rained.
        depth_mm: the water at the lowest point then; None if nobody could see it.
        rise_mm_per_min: its rate of rise over the last ten minutes; None without enough samples.
        threshold_mm: the threshold of the level that was reached, expected or left.
        eta_s: seconds until half of such crossings have come; None unless predicted.
        profile_version: which version of the site's thresholds judged it.
        probability: that the threshold is crossed within half an hour, 0 to 1; None where nobody worked one out.
        within: that within 5, 10, 15 and 30 minutes; empty unless predicted.
        soonest_s, latest_s: between these eight of ten such crossings come; None unless predicted.
        judged_by: the version of the model that foretold it, or `rate-of-rise`; empty unless predicted.
        because: what moved the probability most: feature and change of the log-odds.
        witnesses: the gauges that were looked at.
        rain_quarter_mm, rain_hour_mm: what fell in the last quarter and in the last hour; None unless it rained.
        stirred: at how many other sites of the region water rose lately as only a cloudburst lifts it; None where that
            is not known, or was not asked.
        armed_by: what the level would not have been foretold without yet; empty where it would.
        armed_by_whom: the rain signal or forecast.
    """

    rule: WarningRule
    device_id: str
    depth_mm: float | None
    rise_mm_per_min: float | None
    threshold_mm: float
    eta_s: float | None
    profile_version: int
    probability: float | None = None
    earliest_s: float | None = None
    latest_s: float | None = None
    judged_by: str = ""
    attribution: tuple[tuple[str, float], ...] = ()
    gauges: tuple[str, ...] = ()
    rain_quarter_mm: float | None = None
    rain_hour_mm: float | None = None
    within: tuple[float, ...] = ()
    armed_by: ArmedBy = ArmedBy.NOTHING
    armed_by_source: str = ""
    rapid_rises_nearby: int | None = None


@dataclass(frozen=True, slots=True)
class WarningMessage:
    """One message of a warning, before it is given any outer form.

    Attributes:
        identifier: unique among all our messages; the same message sent again carries the same one.
        warning_id: shared by the Alert, the Updates and the Cancel of one warning.
        sequence: 1 for the Alert, then 2, 3, …
        level: the level now; on Cancel, the level that ended.
        issued_at: the world's now when the engine decided, whole seconds, with offset.
        world: `actual`, or the name of the exercise that it belongs to.
        signs: what signals and piles around the site told then; it made no difference to the level.
        references: (identifier, issued_at) of every earlier message of this warning.
    """

    identifier: str
    warning_id: str
    sequence: int
    message_type: MessageType
    site_id: str
    level: Level
    certainty: Certainty
    issued_at: datetime
    world: str
    grounds: Grounds
    references: tuple[tuple[str, datetime], ...] = ()
    evidence: tuple[Evidence, ...] = ()

    @property
    def ends_warning(self) -> bool:
        """Whether this message ends its warning."""
        return self.message_type is MessageType.CANCEL

    @property
    def is_exercise(self) -> bool:
        """Whether nobody is in danger: every world but `actual` is an exercise."""
        return self.world != ACTUAL


class SiteNoticeKind(StrEnum):
    """What is said of a site that is no warning of water."""

    MONITORING_LOST = "monitoring_lost"
    """Nobody can see the water there: every gauge is silent, or not to be believed."""
    MONITORING_RESTORED = "monitoring_restored"
    """A gauge that may be believed speaks again."""


@dataclass(frozen=True, slots=True)
class SiteNotice:
    """That a site cannot be seen, or can again. It is no warning, and changes none.

    Attributes:
        issued_at: the world's now when it was noticed, with offset.
        level: how urgent it is: that of the warning in force, else yellow in rain, else blue.
        gauges: by gauge why it does not tell: a `NoDataReason`, or `reporting`.
    """

    kind: SiteNoticeKind
    site_id: str
    world: str
    issued_at: datetime
    level: Level
    gauges: tuple[tuple[str, str], ...]
