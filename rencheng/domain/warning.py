"""A warning of one site and its messages: Alert, Update and Cancel, in the terms of OASIS CAP."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from rencheng.domain.device import ACTUAL
from rencheng.domain.doubt import DoubtReport
from rencheng.domain.evidence import Evidence
from rencheng.domain.level import Level


class MessageType(StrEnum):
    """CAP's msgType: the first message of a warning, each later one, and the last."""

    ALERT = "Alert"
    UPDATE = "Update"
    CANCEL = "Cancel"


class Certainty(StrEnum):
    """CAP's certainty: observed, or forecast with a probability above one half, or below."""

    OBSERVED = "Observed"
    LIKELY = "Likely"
    POSSIBLE = "Possible"


class WarningRule(StrEnum):
    """The rule that set the level of a warning."""

    OBSERVED = "observed"
    """The depth reached the threshold."""
    PREDICTED = "predicted"
    """The depth will probably reach the threshold."""
    RAINED = "rained"
    """Rain alone reached its threshold."""
    OVERFLOWS = "overflows"
    """Water comes out of a manhole of the site, and no gauge measures its depth."""
    RECEDED = "receded"
    """The depth fell below the threshold."""
    RAIN_ENDED = "rain_ended"
    """The rain that held the warning has no effect any more."""
    RENEWED = "renewed"
    """The warning goes on, and its message would end by itself."""
    LOST_TRUST = "lost_trust"
    """The warning goes on, and its last gauge is at fault."""


class ArmedBy(StrEnum):
    """The cause of a site's heightened readiness."""

    NOTHING = ""
    RAIN = "rain"
    """Rain at the site."""
    OVERFLOW = "overflow"
    """Water comes out of a manhole of the site."""
    SURCHARGE = "surcharge"
    """The sewer of the site is full: the level in a manhole is above its crown."""
    PUMP = "pump"
    """A pump of the site has failed, and there is rain or water."""
    UPSTREAM = "upstream"
    """Water rose upstream, and may arrive."""
    WEATHER = "weather"
    """An official rain signal, or a rain forecast."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """The numbers behind a change of level.

    Attributes:
        rule: the rule that set the level.
        device_id: the gauge whose reading decided; the rain gauge for rule `rained`.
        depth_mm: the depth at the lowest point, never below 0; None without data.
        rise_mm_per_min: its rate of rise over the last ten minutes; None without enough samples.
        threshold_mm: the threshold of the level that was reached, predicted or left.
        eta_s: the median time until the threshold is crossed; None unless predicted.
        profile_version: the version of the site's thresholds.
        probability: of crossing the threshold within half an hour, 0 to 1; None if it was not computed.
        within: the probability of crossing it within 5, 10, 15 and 30 minutes; empty unless predicted.
        earliest_s, latest_s: the 10th and 90th percentile of the time until it is crossed, so that 80 % of crossings
            come between them; None unless predicted.
        judged_by: the version of the forecast model, or `rate-of-rise`; empty unless predicted.
        attribution: the features that changed the probability most, with their change of the log-odds.
        gauges: the gauges that were used.
        rain_quarter_mm, rain_hour_mm: the rain of the last 15 minutes and of the last hour; None unless it rained.
        rain_storms, rain_floods: the storms of its own from which the site's response to rain is learned, and in how
            many of them the water reached the threshold; None unless rain alone raised the level.
        rain_window_s, rain_critical_mm: how much rain within which time raises the water to the threshold every second
            time, as far as is known; likewise.
        rapid_rises_nearby: the number of other sites around it with a recent rapid rise; None if it is unknown or
            was not needed.
        armed_by: the heightened readiness without which the level would not be predicted yet; empty if it would be.
        armed_by_source: the rain signal, forecast or gauge behind it.
        jump_evidence: the evidence by which a depth that jumped is water, with its log-odds; empty without a jump.
        is_unconfirmed: the depth is the first sample of a jump, which the next one confirms or refutes.
        age_s: how old the reading was when it arrived, if it was late; None otherwise.
        confirmed_by: the person who confirmed on site what the gauge reported; empty if none did.
        gauge_mm: the reading of the gauge that decided; not `depth_mm` where it hangs higher or lower.
        horizon_s: the time within which the probability counts; None unless predicted.
        usual_mm: how deep the tide usually becomes at the lowest point, by its table or its past; None if the water is
            no known tide.
        pumps: the pumps of the site with their states, as reported.
        tide_s: how long after the message the high water of the tide table comes, below 0 before it; None without one.
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
    rain_storms: int | None = None
    rain_floods: int | None = None
    rain_window_s: float | None = None
    rain_critical_mm: float | None = None
    within: tuple[float, ...] = ()
    armed_by: ArmedBy = ArmedBy.NOTHING
    armed_by_source: str = ""
    rapid_rises_nearby: int | None = None
    is_unconfirmed: bool = False
    confirmed_by: str = ""
    age_s: float | None = None
    gauge_mm: float | None = None
    horizon_s: float | None = None
    usual_mm: float | None = None
    jump_evidence: tuple[tuple[str, float], ...] = ()
    pumps: tuple[tuple[str, str], ...] = ()
    tide_s: float | None = None


