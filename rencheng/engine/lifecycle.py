"""From level changes to messages: the first is an Alert, later ones are Updates, the last is a Cancel."""

import dataclasses
from datetime import UTC, datetime

from msgspec import Struct

from rencheng.domain.level import Level
from rencheng.domain.site import Site
from rencheng.domain.warning import Certainty, Grounds, MessageType, WarningMessage, WarningRule
from rencheng.domain.waterworks import NO_WATERWORKS, Waterworks
from rencheng.engine.arrival import Transit
from rencheng.engine.evaluate import LevelChange

EVEN_ODDS = 0.5
"""CAP 1.2: Likely is more probable than not."""


class OpenWarning(Struct, frozen=True):
    """A warning in force: its identifier, and (identifier, issued_at) of each of its messages."""

    warning_id: str
    sent: tuple[tuple[str, datetime], ...]


def _with_waterworks(change: LevelChange, works: Waterworks) -> LevelChange:
    """Return a change whose grounds name the pumps of the site, and the high water that is forecast."""
    at_s = change.at.timestamp()
    tide, pumps = works.high_water(at_s), tuple((name, state.value) for name, state in works.pumps_at(at_s))
    grounds = dataclasses.replace(change.grounds, pumps=pumps)
    if tide is not None:
        grounds = dataclasses.replace(grounds, usual_mm=round(tide.depth_mm), tide_s=float(round(tide.at_s - at_s)))
    return dataclasses.replace(change, grounds=grounds)


def by_our_clock(
    change: LevelChange, now: datetime, arrival: Transit, works: Waterworks = NO_WATERWORKS
) -> LevelChange:
    """Return a change with a time of our clock: the device's, unless that is in the future or late.

    Its grounds name the pumps and the tide of the site.
    """
    change = dataclasses.replace(change, at=now) if arrival.is_late or change.at > now else change
    return change if works is NO_WATERWORKS else _with_waterworks(change, works)


def advance(
    open_warning: OpenWarning | None, site: Site, change: LevelChange
) -> tuple[OpenWarning | None, WarningMessage]:
    """Return the open warning after a level change (None once it has ended), and the message of the change.

    Identifiers follow from site, time and sequence alone, so that a message sent again after a crash is the same one.
    """
    at = change.at.astimezone(UTC).replace(microsecond=0)
    warning_id = open_warning.warning_id if open_warning else f"{site.site_id}-{at:%Y%m%dT%H%M%SZ}"
    sent = open_warning.sent if open_warning else ()
    at = max([at, *(sent_at for _, sent_at in sent[-1:])])
    ends = change.after is Level.NONE
    message = WarningMessage(
        identifier=f"{warning_id}-{len(sent) + 1}",
        warning_id=warning_id,
        sequence=len(sent) + 1,
        message_type=MessageType.CANCEL if ends else MessageType.UPDATE if sent else MessageType.ALERT,
        site_id=site.site_id,
        level=change.before if ends else change.after,
        certainty=_certainty(change.grounds),
        issued_at=at,
        world=site.world,
        grounds=change.grounds,
        references=sent,
    )
    still_open = OpenWarning(warning_id=warning_id, sent=(*sent, (message.identifier, at)))
    return (None if ends else still_open), message


def _certainty(grounds: Grounds) -> Certainty:
    """Return Observed for a measured depth. A forecast is Likely with more than even odds (CAP), else Possible.

    Rain is measured, but the water that it may bring is not, so rain alone is Possible. So is a manhole alone.
    """
    if grounds.rule in {WarningRule.RAINED, WarningRule.OVERFLOWS} or grounds.is_unconfirmed:
        return Certainty.POSSIBLE
    if grounds.rule in {WarningRule.RENEWED, WarningRule.LOST_TRUST}:
        return Certainty.POSSIBLE if grounds.depth_mm is None else Certainty.LIKELY
    if grounds.rule is not WarningRule.PREDICTED:
        return Certainty.OBSERVED
    return Certainty.LIKELY if grounds.probability is None or grounds.probability > EVEN_ODDS else Certainty.POSSIBLE
