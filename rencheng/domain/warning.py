"""A warning of one site, and the messages that carry it: Alert, Update, Cancel, in the words of OASIS CAP."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rencheng.domain.level import Level
from rencheng.domain.sign import Sign


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


@dataclass(frozen=True, slots=True)
class Grounds:
    """Why a level changed: the numbers that made it.

    Attributes:
        rule: `observed` (the depth reached the threshold), `predicted` (its rise will) or `receded`.
        device_id: the gauge that decided.
        depth_mm: its depth then.
        rise_mm_per_min: its rate of rise over the last minutes; None without enough samples.
        threshold_mm: the threshold of the level that was reached, expected or left.
        eta_s: seconds until the threshold is expected to be crossed; None unless predicted.
        profile_version: which version of the site's thresholds judged it.
        probability: that the threshold is crossed within the horizon, 0 to 1; None where nobody worked one out.
    """

    rule: str
    device_id: str
    depth_mm: float
    rise_mm_per_min: float | None
    threshold_mm: float
    eta_s: float | None
    profile_version: int
    probability: float | None = None


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
    signs: tuple[Sign, ...] = ()