@dataclass(frozen=True, slots=True)
class WarningMessage:
    """One message of a warning, before it is rendered.

    Attributes:
        identifier: unique among all messages of the platform; a repetition has the same one.
        warning_id: shared by the Alert, the Updates and the Cancel of one warning.
        sequence: 1 for the Alert, then 2, 3, …
        level: the new level; on Cancel, the level that ended.
        issued_at: the time of the decision in the world of the site, in whole seconds, with offset.
        world: `actual`, or the name of an exercise.
        evidence: of nearby signals and chargers, as of the message; a depth that jumps is weighed by it.
        references: identifier and issued_at of every earlier message of this warning.
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
        """Return whether this message ends its warning."""
        return self.message_type is MessageType.CANCEL

    @property
    def is_exercise(self) -> bool:
        """Return whether the message belongs to an exercise: any world except `actual`."""
        return self.world != ACTUAL


class SiteNoticeKind(StrEnum):
    """The kind of a notice about the monitoring of a site."""

    MONITORING_LOST = "monitoring_lost"
    """Every depth gauge of the site is silent or faulty."""
    MONITORING_RESTORED = "monitoring_restored"
    """A gauge without a fault reports again."""
    DOUBTFUL = "doubtful"
    """A gauge reports water that is not proven yet: somebody must look."""
    DOUBT_SETTLED = "doubt_settled"
    """The water was proven, the gauge reports none any more, or a person looked."""


@dataclass(frozen=True, slots=True)
class SiteNotice:
    """A notice about the gauges of a site: lost, restored, or reporting what is not proven. It changes no warning.

    Attributes:
        issued_at: the time of the decision in the world of the site, with offset.
        level: the urgency: the level of the warning in force; without one, yellow in rain and blue otherwise. Of a
            doubt, the level whose threshold the depth reaches.
        gauges: each gauge with its `NoDataReason`, or `reporting`.
        lags_s: of each gauge whose readings arrive too late, how late.
        doubt: what is doubtful, and how it was settled; None for the other kinds.
        depth_mm: the wet reading of a gauge whose monitoring is restored; None otherwise.
    """

    kind: SiteNoticeKind
    site_id: str
    world: str
    issued_at: datetime
    level: Level
    gauges: tuple[tuple[str, str], ...]
    lags_s: tuple[tuple[str, float], ...] = field(default=(), compare=False)
    doubt: DoubtReport | None = None
    depth_mm: float | None = None

    @property
    def is_exercise(self) -> bool:
        """Whether it is about an exercise."""
        return self.world != ACTUAL
